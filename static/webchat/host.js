/**
 * The page that embeds us. Which sites may is the frame's policy (`frame-ancestors`); here both directions are bound to
 * the one origin that the embedding script names, and to the parent window.
 */

const PREFIX = "contact-chat:";

export class Host {
  /** @param {string|null} origin of the embedding page; null when the chat stands alone */
  constructor(origin) {
    this.origin = window.parent === window ? null : origin;
    /** Whether the visitor can see us at all. */
    this.shown = this.origin === null;
  }

  /** @returns {boolean} */
  get embedded() {
    return this.origin !== null;
  }

  /** @param {(message: {shown: boolean, focus: boolean}) => void} onShown */
  listen(onShown) {
    this.on("shown", ({ shown, focus }) => {
      this.shown = shown === true;
      onShown({ shown: this.shown, focus: focus === true });
    });
    this.tell("ready");
  }

  /** @param {"shown"|"kept"|"changed"} what @param {(data: Record<string, any>) => void} heard */
  on(what, heard) {
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.origin !== this.origin) return;
      if (event.data?.type === PREFIX + what) heard(event.data);
    });
  }

  /** @param {"ready"|"begun"|"close"|"unread"|"recall"|"keep"} what @param {object} [data] */
  tell(what, data = {}) {
    if (this.origin) window.parent.postMessage({ type: PREFIX + what, ...data }, this.origin);
  }
}
