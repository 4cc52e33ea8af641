/**
 * What the browser keeps for one deployment: the token, the name, and what has been written but not yet been taken.
 * All tabs share it, so everything is read afresh before it is changed. Where a strict browser closes storage to frames of
 * another site, the embedding page keeps it for us.
 */
import { KeptByHost } from "./kept_by_host.js";

/** @typedef {{ref: string, body: string, at: string, files?: {sid: string, name: string}[], error?: string}} Entry A message on its way to the server. */

function isOpen() {
  try {
    localStorage.setItem("contact-chat:probe", "1");
    localStorage.removeItem("contact-chat:probe");
    return true;
  } catch {
    return false;
  }
}

export class Store {
  /** @param {string} deployment @param {import("./host.js").Host} host */
  constructor(deployment, host) {
    this.kept = isOpen() ? null : new KeptByHost(host);
    /** @type {Pick<Storage, "getItem"|"setItem"|"removeItem">} */
    this.place = this.kept ?? localStorage;
    /** Done when there is something to read. */
    this.recalled = this.kept?.recalled ?? Promise.resolve();
    this.tokenKey = `contact-chat:${deployment}:token`;
    this.outboxKey = `contact-chat:${deployment}:outbox`;
  }

  /** @returns {string} empty before the first words */
  get token() {
    return this.place.getItem(this.tokenKey) ?? "";
  }

  set token(token) {
    if (token) this.place.setItem(this.tokenKey, token);
    else this.place.removeItem(this.tokenKey);
  }

  /** @returns {Entry[]} in the order in which they were written */
  get outbox() {
    try {
      const found = JSON.parse(this.place.getItem(this.outboxKey) ?? "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }

  /** @param {Entry} entry */
  add(entry) {
    this.#write([...this.outbox, entry]);
  }

  /** @param {string} ref */
  remove(ref) {
    this.#write(this.outbox.filter((entry) => entry.ref !== ref));
  }

  /** @param {string} ref @param {string|undefined} error why it was refused; nothing: to be sent again */
  mark(ref, error) {
    this.#write(this.outbox.map((entry) => (entry.ref === ref ? { ...entry, error } : entry)));
  }

  /** @param {(what: "token"|"outbox") => void} heard another tab has changed something */
  onOtherTab(heard) {
    const changed = (/** @type {string|null} */ key) => {
      if (key === this.tokenKey) heard("token");
      else if (key === this.outboxKey) heard("outbox");
    };
    if (this.kept) this.kept.onOtherTab = changed;
    else window.addEventListener("storage", (event) => changed(event.key));
  }

  /** @param {Entry[]} entries */
  #write(entries) {
    this.place.setItem(this.outboxKey, JSON.stringify(entries));
  }
}
