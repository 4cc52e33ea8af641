/** Where a text is written and a picture is chosen, dropped or pasted. */

import { gettext } from "./http.js";

const MAX_BYTES = 5 * 1024 * 1024;
const TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export class Composer {
  /** @param {HTMLElement} root @param {{send: (body: string, picture: Blob|null) => void}} doors */
  constructor(root, { send }) {
    this.send = send;
    this.screen = root.querySelector(".screen");
    this.form = /** @type {HTMLFormElement} */ (root.querySelector(".composer"));
    this.text = this.form.querySelector("textarea");
    this.file = /** @type {HTMLInputElement} */ (this.form.querySelector('input[type="file"]'));
    this.panel = /** @type {HTMLElement} */ (this.form.querySelector(".attach"));
    this.opener = this.form.querySelector(".composer__attach");
    this.chosen = /** @type {HTMLElement} */ (this.form.querySelector(".chosen"));
    this.error = this.form.querySelector(".composer__error");
    /** @type {Blob|null} */
    this.picture = null;
    this.missing = Boolean(this.form.dataset.missing);
    for (const control of this.form.querySelectorAll("button, textarea, input")) {
      /** @type {HTMLButtonElement} */ (control).disabled = this.missing;
    }
    if (!this.missing) this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.form.requestSubmit();
      if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
    });
    this.text.addEventListener("input", () => this.grow());
    this.opener.addEventListener("click", () => this.openPanel(this.panel.hidden));
    this.form.querySelector(".attach__pick").addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => this.file.files.length && this.take(this.file.files[0]));
    this.form.querySelector(".chosen__remove").addEventListener("click", () => this.drop());
    for (const sample of this.form.querySelectorAll(".attach__sample")) {
      sample.addEventListener("click", () => this.takeSample(/** @type {HTMLElement} */ (sample).dataset.src));
    }
    this.text.addEventListener("paste", (event) => this.takeFrom(event, event.clipboardData));
    this.screen.addEventListener("dragover", (event) => this.over(/** @type {DragEvent} */ (event), true));
    this.screen.addEventListener("dragleave", (event) => this.over(/** @type {DragEvent} */ (event), false));
    this.screen.addEventListener("drop", (event) => {
      const drag = /** @type {DragEvent} */ (event);
      this.over(drag, false);
      this.takeFrom(drag, drag.dataTransfer);
    });
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const body = this.text.value.trim();
    if (!body && !this.picture) return;
    this.send(body, this.picture);
    this.text.value = "";
    this.drop();
    this.grow();
    this.openPanel(false);
    this.text.focus();
  }

  grow() {
    this.error.textContent = "";
    // Rows, not pixels: the policy of the page allows no style of its own to an element.
    const lines = this.text.value.split("\n").length + Math.floor(this.text.value.length / 34);
    this.text.rows = Math.min(Math.max(lines, 1), 5);
  }

  /** @param {boolean} open */
  openPanel(open) {
    this.panel.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
  }

  /** @param {Event} event @param {DataTransfer|null} data */
  takeFrom(event, data) {
    const file = [...(data?.files ?? [])].find((candidate) => candidate.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    this.take(file);
  }

  /** @param {string} url */
  async takeSample(url) {
    this.take(await (await fetch(url)).blob());
  }

  /** @param {Blob} picture */
  take(picture) {
    this.file.value = "";
    this.openPanel(false);
    this.error.textContent = complaint(picture);
    if (this.error.textContent) return;
    this.picture = picture;
    this.chosen.querySelector("img").src = URL.createObjectURL(picture);
    this.chosen.hidden = false;
    this.text.focus();
  }

  drop() {
    this.picture = null;
    this.chosen.hidden = true;
    this.chosen.querySelector("img").removeAttribute("src");
  }

  /** @param {DragEvent} event @param {boolean} isOver */
  over(event, isOver) {
    event.preventDefault();
    this.screen.classList.toggle("screen--over", isOver);
  }
}

/** @param {Blob} picture @returns {string} what is wrong with it, or nothing */
function complaint(picture) {
  if (!TYPES.has(picture.type)) return gettext("Only PNG, JPEG, GIF and WebP pictures can be sent.");
  return picture.size > MAX_BYTES ? gettext("A picture has at most 5 MB.") : "";
}
