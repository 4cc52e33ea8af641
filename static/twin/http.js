/** Talking to our own server: JSON in, forms out, refusals as errors with words. */

const token = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="csrf-token"]')).content;
const catalogue = /** @type {{gettext?: (msgid: string) => string}} */ (/** @type {unknown} */ (globalThis));

/** @param {string} msgid @returns {string} */
export function gettext(msgid) {
  return catalogue.gettext ? catalogue.gettext(msgid) : msgid;
}

/** A refusal with the server's own words. */
export class Refused extends Error {}

/** @param {string} url */
export async function getJson(url) {
  return answer(await fetch(url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) }));
}

/** @param {string} url @param {Record<string, string|Blob>} fields */
export async function postForm(url, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return answer(await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token } }));
}

/** @param {string} url @param {unknown} document_ */
export async function postJson(url, document_) {
  const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
  return answer(await fetch(url, { method: "POST", body: JSON.stringify(document_), headers }));
}

/** @param {Response} response */
async function answer(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const said = isJson ? await response.json() : null;
  if (response.ok && said) return said;
  throw new Refused(said?.message ?? gettext("The server did not take it. Reload the page and try again."));
}
