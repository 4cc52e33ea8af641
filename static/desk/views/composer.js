/** Where the agent writes. It works without a line; it is closed only when nobody could receive the words. */
import { useEffect, useRef, useState } from "preact/hooks";

import { attach, attachmentsOf, isUploading, readyOf } from "../attachments.js";
import { endsSoon, refusal, takesTemplate, windowLeft } from "../channel.js";
import { now } from "../clock.js";
import { post, sayTyping, schedule } from "../commands.js";
import { html } from "../html.js";
import { fill, gettext, ngettext, spanInWords } from "../i18n.js";
import { underWay } from "../outbox.js";
import { segments } from "../segments.js";
import { drafts, link, outbox, setDraft, state } from "../store.js";
import { Attachments } from "./attachments.js";
import { Icon } from "./icons.js";
import { SendLater } from "./send_later.js";
import { TemplatePicker } from "./template_picker.js";

/** Why nothing can be written, or "". @param {import("../protocol.js").Conversation} conversation */
function closedBecause(conversation) {
  if (conversation.state === "closed")
    return gettext("This conversation is closed. A new message of the customer opens a new one.");
  const me = state.value.worker?.sid;
  if (!conversation.participants.some((person) => person.worker_sid === me))
    return gettext("You do not take part in this conversation.");
  return "";
}

/** @param {"blocked"|"opted-out"|"window-closed"} why @returns {[string, string]} title and text */
function lockWords(why) {
  if (why === "blocked")
    return [gettext("Blocked"), gettext("Nothing is sent to this contact. Whoever unblocks it can write again.")];
  if (why === "opted-out")
    return [
      gettext("Opted out"),
      gettext("The customer has opted out: nothing can be sent. Only the customer can undo this, by writing START."),
    ];
  return [
    gettext("Window closed"),
    gettext("More than 24 hours since the customer's last message: free text can be sent again once they write."),
  ];
}

/** What is forbidden now: by us, by the customer, or by time. @param {{why: "blocked"|"opted-out"|"window-closed", pick: (() => void)|null}} props */
function Locked({ why, pick }) {
  const [title, text] = lockWords(why);
  return html`
    <div class="composer-closed composer-${why}" id="composer-locked">
      <p><${Icon} name=${why === "window-closed" ? "clock" : "alert"} /> <strong>${title}.</strong> ${text}</p>
      ${pick && html`<button type="button" class="button button-primary template-button" onClick=${pick}><${Icon} name="template" />${gettext("Choose a template")}</button>`}
    </div>
  `;
}

/** How long free text may be sent, near the end of the window. @param {{conversation: import("../protocol.js").Conversation}} props */
function WindowLeft({ conversation }) {
  if (!conversation.window) return null;
  const left = windowLeft(conversation, now.value);
  const text = fill(gettext("Free text for %(time)s more"), { time: spanInWords(left) });
  return html`<span class=${endsSoon(conversation, now.value) ? "composer-window is-soon" : "composer-window"}>${text}</span>`;
}

/** What the text costs on a channel that counts parts. @param {{text: string}} props */
function Cost({ text }) {
  if (!text.trim()) return null;
  const { count, dear, units, encoding } = segments(text.trim());
  const room = encoding === "GSM-7" ? (count > 1 ? 153 : 160) : count > 1 ? 67 : 70;
  const size = fill(ngettext("%(units)s of %(room)s characters · %(n)s SMS", "%(units)s of %(room)s characters · %(n)s SMS", count), {
    units,
    room: room * count,
    n: count,
  });
  return html`
    <span class="composer-cost">${size}</span>
    ${dear && html`<span class="composer-dear">${fill(gettext("%(marks)s: 70 instead of 160 characters each"), { marks: [...dear].slice(0, 5).join(" ") })}</span>`}
  `;
}

/** Opens the browser's choice of files. @param {{onFiles: (files: Iterable<File>) => void}} props */
function AttachButton({ onFiles }) {
  const input = useRef(/** @type {HTMLInputElement|null} */ (null));
  const onChange = () => {
    onFiles([...(input.current?.files ?? [])]);
    if (input.current) input.current.value = "";
  };
  return html`
    <input type="file" id="composer-files" ref=${input} multiple hidden onChange=${onChange} />
    <button type="button" class="icon-button attach-button" aria-label=${gettext("Attach files")} title=${gettext("Attach files")}
      onClick=${() => input.current?.click()}>
      <${Icon} name="attach" />
    </button>
  `;
}

