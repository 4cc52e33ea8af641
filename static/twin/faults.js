/** The carrier's fault panel: what goes wrong next, counted down by the server. */

import { getJson, gettext, postJson } from "./http.js";

const REFRESH = 2000;
const SETTINGS = ["hang_seconds", "queue_seconds"];

export class Faults {
  /**
   * @param {HTMLDetailsElement} panel
   * @param {{useNumber: (address: string, name: string) => void}} doors
   */
  constructor(panel, { useNumber }) {
    this.panel = panel;
    this.inputs = /** @type {HTMLInputElement[]} */ ([...panel.querySelectorAll("input")]);
    this.error = panel.querySelector(".faults__error");
    this.count = /** @type {HTMLElement} */ (panel.querySelector(".faults__count"));
    panel.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    for (const input of this.inputs) input.addEventListener("change", () => this.save(input));
    for (const button of panel.querySelectorAll(".fates button")) {
      const { address, name } = /** @type {HTMLElement} */ (button).dataset;
      button.addEventListener("click", () => useNumber(address, name));
    }
    panel.addEventListener("toggle", () => this.refresh());
  }

  start() {
    this.showCount();
    setInterval(() => this.panel.open && !document.hidden && this.refresh(), REFRESH);
  }

  /** @param {HTMLInputElement} input */
  async save(input) {
    if (!input.reportValidity()) return;
    try {
      this.show(await postJson(document.body.dataset.faultsSetUrl, { [input.name]: Number(input.value) }));
      this.error.textContent = "";
    } catch (error) {
      this.error.textContent = error.message;
    }
  }

  async refresh() {
    try {
      this.show(await getJson(document.body.dataset.faultsUrl));
    } catch {
      // The phones say already that the server is away.
    }
  }

  /** @param {Record<string, number>} standing */
  show(standing) {
    for (const input of this.inputs) {
      if (input !== document.activeElement) input.value = String(standing[input.name]);
    }
    this.showCount();
  }

  showCount() {
    const active = this.inputs.filter((input) => !SETTINGS.includes(input.name) && Number(input.value) > 0).length;
    this.count.hidden = active === 0;
    this.count.textContent = gettext("%(count)s active").replace("%(count)s", String(active));
  }
}
