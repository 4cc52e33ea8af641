/** The messages on a phone's screen. Nodes are kept by sid, so that a reader is told of new messages only. */

import { gettext } from "./http.js";

const NEAR = 80;
const STATES = {
  pending: ["i-sending", () => gettext("Sending")],
  sending: ["i-tick", () => gettext("Sent")],
  delivered: ["i-ticks", () => gettext("Delivered")],
  refused: ["i-wrong", () => gettext("Not delivered")],
  unsent: ["i-wrong", () => gettext("Not sent")],
};

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });

export class Thread {
  /** @param {HTMLElement} root @param {{retry: (sid: string) => void, press: (sid: string, position: number) => void}} doors */
  constructor(root, { retry, press }) {
    this.press = press;
    this.list = /** @type {HTMLElement} */ (root.querySelector(".thread"));
    this.retry = retry;
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    this.count = 0;
  }

  clear() {
    this.nodes.clear();
    this.count = 0;
    this.list.replaceChildren();
  }

  /** A pending message has got its sid: the node stays. @param {string} old @param {string} sid */
  renamed(old, sid) {
    const node = this.nodes.get(old);
    if (!node) return;
    this.nodes.delete(old);
    this.nodes.set(sid, node);
    node.dataset.sid = sid;
  }

  /** @param {(import("./phone.js").Message|import("./phone.js").Pending)[]} messages in their order */
  render(messages) {
    const follow = this.isAtEnd();
    const wanted = [];
    let day = "";
    let before = null;
    for (const message of messages) {
      const its = calendar.format(new Date(message.at));
      if (its !== day) wanted.push(this.day(its));
      const node = this.node(message);
      node.classList.toggle("message--first", its !== day || before?.mine !== message.mine);
      wanted.push(node);
      day = its;
      before = message;
    }
    this.arrange(wanted);
    const grew = messages.length > this.count;
    this.count = messages.length;
    if (grew && (follow || before?.mine)) this.toEnd();
  }

  /** @param {number} [grown] by how much the list has grown since it was looked at */
  isAtEnd(grown = 0) {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR + grown;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Touch only what differs. @param {HTMLElement[]} wanted */
  arrange(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.list.children]) if (!keep.has(/** @type {HTMLElement} */ (child))) child.remove();
    wanted.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
  }

  /** @param {string} text */
  day(text) {
    const key = `day ${text}`;
    let node = this.nodes.get(key);
    if (!node) {
      node = make("li", "day", text);
      this.nodes.set(key, node);
    }
    return node;
  }

  /** @param {import("./phone.js").Message|import("./phone.js").Pending} message */
  node(message) {
    let node = this.nodes.get(message.sid);
    if (!node) {
      node = message.state === "failed" ? notice(message) : this.bubble(message);
      node.dataset.sid = message.sid;
      this.nodes.set(message.sid, node);
    }
    if (message.mine && node.dataset.state !== message.state) this.showState(node, message);
    return node;
  }

  /** @param {import("./phone.js").Message} message */
  bubble(message) {
    const node = make("li", `message message--${message.mine ? "mine" : "theirs"}`);
    const box = make("div", "bubble");
    for (const media of message.media) box.append(this.picture(media));
    if (message.body) box.append(make("p", "bubble__text", message.body));
    const foot = make("span", "bubble__foot");
    const time = /** @type {HTMLTimeElement} */ (make("time", "", clock.format(new Date(message.at))));
    time.dateTime = message.at;
    foot.append(time);
    box.append(foot);
    node.append(box);
    if (message.buttons?.length) node.append(this.buttons(message));
    return node;
  }

  /** Those that answer can be pressed, the others lead away. @param {import("./phone.js").Message} message */
  buttons(message) {
    const list = make("div", "buttons");
    message.buttons.forEach((button, position) => {
      if (!button.payload) return list.append(link(button.url, button.title));
      const pressed = make("button", "", button.title);
      pressed.setAttribute("type", "button");
      pressed.addEventListener("click", () => this.press(message.sid, position));
      list.append(pressed);
    });
    return list;
  }

  /** @param {{url: string, content_type: string}} media */
  picture(media) {
    if (!media.content_type.startsWith("image/")) return link(media.url);
    const image = /** @type {HTMLImageElement} */ (make("img", "bubble__picture"));
    image.alt = gettext("Picture");
    image.addEventListener("load", () => this.isAtEnd(image.height) && this.toEnd());
    image.src = media.url;
    return image;
  }

  /** @param {HTMLElement} node @param {import("./phone.js").Message|import("./phone.js").Pending} message */
  showState(node, message) {
    node.dataset.state = message.state;
    const [icon, words] = STATES[message.state] ?? STATES.sending;
    const state = make("span", "state");
    state.append(drawn(icon), make("span", "state__words", words()));
    node.querySelector(".state")?.remove();
    node.querySelector(".bubble__foot").append(state);
    node.querySelector(".again")?.remove();
    if (message.state === "unsent") node.append(this.again(message));
  }

  /** @param {import("./phone.js").Message|import("./phone.js").Pending} message */
  again(message) {
    const line = make("p", "again", "error" in message ? `${message.error} ` : "");
    const button = make("button", "", gettext("Try again"));
    button.addEventListener("click", () => this.retry(message.sid));
    line.append(button);
    return line;
  }
}

/** @param {import("./phone.js").Message} message */
function notice(message) {
  const words = gettext("An answer could not reach this phone (%(code)s).");
  return make("li", "notice", words.replace("%(code)s", String(message.error_code ?? "")));
}

/** @param {string} url @param {string} [words] */
function link(url, words) {
  const anchor = /** @type {HTMLAnchorElement} */ (make("a", "bubble__link", words ?? gettext("Attachment")));
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

/** @param {string} icon */
function drawn(icon) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `state__icon ${icon}`);
  use.setAttribute("href", `#${icon}`);
  svg.append(use);
  return svg;
}

/** @param {string} tag @param {string} name @param {string} [text] */
function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}
