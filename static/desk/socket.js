/**
 * The desk's one socket: connect, hello with cursors, resume after a gap, heartbeat watch, back-off with full jitter.
 * It stays open in hidden tabs, and answers each heartbeat by a ping with its cursors: a timer of its own would be
 * slowed down there, an arriving frame is not. It knows nothing of the screen: frames go to `onFrame`, its condition to `onLink`.
 */
import { CLOSE } from "./protocol.js";

/** Two heartbeats (15 s each) and a half may be missed before the line counts as dead. */
const SILENCE_MS = 38_000;
/** A line that is not welcomed within so long never will be. */
const WELCOME_MS = 8_000;
/** How long a dubious line has to answer. */
const PROBE_MS = 3_000;
const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 10_000;
/** The server's own fault: it may be one of our commands that it stumbles over. */
const INTERNAL_ERROR = 1011;
/** A socket that never opens says nothing about why; from this attempt on the page itself is asked. */
const ASK_PAGE_FROM = 2;

/** @typedef {"connecting"|"online"|"offline"|"restarting"|"ended"|"denied"} LinkName */

/**
 * @typedef {object} Hooks
 * @property {() => Record<string, number>} cursors
 * @property {(frame: import("./protocol.js").ServerFrame) => void} onFrame
 * @property {() => boolean} isBehind        after `onFrame`: events are missing
 * @property {(name: LinkName) => void} onLink
 * @property {() => void} onReady            all that was missed has come: commands may be sent
 * @property {() => void} onFault            the server stumbled
 * @property {() => Promise<boolean>} [signedOut]  does the page itself ask to sign in?
 * @property {() => number} [random]
 */

/**
 * The wait before an attempt: anything between half a second and a ceiling that doubles up to ten seconds.
 *
 * @param {number} attempt 0 for the first one after a loss
 * @param {() => number} random
 * @returns {number} milliseconds
 */
export function backOff(attempt, random) {
  const ceiling = Math.min(BACK_OFF_MAX_MS, 2 * BACK_OFF_MIN_MS * 2 ** attempt);
  return BACK_OFF_MIN_MS + random() * (ceiling - BACK_OFF_MIN_MS);
}

export class DeskSocket {
  /** @param {string} url @param {Hooks} hooks */
  constructor(url, hooks) {
    this.url = url;
    this.hooks = hooks;
    /** @type {WebSocket|null} */
    this.line = null;
    this.ready = false;
    this.attempt = 0;
    this.draining = false;
    this.stopped = false;
    this.asking = false;
    /** What the welcome promised, until it has come. @type {Record<string, number>|null} */
    this.promised = null;
    /** The server did not understand us: begin anew, with a snapshot. */
    this.forget = false;
    this.heardAt = 0;
    this.retryTimer = 0;
    this.probeTimer = 0;
  }

  start() {
    window.addEventListener("online", () => this.check());
    window.addEventListener("offline", () => this.check());
    document.addEventListener("visibilitychange", () => this.check());
    setInterval(() => this.watch(), 4_000);
    this.hooks.onLink("connecting");
    this.connect();
  }

  /** @param {object} frame @returns {boolean} false when there is no line to send it on */
  send(frame) {
    if (!this.ready || this.line?.readyState !== WebSocket.OPEN) return false;
    this.line.send(JSON.stringify(frame));
    return true;
  }

  /** Try again now: the agent's own wish, or the browser says that the network is back. */
  retry() {
    if (this.stopped || this.line) return;
    this.attempt = 0;
    this.connect();
  }

  connect() {
    clearTimeout(this.retryTimer);
    const line = new WebSocket(this.url);
    this.line = line;
    let opened = false;
    this.heardAt = Date.now();
    line.onopen = () => {
      opened = true;
      this.heardAt = Date.now();
      const language = document.documentElement.lang;
      line.send(JSON.stringify({ do: "hello", language, cursors: this.forget ? {} : this.hooks.cursors() }));
      this.forget = false;
    };
    line.onmessage = (event) => line === this.line && this.take(JSON.parse(event.data));
    line.onclose = (event) => line === this.line && this.lost(event.code, opened);
  }

