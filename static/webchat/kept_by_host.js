/**
 * Storage for a frame that has none of its own: a copy in memory, which the embedding page keeps in its storage. Its
 * scripts could read it there, so it serves only where the browser leaves nothing else. Without such a page, and where
 * that has no storage either, the copy lasts as long as the frame.
 */
export class KeptByHost {
  /** @param {import("./host.js").Host} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<string, string>} */
    this.copy = new Map();
    this.onOtherTab = (/** @type {string} */ _key) => {};
    /** @type {Promise<void>} */
    this.recalled = host.embedded ? new Promise((done) => this.#recall(done)) : Promise.resolve();
  }

  /** @param {string} key */
  getItem(key) {
    return this.copy.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.copy.set(key, value);
    this.host.tell("keep", { key, value });
  }

  /** @param {string} key */
  removeItem(key) {
    this.copy.delete(key);
    this.host.tell("keep", { key, value: null });
  }

  /** @param {() => void} done */
  #recall(done) {
    this.host.on("kept", ({ values }) => {
      for (const [key, value] of Object.entries(values)) if (value) this.copy.set(key, value);
      done();
    });
    this.host.on("changed", ({ key, value }) => {
      if (typeof value === "string") this.copy.set(key, value);
      else this.copy.delete(key);
      this.onOtherTab(key);
    });
    this.host.tell("recall");
  }
}
