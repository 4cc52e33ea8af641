/**
 * The chat without its looks: holds state, outbox and socket together, and tells the view when anything has changed.
 * What is written goes into the outbox first and leaves it when the server has it, one message at a time, so the order
 * stands and nothing is lost by a reload or sent twice by two tabs: the server knows each `ref`.
 */
import { Files } from "./files.js";
import { Refused, begin, newRef } from "./session.js";
import { ChatSocket, backOff } from "./socket.js";
import { apply, nothing, toAcknowledge, unseen } from "./state.js";

/** Beyond the server's measure: wait so long, then go on. */
const PACE_MS = 5_000;
const TYPING_SHOWN_MS = 6_000;
const TYPING_TOLD_EVERY_MS = 3_000;

export class Chat {
  /**
   * @param {Record<string, any>} boot
   * @param {import("./store.js").Store} store
   * @param {import("./host.js").Host} host
   */
  constructor(boot, store, host) {
    this.boot = boot;
    this.store = store;
    this.host = host;
    this.state = nothing();
    /** @type {import("./socket.js").Link} */
    this.link = "idle";
    this.refusal = "";
    this.name = "";
    /** @type {Record<string, string>} to what is asked before the first words */
    this.answers = {};
    this.shownToken = "";
    this.typist = "";
    this.onChange = () => {};
    this.inFlight = "";
    this.beginning = false;
    this.attempt = 0;
    this.typedAt = 0;
    /** @type {Record<string, string>} */
    this.told = {};
    this.flushTimer = 0;
    this.typingTimer = 0;
    this.files = new Files(boot, store);
    this.socket = new ChatSocket(socketUrl(boot.socket_path), {
      hello: () => this.hello(),
      cursors: () => this.state.cursors,
      onFrame: (frame) => this.take(frame),
      isBehind: () => this.state.behind,
      onLink: (link) => this.linked(link),
    });
  }

  async start() {
    this.store.onOtherTab((what) => this.otherTab(what));
    await this.store.recalled;
    if (this.store.token) this.socket.start();
    this.flush();
  }

  /**
   * Words, with the files that are attached.
   *
   * @param {string} body
   * @returns {Promise<boolean>} false when a file could not go, and so nothing did
   */
  async say(body) {
    if (this.files.wanted.length > 0) {
      if (!this.store.token) await this.begin();
      if (!this.store.token || !(await this.files.settled())) return false;
    }
    this.store.add({ ref: newRef(), body, at: new Date().toISOString(), files: this.files.take() });
    this.flush();
    this.changed();
    return true;
  }

  /** @param {string} ref */
  sayAgain(ref) {
    this.store.mark(ref, undefined);
    this.flush();
    this.changed();
  }

  /** @param {string} ref */
  discard(ref) {
    this.store.remove(ref);
    this.changed();
  }

  typing() {
    if (this.state.conversation?.state !== "active" || Date.now() - this.typedAt < TYPING_TOLD_EVERY_MS) return;
    if (this.socket.send({ do: "typing" })) this.typedAt = Date.now();
  }

  /** Whether the visitor sees what is in the log. */
  get watched() {
    return this.host.shown && document.visibilityState === "visible";
  }

  get unseen() {
    return unseen(this.state);
  }

  /** Messages that the server does not have yet, or is not known to have. */
  get pending() {
    const arrived = new Set(this.state.messages.map((row) => row.ref));
    return this.store.outbox.filter((entry) => !arrived.has(entry.ref));
  }

  /** Send the first message that waits; the answer to it calls here again. */
  flush() {
    clearTimeout(this.flushTimer);
    const next = this.store.outbox.find((entry) => entry.error === undefined);
    if (!next || this.inFlight) return;
    if (!this.store.token) return void this.begin();
    this.socket.start();
    const media = (next.files ?? []).map((file) => file.sid);
    if (this.socket.send({ do: "message.post", ref: next.ref, body: next.body, media })) this.inFlight = next.ref;
  }

  async begin() {
    if (this.beginning) return;
    this.beginning = true;
    try {
      const { name, answers } = this;
      await begin(this.store, this.boot.sessions_url, { deployment: this.boot.deployment, name, answers });
      this.refusal = "";
      this.attempt = 0;
      this.host.tell("begun");
      this.socket.start();
    } catch (error) {
      if (error instanceof Refused) this.refusal = error.message;
      else this.linked("offline");
      this.flushTimer = setTimeout(() => this.flush(), error instanceof Refused ? 60_000 : backOff(this.attempt));
      this.attempt += 1;
    } finally {
      this.beginning = false;
      this.changed();
    }
  }

  /** @param {any} frame */
  take(frame) {
    this.state = apply(this.state, frame);
    if (frame.t === "ok" || frame.t === "error") this.answered(frame);
    if (frame.t === "welcome") {
      this.told = {};
      this.inFlight = "";
      this.flush();
    }
    if (frame.t === "blip") this.sawTyping(frame);
    if (frame.type === "message.added" && frame.data.direction === "outbound") this.typist = "";
    for (const entry of this.store.outbox) {
      if (this.state.messages.some((row) => row.ref === entry.ref)) this.store.remove(entry.ref);
    }
    this.changed();
  }

  /** @param {any} answer */
  answered(answer) {
    if (!answer.ref || answer.ref !== this.inFlight) return;
    this.inFlight = "";
    if (answer.t === "ok") this.store.remove(answer.ref);
    else if (answer.code === "too-many-messages") {
      this.flushTimer = setTimeout(() => this.flush(), PACE_MS);
      return;
    } else this.store.mark(answer.ref, answer.message);
    this.flush();
  }

  /** @param {import("./socket.js").Link} link */
  linked(link) {
    this.link = link;
    if (link !== "online") this.inFlight = "";
    if (link === "unknown") this.forget();
    this.changed();
  }

  hello() {
    this.shownToken = this.store.token;
    return { token: this.shownToken, language: this.boot.language, cursors: this.state.cursors };
  }

  /** The server does not know us any more; the next words make us somebody again, unless another tab has. */
  forget() {
    if (this.store.token === this.shownToken) this.store.token = "";
    this.state = nothing();
    this.link = "idle";
    if (this.store.token) this.socket.start();
    this.flush();
  }

  /** @param {"token"|"outbox"} what */
  otherTab(what) {
    if (what === "token" && this.store.token) {
      this.socket.stop("connecting");
      this.state = nothing();
      this.socket.start();
    }
    this.changed();
  }

  /** @param {any} blip */
  sawTyping(blip) {
    if (blip.kind !== "typing" || blip.conversation !== this.state.conversation?.sid) return;
    this.typist = blip.author.name || this.boot.words.agent;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => {
      this.typist = "";
      this.changed();
    }, TYPING_SHOWN_MS);
  }

  /** Tell what has come to this screen, and what has come before eyes, each once. */
  acknowledge() {
    for (const status of /** @type {const} */ (["delivered", "read"])) {
      const upTo = status === "delivered" || this.watched ? toAcknowledge(this.state, status) : null;
      const text = upTo ? `${upTo.conversation} ${upTo.index}` : "";
      if (!upTo || this.told[status] === text) continue;
      if (this.socket.send({ do: `conversation.${status}`, ref: newRef(), ...upTo })) this.told[status] = text;
    }
  }

  changed() {
    this.acknowledge();
    this.host.tell("unread", { count: this.watched ? 0 : this.unseen });
    this.onChange();
  }
}

/** @param {string} path */
function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
