/** Customers, as the server knows them: read and changed by HTTP, since a form wants to know which field is wrong. */

/**
 * @typedef {{channel: string, address: string, shown: string, opted_out: boolean}} Identity
 * @typedef {{key: string, label: string, kind: "text"|"number"|"date"|"choice", choices: string[], required: boolean,
 *   value: string}} Field
 * @typedef {{our_name: string, channel: string, what: "given"|"withdrawn", source: string, date_created: string}} Consent
 * @typedef {object} Contact
 * @property {string} sid
 * @property {string} name
 * @property {boolean} blocked
 * @property {string} blocked_reason
 * @property {boolean} erased
 * @property {Identity[]} identities
 * @property {Field[]} fields
 * @property {Consent[]} consents
 * @property {{sid: string, kind: "merge"|"split", name: string, date_created: string}|null} change
 *
 * @typedef {{sid: string, name: string, channels: string[], addresses: string[], blocked: boolean}} Found
 * @typedef {object} Past  A conversation in a customer's history.
 * @property {string} sid
 * @property {string} channel
 * @property {string} our_name
 * @property {"active"|"closed"} state
 * @property {boolean} erased
 * @property {number} messages
 * @property {string} last_words
 * @property {string[]} agents
 * @property {string} date_created
 */

let base = "";
let token = "";

/** @param {string} contactsUrl @param {string} csrfToken */
export function contactsAt(contactsUrl, csrfToken) {
  base = contactsUrl;
  token = csrfToken;
}

/** What the server refused: words for people, and the field to mend. */
export class Refused extends Error {
  /** @param {{message?: string, field?: string|null}} told */
  constructor({ message, field }) {
    super(message ?? "");
    this.field = field ?? "";
  }
}

/** @param {string} sid @returns {Promise<Contact>} */
export async function readContact(sid) {
  return (await ask(`/${encodeURIComponent(sid)}`)).contact;
}

/**
 * Change a contact; the contact as it is then.
 *
 * @param {string} sid
 * @param {{do: string} & Record<string, unknown>} change
 * @returns {Promise<Contact>}
 */
export async function changeContact(sid, change) {
  return (await ask(`/${encodeURIComponent(sid)}`, change)).contact;
}

/** @param {string} words @param {string} but a contact's sid @returns {Promise<Found[]>} */
export async function findContacts(words, but) {
  return (await ask(`?q=${encodeURIComponent(words)}&but=${encodeURIComponent(but)}`)).contacts;
}

/**
 * @param {string} sid
 * @param {string} before the last conversation of the page above, or ""
 * @returns {Promise<{conversations: Past[], has_more: boolean}>}
 */
export function readPast(sid, before) {
  return ask(`/${encodeURIComponent(sid)}/conversations?before=${encodeURIComponent(before)}`);
}

/** @param {string} path @param {object} [change] @returns {Promise<any>} */
async function ask(path, change) {
  /** @type {RequestInit} */
  const how = { headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (change) {
    how.method = "POST";
    how.headers = { ...how.headers, "Content-Type": "application/json", "X-CSRFToken": token };
    how.body = JSON.stringify(change);
  }
  const response = await fetch(base + path, how);
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(told);
  return told;
}
