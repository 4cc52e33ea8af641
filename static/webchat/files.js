/**
 * Files that go along with the visitor's next words: checked against the limits, uploaded one after the other, as soon as
 * the server knows the visitor. Without looks; `attached.js` draws them.
 *
 * @typedef {object} Attached
 * @property {string} id
 * @property {File} file
 * @property {string} sid        once the server has it
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {string} preview    a blob's address; "" for what is no picture
 * @property {"waiting"|"uploading"|"ready"|"refused"|"lost"} phase
 * @property {number} progress   from 0 to 1
 * @property {string} error
 */
import { isPicture, misfit, send } from "../shared/uploads.js";
import { newRef } from "./session.js";
import { filled } from "./text.js";

export class Files {
  /** @param {Record<string, any>} boot @param {import("./store.js").Store} store */
  constructor(boot, store) {
    this.boot = boot;
    this.store = store;
    /** @type {Attached[]} */
    this.rows = [];
    this.onChange = () => {};
    /** @type {Promise<void>|null} */
    this.running = null;
  }

  /** Those that are to go along, or would if the line held. */
  get wanted() {
    return this.rows.filter((row) => row.phase !== "refused");
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) this.rows = [...this.rows, this.#made(file)];
    this.onChange();
    if (this.store.token) this.#run();
  }

  /** @param {string} id */
  remove(id) {
    const row = this.#row(id);
    if (!row) return;
    this.#forget(row);
    this.rows = this.rows.filter((each) => each.id !== id);
    this.onChange();
    if (row.sid) this.#discard(row.sid);
  }

  /** Once more, after the line broke. @param {string} id */
  again(id) {
    this.#change(id, { phase: "waiting", progress: 0, error: "" });
    this.#run();
  }

  /** Upload what is not there yet. @returns {Promise<boolean>} whether everything is there that is to go along */
  async settled() {
    for (const row of this.wanted) if (row.phase === "lost") this.#change(row.id, { phase: "waiting", progress: 0, error: "" });
    const before = this.rows.filter((row) => row.phase === "refused").length;
    await this.#run();
    const refused = this.rows.filter((row) => row.phase === "refused").length;
    // What the server refuses just now is to be seen before the rest goes without it.
    return refused === before && this.wanted.every((row) => row.phase === "ready");
  }

  /** They belong to a message from now on. @returns {{sid: string, name: string}[]} */
  take() {
    const ready = this.rows.filter((row) => row.phase === "ready");
    ready.forEach((row) => this.#forget(row));
    this.rows = this.rows.filter((row) => row.phase !== "ready");
    this.onChange();
    return ready.map(({ sid, name }) => ({ sid, name }));
  }

  /** @param {File} file @returns {Attached} */
  #made(file) {
    const wrong = misfit(file, this.boot.file_limits, this.rows);
    return {
      id: newRef(),
      file,
      sid: "",
      name: file.name,
      type: file.type,
      size: file.size,
      preview: !wrong && isPicture(file.type) ? URL.createObjectURL(file) : "",
      phase: wrong ? "refused" : "waiting",
      progress: 0,
      error: wrong ? this.#inWords(wrong) : "",
    };
  }

  /** @param {import("../shared/uploads.js").Misfit} wrong */
  #inWords({ code, limit }) {
    const amount = code === "many" ? limit : sizeInWords(limit, this.boot.language);
    return filled(this.boot.words[`file_${code}`], { limit: amount });
  }

  /** One run at a time, in the order in which they were attached. */
  #run() {
    this.running ??= this.#uploadAll().finally(() => (this.running = null));
    return this.running;
  }

  async #uploadAll() {
    for (let next = this.#next(); next && this.store.token; next = this.#next()) await this.#upload(next);
  }

  #next() {
    return this.rows.find((row) => row.phase === "waiting");
  }

  /** @param {Attached} row */
  async #upload({ id, file, name }) {
    const body = new FormData();
    body.append("file", file, name);
    this.#change(id, { phase: "uploading" });
    try {
      const answer = await send("POST", this.boot.files_url, {
        headers: this.#headers(),
        body,
        onProgress: (progress) => this.#change(id, { progress }),
      });
      if (answer.status === 201) this.#arrived(id, answer.said.file);
      // A token that is not known any more: the socket hears of it as well, and a new one comes.
      else if (answer.status === 401) this.#change(id, { phase: "lost", error: this.boot.words.file_lost });
      else this.#change(id, { phase: "refused", error: answer.said?.message ?? this.boot.words.file_refused });
    } catch {
      this.#change(id, { phase: "lost", error: this.boot.words.file_lost });
    }
  }

  /** @param {string} id @param {{sid: string, name: string}} kept */
  #arrived(id, { sid, name }) {
    // Removed while it was on its way: the server need not keep it.
    if (this.#row(id)) this.#change(id, { sid, name, phase: "ready", progress: 1 });
    else this.#discard(sid);
  }

  /** @param {string} sid */
  #discard(sid) {
    send("DELETE", `${this.boot.files_url}/${sid}`, { headers: this.#headers() }).catch(() => {});
  }

  #headers() {
    return { [this.boot.token_header]: this.store.token, "Accept-Language": this.boot.language };
  }

  /** @param {string} id */
  #row(id) {
    return this.rows.find((row) => row.id === id);
  }

  /** @param {string} id @param {Partial<Attached>} with_ */
  #change(id, with_) {
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, ...with_ } : row));
    this.onChange();
  }

  /** @param {Attached} row */
  #forget({ preview }) {
    if (preview) URL.revokeObjectURL(preview);
  }
}

/** @param {number} bytes @param {string} language @returns {string} such as "1.2 MB" */
export function sizeInWords(bytes, language) {
  const [unit, amount] = bytes >= 1_048_576 ? ["megabyte", bytes / 1_048_576] : ["kilobyte", Math.max(1, bytes / 1024)];
  const maximumFractionDigits = unit === "megabyte" ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits }).format(amount);
}
