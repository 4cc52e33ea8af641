/** The files that wait above the field, and the ways in which they come: chosen, pasted, dropped. */
import { sizeInWords } from "./files.js";
import { cloned, filled } from "./text.js";

export class AttachedView {
  /**
   * @param {import("./chat.js").Chat} chat
   * @param {{input: HTMLTextAreaElement, composer: HTMLElement, list: HTMLElement, choose: HTMLElement, chosen: HTMLInputElement}} parts
   */
  constructor(chat, parts) {
    this.files = chat.files;
    this.words = chat.boot.words;
    this.language = chat.boot.language;
    this.parts = parts;
    /** @type {Map<string, HTMLElement>} */
    this.drawn = new Map();
    this.files.onChange = () => this.draw();
    this.#listen();
  }

  draw() {
    const { list } = this.parts;
    const wanted = new Set(this.files.rows.map((row) => row.id));
    for (const [id, node] of this.drawn) {
      if (wanted.has(id)) continue;
      node.remove();
      this.drawn.delete(id);
    }
    for (const row of this.files.rows) {
      const node = this.drawn.get(row.id) ?? this.#begun(row);
      this.#fill(node, row);
    }
    list.hidden = this.files.rows.length === 0;
  }

  #listen() {
    const { input, choose, chosen, composer } = this.parts;
    choose.addEventListener("click", () => chosen.click());
    chosen.addEventListener("change", () => {
      this.#take(chosen.files);
      chosen.value = "";
    });
    input.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.#take(event.clipboardData.files);
    });
    for (const kind of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
      document.addEventListener(kind, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        composer.classList.toggle("is-over", kind === "dragover");
        if (kind === "drop") this.#take(event.dataTransfer.files);
      });
    }
  }

  /** @param {FileList|null} files */
  #take(files) {
    this.files.add([...(files ?? [])]);
    this.parts.input.focus();
  }

  /** @param {import("./files.js").Attached} row */
  #begun({ id, name, preview }) {
    const node = cloned("attached-row");
    const image = /** @type {HTMLImageElement} */ (node.querySelector("img"));
    const icon = /** @type {SVGElement} */ (node.querySelector(".icon"));
    const picture = (/** @type {boolean} */ shown) => {
      image.hidden = !shown;
      icon.toggleAttribute("hidden", shown);
    };
    picture(Boolean(preview));
    image.addEventListener("error", () => picture(false)); // It said of itself that it was a picture.
    if (preview) image.src = preview;
    const remove = /** @type {HTMLButtonElement} */ (node.querySelector("[data-verb=remove]"));
    remove.ariaLabel = remove.title = filled(this.words.file_remove, { name });
    remove.addEventListener("click", () => {
      this.files.remove(id);
      this.parts.input.focus();
    });
    node.querySelector("[data-verb=again]")?.addEventListener("click", () => this.files.again(id));
    /** @type {HTMLProgressElement} */ (node.querySelector("progress")).ariaLabel = filled(this.words.file_uploading, { name });
    this.parts.list.append(node);
    this.drawn.set(id, node);
    return node;
  }

  /** @param {HTMLElement} node @param {import("./files.js").Attached} row */
  #fill(node, { name, size, phase, progress, error }) {
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (node.querySelector(selector));
    node.dataset.phase = phase;
    part(".attached-name").textContent = part(".attached-name").title = name;
    const bar = /** @type {HTMLProgressElement} */ (part("progress"));
    bar.hidden = phase !== "uploading";
    bar.value = progress;
    part(".attached-size").hidden = Boolean(error) || phase === "uploading";
    part(".attached-size").textContent = sizeInWords(size, this.language);
    if (part(".attached-error").textContent !== error) part(".attached-error").textContent = error;
    part("[data-verb=again]").hidden = phase !== "lost";
  }
}
