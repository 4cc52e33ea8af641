/**
 * The looks. The log is `role="log"`: a row that stands is changed in place, never removed and added again, so a screen
 * reader says each message once.
 */
import { AttachedView } from "./attached.js";
import { mediaNode } from "./pictures.js";
import { rowsOf } from "./rows.js";
import { cloned, filled, withLinks } from "./text.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

export class View {
  /** @param {import("./chat.js").Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.words = chat.boot.words;
    this.times = new Intl.DateTimeFormat(chat.boot.language, { timeStyle: "short" });
    this.days = new Intl.DateTimeFormat(chat.boot.language, { dateStyle: "medium", timeStyle: "short" });
    /** @type {Map<string, {node: HTMLElement, stamp: string}>} */
    this.drawn = new Map();
    this.log = byId("log");
    this.scroller = byId("scroller");
    this.composer = byId("composer");
    this.input = byId("input");
    this.name = byId("name");
    /** @type {HTMLInputElement[]} what is asked before the first words */
    this.asked = [...byId("asked").querySelectorAll("input")];
    this.weekdays = new Intl.DateTimeFormat(chat.boot.language, { weekday: "long", hour: "numeric", minute: "2-digit" });
    chat.onChange = () => this.draw();
    new AttachedView(chat, {
      input: this.input, composer: this.composer, list: byId("attached"), choose: byId("choose"), chosen: byId("chosen"),
    });
    this.#listen();
  }

  /** The host's page has shown or hidden us. @param {{shown: boolean, focus: boolean}} how */
  shown({ shown, focus }) {
    this.chat.changed();
    if (!shown) return;
    this.#toEnd();
    if (focus) this.input.focus();
  }

  draw() {
    const atEnd = this.#isAtEnd();
    const rows = rowsOf(this.chat.state, this.chat.pending, this.words);
    const grew = this.#drawRows(rows);
    byId("welcome").hidden = rows.length > 0;
    this.#drawAsked(Boolean(this.chat.store.token) || (rows.length > 0 && !this.chat.refusal));
    this.#drawStatus();
    this.#drawHours();
    this.#drawTyping();
    if (atEnd || (grew && rows.at(-1)?.mine)) this.#toEnd();
  }

  #listen() {
    this.composer.addEventListener("submit", (/** @type {Event} */ event) => this.#submit(event));
    this.input.addEventListener("input", () => this.#wrote());
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
    });
    byId("asked").addEventListener("change", () => {
      this.#answer();
      if (this.chat.refusal) this.chat.flush();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.chat.host.tell("close");
    });
    byId("close").hidden = !this.chat.host.embedded;
    byId("close").addEventListener("click", () => this.chat.host.tell("close"));
    this.log.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#pressed(event));
    new ResizeObserver(() => this.wasAtEnd !== false && this.#toEnd()).observe(this.scroller);
    this.scroller.addEventListener("scroll", () => (this.wasAtEnd = this.#isAtEnd()));
    this.input.disabled = false; // What is written before somebody listens would not be sent.
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const body = this.input.value.trim();
    const isNothing = !body && this.chat.files.wanted.length === 0;
    if (this.input.readOnly || isNothing || body.length > this.chat.boot.body_limit) return this.input.focus();
    if (!this.asked.every((input) => input.reportValidity())) return;
    this.#answer();
    this.#hold(true); // While files are on their way, the words that go with them stand still.
    if (await this.chat.say(body)) this.input.value = "";
    this.#hold(false);
    this.#fit();
    this.input.focus();
  }

  /** @param {boolean} held */
  #hold(held) {
    this.input.readOnly = held;
    byId("send").disabled = held;
  }

  /** What was asked is answered so; the server checks it, and has asked again if it said no. */
  #answer() {
    this.chat.name = this.name.value.trim();
    const given = this.asked.filter((input) => input.name && input.value.trim());
    this.chat.answers = Object.fromEntries(given.map((input) => [input.name, input.value.trim()]));
  }

  #wrote() {
    this.#fit();
    if (this.input.value.trim()) this.chat.typing();
  }

  /** As tall as the words, within limits that the style sets; and how much is too much. */
  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
    const over = this.input.value.trim().length - this.chat.boot.body_limit;
    byId("over").textContent = over > 0 ? filled(this.words.too_long, { count: over }) : "";
    byId("send").disabled = over > 0;
  }

  /** @param {MouseEvent} event */
  #pressed(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-ref]");
    if (!(button instanceof HTMLButtonElement)) return;
    const { ref = "", verb } = button.dataset;
    if (verb === "discard") this.chat.discard(ref);
    else this.chat.sayAgain(ref);
    this.input.focus();
  }

  /** @param {import("./rows.js").Row[]} rows @returns {boolean} whether the log has grown */
  #drawRows(rows) {
    const before = this.drawn.size;
    const wanted = new Set(rows.map((row) => row.key));
    for (const [key, { node }] of this.drawn) {
      if (wanted.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    /** @type {Element|null} */
    let place = this.log.firstElementChild;
    for (const row of rows) {
      const node = this.#drawRow(row);
      if (node === place) place = place.nextElementSibling;
      else this.log.insertBefore(node, place);
    }
    return this.drawn.size > before;
  }

  /** @param {import("./rows.js").Row} row */
  #drawRow(row) {
    const known = this.drawn.get(row.key);
    if (known?.stamp === row.stamp) return known.node;
    const node = known?.node ?? cloned(row.kind === "message" ? "message-row" : "notice-row");
    if (row.kind === "message") this.#fillMessage(node, row);
    else node.textContent = row.kind === "ended" ? this.words.ended : this.words.new_conversation;
    this.drawn.set(row.key, { node, stamp: row.stamp });
    return node;
  }

  /** @param {HTMLElement} node @param {import("./rows.js").Row} row */
  #fillMessage(node, row) {
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (node.querySelector(`.${name}`));
    node.className = ["row", row.mine ? "mine" : "theirs", row.by && "first", row.tick].filter(Boolean).join(" ");
    part("by").textContent = row.by || (row.mine ? this.words.you : "");
    part("by").classList.toggle("visually-hidden", row.mine);
    part("by").hidden = !row.by && !row.mine;
    if (part("body").textContent !== row.body) part("body").replaceChildren(...withLinks(row.body));
    part("body").hidden = !row.body;
    part("files").replaceChildren(...row.media.map((media) => mediaNode(media, this.chat)));
    const time = /** @type {HTMLTimeElement} */ (part("at"));
    time.dateTime = row.at;
    time.textContent = this.#time(row.at);
    part("tick").dataset.tick = row.tick;
    part("tick-word").textContent = row.tick && row.tick !== "failed" ? this.words[row.tick] : "";
    part("trouble").hidden = row.tick !== "failed";
    part("reason").textContent = row.tick === "failed" ? filled(this.words.failed, { reason: row.error }) : "";
    for (const button of part("trouble").querySelectorAll("button")) button.dataset.ref = row.ref;
  }

  /** @param {string} at */
  #time(at) {
    const moment = new Date(at);
    const today = moment.toDateString() === new Date().toDateString();
    return (today ? this.times : this.days).format(moment);
  }

  #drawStatus() {
    const { link, state, refusal, boot } = this.chat;
    const agents = state.conversation?.state === "active" ? state.conversation.agents : [];
    const waits = state.conversation?.state === "active" && agents.length === 0;
    byId("title").textContent = agents.join(", ") || boot.title;
    setText("subtitle", agents.length ? boot.title : waits ? this.words.waiting : byId("subtitle").dataset.idle);
    byId("presence").hidden = agents.length === 0 || link !== "online";
    setText("presence-word", agents.length ? filled(this.words.with_agent, { name: agents.join(", ") }) : "");
    const trouble = refusal || { offline: this.words.offline, restarting: this.words.restarting }[link] || "";
    setText("banner", trouble || (link === "denied" ? this.words.too_many_visitors : ""));
    byId("banner").hidden = !byId("banner").textContent;
  }

  /** @param {boolean} hidden Fields that nobody sees must not keep the form from going out. */
  #drawAsked(hidden) {
    byId("asked").hidden = hidden;
    for (const input of this.asked) input.disabled = hidden;
  }

  #drawHours() {
    const { hours, closed } = this.chat.boot;
    const away = !isOpen(hours, Date.now()) && byId("presence").hidden;
    setText("hours", away ? [closed || this.words.closed, this.#back(hours)].filter(Boolean).join(" ") : "");
    byId("hours").hidden = !away;
    if (away && byId("subtitle").textContent === byId("subtitle").dataset.idle) setText("subtitle", "");
  }

  /** When somebody is there again. @param {{open: boolean, changes_at: string|null}} hours */
  #back({ open, changes_at }) {
    if (open || !changes_at) return "";
    const moment = new Date(changes_at);
    const near = moment.getTime() - Date.now() < 6 * 86_400_000;
    return filled(this.words.back_at, { when: (near ? this.weekdays : this.days).format(moment) });
  }

  #drawTyping() {
    const { typist } = this.chat;
    byId("typing").hidden = !typist;
    setText("typing-word", typist ? filled(this.words.typing, { name: typist }) : "");
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  #toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/**
 * Whether somebody is there: as the server said when the page came, until that changes.
 *
 * @param {{open: boolean, changes_at: string|null}|null} hours nothing: the chat keeps no hours
 * @param {number} now
 */
export function isOpen(hours, now) {
  if (!hours) return true;
  return hours.changes_at !== null && now >= Date.parse(hours.changes_at) ? !hours.open : hours.open;
}

/** Only when it differs: a live region that is written anew is read anew. @param {string} id @param {string} text */
function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}
