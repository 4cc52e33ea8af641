/**
 * One socket: connect, hello with the token in the first frame, acknowledge at each heartbeat, come back with full jitter.
 * Frames go to `onFrame`, its condition to `onLink`.
 */

/** Two heartbeats (15 s each) and a half may be missed before the line counts as dead. */
const SILENCE_MS = 38_000;
/** How long a line may take to be welcomed, or to answer when it is in doubt. */
const PATIENCE_MS = 8_000;
const PROBE_MS = 3_000;
const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 10_000;

const SIGN_IN = 4401;
const NOT_ALLOWED = 4403;
const RESTART = 1012;

/** @typedef {"idle"|"connecting"|"online"|"offline"|"restarting"|"denied"|"unknown"} Link */

/**
 * @typedef {object} Hooks
 * @property {() => object} hello              token, language and cursors
 * @property {() => Record<string, number>} cursors
 * @property {(frame: any) => void} onFrame
 * @property {() => boolean} isBehind          after `onFrame`: events are missing
 * @property {(link: Link) => void} onLink     "unknown": the token is not known any more
 */

/** @param {number} attempt @returns {number} milliseconds: at random below a ceiling that doubles up to ten seconds */
export function backOff(attempt) {
  const ceiling = Math.min(BACK_OFF_MAX_MS, 2 * BACK_OFF_MIN_MS * 2 ** attempt);
  return BACK_OFF_MIN_MS + Math.random() * (ceiling - BACK_OFF_MIN_MS);
}

export class ChatSocket {
  /** @param {string} url @param {Hooks} hooks */
  constructor(url, hooks) {
    this.url = url;
    this.hooks = hooks;
    /** @type {WebSocket|null} */
    this.line = null;
    this.running = false;
    this.ready = false;
    this.asking = false;
    this.attempt = 0;
    this.heardAt = 0;
    this.retryTimer = 0;
    this.probeTimer = 0;
    window.addEventListener("online", () => this.check());
    window.addEventListener("offline", () => this.check());
    document.addEventListener("visibilitychange", () => this.check());
    setInterval(() => this.watch(), 4_000);
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.hooks.onLink("connecting");
    this.connect();
  }

  /** @param {Link} link why */
  stop(link) {
    this.running = false;
    clearTimeout(this.retryTimer);
    this.letGo();
    this.hooks.onLink(link);
  }

  /** @param {object} frame @returns {boolean} false when there is no line to send it on */
  send(frame) {
    if (!this.ready || this.line?.readyState !== WebSocket.OPEN) return false;
    this.line.send(JSON.stringify(frame));
    return true;
  }

  connect() {
    clearTimeout(this.retryTimer);
    const line = new WebSocket(this.url);
    this.line = line;
    this.heardAt = Date.now();
    line.onopen = () => line.send(JSON.stringify({ do: "hello", ...this.hooks.hello() }));
    line.onmessage = (event) => line === this.line && this.take(JSON.parse(event.data));
    line.onclose = (event) => line === this.line && this.lost(event.code);
  }

  /** @param {any} frame */
  take(frame) {
    this.heardAt = Date.now();
    clearTimeout(this.probeTimer);
    if (frame.t === "drain") return this.lost(RESTART);
    if (frame.t === "welcome") {
      this.attempt = 0;
      this.ready = true;
      this.asking = false;
    }
    this.hooks.onFrame(frame);
    if (frame.t === "welcome") this.hooks.onLink("online");
    if (frame.t === "heartbeat") this.send({ do: "ping", cursors: this.hooks.cursors() });
    if (!this.asking && this.hooks.isBehind()) this.asking = this.send({ do: "resume", cursors: this.hooks.cursors() });
  }

  /** @param {number} code */
  lost(code) {
    this.letGo();
    if (code === SIGN_IN) return this.stop("unknown");
    if (code === NOT_ALLOWED) return this.stop("denied");
    if (!this.running) return;
    this.hooks.onLink(code === RESTART ? "restarting" : "offline");
    this.retryTimer = setTimeout(() => this.connect(), backOff(this.attempt));
    this.attempt += 1;
  }

  /** The world has changed (network, tab shown, wake-up): is the line still alive? */
  check() {
    if (!this.running) return;
    if (!this.line) {
      this.attempt = 0;
      this.connect();
    } else if (this.ready) {
      // The server answers no ping; it answers a resume.
      this.asking = this.send({ do: "resume", cursors: this.hooks.cursors() });
      clearTimeout(this.probeTimer);
      this.probeTimer = setTimeout(() => this.lost(1006), PROBE_MS);
    }
  }

  watch() {
    const patience = this.ready ? SILENCE_MS : PATIENCE_MS;
    if (this.line && Date.now() - this.heardAt > patience) this.lost(1006);
  }

  /** Without waiting for the close handshake, which on a dead line may take a minute. */
  letGo() {
    clearTimeout(this.probeTimer);
    const line = this.line;
    this.line = null;
    this.ready = false;
    this.asking = false;
    if (!line) return;
    line.onopen = line.onmessage = line.onclose = null;
    line.close();
  }
}
