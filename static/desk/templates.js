/** Templates: which may be sent, and how one reads with its values in. The rules are those of `conversations/core/templates.py`. */

/** @typedef {import("./protocol.js").Button} Button */
/**
 * @typedef {object} Template
 * @property {string} sid
 * @property {string} name
 * @property {string} language
 * @property {string} category
 * @property {string} body
 * @property {string} footer
 * @property {Button[]} buttons
 * @property {string[]} media
 * @property {string[]} variables  names of the values, in their order
 * @property {Record<string, string>} samples
 */
/** @typedef {{templates: Template[], has_more: boolean, language: string}} Page */

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

let address = "";

/** @param {string} templatesUrl with `{sid}` in place of the conversation's sid */
export function templatesAt(templatesUrl) {
  address = templatesUrl;
}

/**
 * Those that may be sent in this conversation and have these words, the customer's language first.
 *
 * @param {string} conversation sid
 * @param {string} words
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function fetchTemplates(conversation, words, signal) {
  const url = `${address.replace("{sid}", encodeURIComponent(conversation))}?q=${encodeURIComponent(words)}`;
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", signal });
  if (!answer.ok) throw new Error(`templates answered ${answer.status}`);
  return answer.json();
}

/** A value as it is sent: one line. @param {string|undefined} text */
export function tidy(text) {
  return (text ?? "").trim().replace(/\s+/g, " ");
}

/**
 * A text in pieces: words as they are, and values with the name that they stand for.
 *
 * @param {string} text
 * @param {Record<string, string>} values
 * @returns {{text: string, name: string}[]} `name` is "" for plain words; `text` is "" for a value that is missing
 */
export function pieces(text, values) {
  const found = [];
  let at = 0;
  for (const place of text.matchAll(PLACEHOLDER)) {
    if (place.index > at) found.push({ text: text.slice(at, place.index), name: "" });
    found.push({ text: tidy(values[place[1]]), name: place[1] });
    at = place.index + place[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), name: "" });
  return found;
}

/** What the customer reads; a missing value stays a placeholder. @param {string} text @param {Record<string, string>} values */
export function filled(text, values) {
  return pieces(text, values)
    .map((piece) => piece.text || `{{${piece.name}}}`)
    .join("");
}

/** The names whose values are missing. @param {Template} template @param {Record<string, string>} values */
export function missing(template, values) {
  return template.variables.filter((name) => !tidy(values[name]));
}

/**
 * Values that we know before anybody types: the customer's name where the template asks for one by that name.
 *
 * @param {Template} template
 * @param {string} customer
 * @returns {Record<string, string>}
 */
export function known(template, customer) {
  const names = template.variables.filter((name) => /^(customer_)?(first_?)?name$/.test(name.toLowerCase()));
  return customer ? Object.fromEntries(names.map((name) => [name, customer])) : {};
}
