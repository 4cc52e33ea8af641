/** Words into nodes: never HTML, and links only where they say where they lead. */

const LINK = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;

/** @param {string} body @returns {Node[]} */
export function withLinks(body) {
  const nodes = [];
  let from = 0;
  for (const match of body.matchAll(LINK)) {
    nodes.push(document.createTextNode(body.slice(from, match.index)), link(match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(body.slice(from)));
  return nodes;
}

/** @param {string} url */
function link(url) {
  if (!URL.canParse(url)) return document.createTextNode(url);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow ugc";
  anchor.textContent = url;
  return anchor;
}

/** Fill braces in. @param {string} text @param {Record<string, string|number>} values */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {string} id of a template in the page */
export function cloned(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}