  /** @param {import("./protocol.js").ServerFrame} frame */
  take(frame) {
    this.heardAt = Date.now();
    clearTimeout(this.probeTimer);
    if (frame.t === "drain") return this.drain();
    this.hooks.onFrame(frame);
    if (frame.t === "welcome") this.welcomed(frame.heads);
    if (frame.t === "heartbeat") this.send({ do: "ping", cursors: this.hooks.cursors() });
    this.resumeIfBehind();
    this.readyOnceCaughtUp();
  }

  /** @param {Record<string, number>} heads */
  welcomed(heads) {
    if (!this.ready) this.promised = heads;
    this.attempt = 0;
    this.draining = false;
    this.ready = true;
    this.asking = false;
  }

  /** Commands wait until the replay is through, so that none is repeated whose effect it brings. */
  readyOnceCaughtUp() {
    if (!this.promised) return;
    const cursors = this.hooks.cursors();
    if (Object.entries(this.promised).some(([audience, head]) => (cursors[audience] ?? 0) < head)) return;
    this.promised = null;
    this.hooks.onLink("online");
    this.hooks.onReady();
  }

  /** One question at a time: the answer (a welcome) says whether to ask again. */
  resumeIfBehind() {
    if (!this.ready || this.asking || !this.hooks.isBehind()) return;
    this.asking = this.send({ do: "resume", cursors: this.hooks.cursors() });
  }

  drain() {
    this.draining = true;
    this.hooks.onLink("restarting");
    this.line?.close(1000);
  }

  /** @param {number} code @param {boolean} opened */
  lost(code, opened) {
    this.line = null;
    this.ready = false;
    this.asking = false;
    this.promised = null;
    clearTimeout(this.probeTimer);
    if (code === INTERNAL_ERROR) this.hooks.onFault();
    if (code === CLOSE.SIGN_IN) return this.stop("ended");
    if (code === CLOSE.NOT_ALLOWED) return this.stop("denied");
    if (code === CLOSE.BAD_FRAME) this.forget = true;
    if (code === CLOSE.RESTART) this.draining = true;
    this.hooks.onLink(this.draining ? "restarting" : "offline");
    if (!opened && this.attempt >= ASK_PAGE_FROM) this.askPage();
    this.retryTimer = setTimeout(() => this.connect(), backOff(this.attempt, this.hooks.random ?? Math.random));
    this.attempt += 1;
  }

  /** @param {LinkName} name a condition that trying again cannot mend */
  stop(name) {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.hooks.onLink(name);
  }

  async askPage() {
    if (this.hooks.signedOut && (await this.hooks.signedOut()) && !this.line) this.stop("ended");
  }

  /** The world has changed (network, tab shown, wake-up): is the line still alive? A resume must be answered. */
  check() {
    if (this.stopped) return;
    if (!this.line) return this.retry();
    if (!this.ready) return this.restartIfStuck();
    this.asking = this.send({ do: "resume", cursors: this.hooks.cursors() });
    clearTimeout(this.probeTimer);
    this.probeTimer = setTimeout(() => this.giveUp(), PROBE_MS);
  }

  /** A connection begun while the network was away may hang for a minute. */
  restartIfStuck() {
    if (Date.now() - this.heardAt < PROBE_MS / 2) return;
    this.giveUp();
    this.retry();
  }

  watch() {
    const patience = this.ready ? SILENCE_MS : WELCOME_MS;
    if (this.line && Date.now() - this.heardAt > patience) this.giveUp();
  }

  /** Let go of a dead line without waiting for the close handshake, which may take a minute. */
  giveUp() {
    const line = this.line;
    if (!line) return;
    line.onclose = line.onmessage = line.onopen = null;
    line.close();
    this.lost(1006, true);
  }
}
