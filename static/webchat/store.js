/**
 * What the browser keeps for one deployment: the token, the name, and what has been written but not yet been taken.
 * All tabs share it, so everything is read afresh before it is changed. Where storage is closed to us (a third-party
 * frame in a strict browser), a map in memory serves as long as the page lives.
 */

/** @typedef {{ref: string, body: string, at: string, files?: {sid: string, name: string}[], error?: string}} Entry A message on its way to the server. */

/** @returns {Pick<Storage, "getItem"|"setItem"|"removeItem">} */
function storage() {
  try {
    localStorage.setItem("contact-chat:probe", "1");
    localStorage.removeItem("contact-chat:probe");
    return localStorage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

export class Store {
  /** @param {string} deployment */
  constructor(deployment) {
    this.place = storage();
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
    window.addEventListener("storage", (event) => {
      if (event.key === this.tokenKey) heard("token");
      else if (event.key === this.outboxKey) heard("outbox");
    });
  }

  /** @param {Entry[]} entries */
  #write(entries) {
    this.place.setItem(this.outboxKey, JSON.stringify(entries));
  }
}
