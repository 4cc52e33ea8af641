/** Where the agent writes. It works without a line; it is closed only when nobody could receive the words. */
import { useEffect, useRef } from "preact/hooks";

import { post, sayTyping } from "../commands.js";
import { html } from "../html.js";
import { fill, gettext } from "../i18n.js";
import { drafts, link, setDraft, state } from "../store.js";
import { Icon } from "./icons.js";

/** Why nothing can be written, or "". @param {import("../protocol.js").Conversation} conversation */
function closedBecause(conversation) {
  if (conversation.state === "closed")
    return gettext("This conversation is closed. A new message of the customer opens a new one.");
  const me = state.value.worker?.sid;
  if (!conversation.participants.some((person) => person.worker_sid === me))
    return gettext("You do not take part in this conversation.");
  return "";
}

/** @param {string} ourName */
function hint(ourName) {
  if (link.value.name !== "online") return gettext("No line: what you write is sent later, once.");
  if (!ourName) return gettext("Enter sends, Shift+Enter starts a new line");
  return fill(gettext("As %(name)s · Enter sends, Shift+Enter starts a new line"), { name: ourName });
}

/** @param {{conversation: import("../protocol.js").Conversation, name: string}} props */
export function Composer({ conversation, name }) {
  const key = conversation.sid;
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const reason = closedBecause(conversation);
  // Accepted with a press: the focus waits on the pane until there is somewhere to write.
  useEffect(() => {
    if (!reason && document.activeElement?.id === "conversation") field.current?.focus({ preventScroll: true });
  }, [key, reason]);
  if (reason) return html`<p class="composer-closed">${reason}</p>`;

  const text = drafts.value[key] ?? "";
  const send = () => {
    post(key, text);
    field.current?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const onInput = (/** @type {Event} */ event) => {
    const value = /** @type {HTMLTextAreaElement} */ (event.currentTarget).value;
    setDraft(key, value);
    if (value) sayTyping(key);
  };
  return html`
    <form class="composer" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), send())}>
      <div class="composer-box">
        <textarea id="composer-text" ref=${field} rows="1" dir="auto" autocomplete="off" maxlength="1600" value=${text}
          aria-describedby="composer-hint" aria-label=${fill(gettext("Message to %(name)s"), { name })} placeholder=${fill(gettext("Message to %(name)s"), { name })}
          aria-keyshortcuts="Control+Enter" onInput=${onInput} onKeyDown=${onKeyDown}></textarea>
        <button type="submit" class="send-button" disabled=${!text.trim()} aria-label=${gettext("Send")} title=${gettext("Send")}>
          <${Icon} name="send" />
        </button>
      </div>
      <p class="composer-hint" id="composer-hint">${hint(conversation.our_name)}</p>
    </form>
  `;
}