/** Files may be dropped anywhere on the conversation. @param {(files: Iterable<File>) => void} onFiles */
function useDrop(onFiles) {
  const [isOver, setOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const pane = document.getElementById("conversation");
    const over = (/** @type {DragEvent} */ event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
      if (event.type === "drop") take.current([...event.dataTransfer.files]);
    };
    const kinds = /** @type {const} */ (["dragover", "dragleave", "drop"]);
    for (const kind of kinds) pane?.addEventListener(kind, over);
    return () => kinds.forEach((kind) => pane?.removeEventListener(kind, over));
  }, []);
  return isOver;
}

/** @param {string} ourName */
function hint(ourName) {
  if (link.value.name !== "online") return gettext("No line: what you write is sent later, once.");
  if (!ourName) return gettext("Enter sends, Shift+Enter starts a new line");
  return fill(gettext("As %(name)s · Enter sends, Shift+Enter starts a new line"), { name: ourName });
}

/** The picker is gone: back to where one writes, or to the button that opens it again. */
function focusAfterPicking() {
  requestAnimationFrame(() => {
    const target = document.querySelector("#composer-text") ?? document.querySelector(".template-button");
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  });
}

/** @param {{conversation: import("../protocol.js").Conversation, name: string}} props */
export function Composer({ conversation, name }) {
  const reason = closedBecause(conversation);
  const why = refusal(conversation, now.value);
  const [isPicking, setPicking] = useState(false);
  const mayPick = takesTemplate(conversation, now.value);
  const pick = mayPick ? () => setPicking(true) : null;
  if (reason) return html`<p class="composer-closed">${reason}</p>`;
  if (isPicking && mayPick) return html`<${TemplatePicker} conversation=${conversation} name=${name} close=${() => (setPicking(false), focusAfterPicking())} />`;
  if (why) return html`<${Locked} why=${why} pick=${pick} />`;
  return html`<${Field} conversation=${conversation} name=${name} pick=${pick} />`;
}

/** @param {{conversation: import("../protocol.js").Conversation, name: string, pick: (() => void)|null}} props */
function Field({ conversation, name, pick }) {
  const key = conversation.sid;
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const onFiles = (/** @type {Iterable<File>} */ files) => {
    attach(key, conversation.channel, files);
    field.current?.focus();
  };
  const isOver = useDrop(onFiles);
  // Accepted with a press: the focus waits on the pane until there is somewhere to write.
  useEffect(() => {
    if (document.activeElement?.id === "conversation") field.current?.focus({ preventScroll: true });
  }, [key]);

  const text = drafts.value[key] ?? "";
  const isScheduling = Boolean(underWay(outbox.value, "conversation", key, "message.schedule"));
  const until = conversation.window?.closes_at ? Date.parse(conversation.window.closes_at) : Infinity;
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
  const onPaste = (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // What was copied from a text processor is a picture of the words as well.
    if (!files.length || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    onFiles(files);
  };
  const busy = isUploading(key);
  const empty = !text.trim() && !readyOf(key).length;
  return html`
    <form class=${isOver ? "composer is-over" : "composer"} onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), send())}>
      <${Attachments} conversation=${key} files=${attachmentsOf(key)} />
      <div class="composer-box">
        <${AttachButton} onFiles=${onFiles} />
        ${
          pick &&
          html`<button type="button" class="icon-button template-button" aria-label=${gettext("Choose a template")}
          title=${gettext("Choose a template")} onClick=${pick}><${Icon} name="template" /></button>`
        }
        <textarea id="composer-text" ref=${field} rows="1" dir="auto" autocomplete="off" maxlength="1600" value=${text}
          aria-describedby="composer-hint composer-facts" aria-label=${fill(gettext("Message to %(name)s"), { name })} placeholder=${fill(gettext("Message to %(name)s"), { name })}
          aria-keyshortcuts="Control+Enter" onInput=${onInput} onKeyDown=${onKeyDown} onPaste=${onPaste}></textarea>
        <${SendLater} disabled=${!text.trim() || isScheduling || attachmentsOf(key).length > 0} until=${until}
          send=${(/** @type {string} */ dueAt) => schedule(key, dueAt, { body: text.trim() })} />
        <button type="submit" class="send-button" disabled=${busy || empty} aria-label=${gettext("Send")} title=${gettext("Send")}>
          <${Icon} name="send" />
        </button>
      </div>
      <div class="composer-foot">
        <p class="composer-hint" id="composer-hint">${busy ? gettext("The message can be sent once the files are up.") : hint(conversation.our_name)}</p>
        <p class="composer-facts" id="composer-facts">
          <${WindowLeft} conversation=${conversation} />${conversation.channel === "sms" && html`<${Cost} text=${text} />`}
        </p>
      </div>
    </form>
  `;
}
