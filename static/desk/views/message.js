/** One message, sent or still in the outbox. */
import { discard, postAgain } from "../commands.js";
import { classes, html, memo } from "../html.js";
import { dateTime, fill, gettext, ngettext, timeOfDay } from "../i18n.js";
import { link } from "../store.js";
import { Ticks, Trouble } from "./delivery.js";
import { After, Before } from "./details.js";
import { Icon } from "./icons.js";
import { MediaBox } from "./media.js";
import { SafeText } from "./safe_text.js";
import { Attachments, Below } from "./template_parts.js";

/** @typedef {import("../protocol.js").Message} Message */

/** @param {{message: Message, isMine: boolean}} props */
function Author({ message, isMine }) {
  const { kind, name } = message.author;
  if (kind === "bot") return html`<p class="message-author"><${Icon} name="bot" />${name || gettext("Bot")}</p>`;
  return html`<p class="message-author">${isMine ? gettext("You") : name || (kind === "customer" ? gettext("Customer") : gettext("Agent"))}</p>`;
}

/** @param {{at: string}} props */
function Time({ at }) {
  return html`<time datetime=${at} title=${dateTime(at)}>${timeOfDay(at)}</time>`;
}

/** @param {{message: Message, isMine: boolean, startsGroup: boolean}} props */
function Row({ message, isMine, startsGroup }) {
  if (message.author.kind === "system")
    return html`<div class="message-system" data-key=${message.sid}><p>${message.body}</p></div>`;
  const outbound = message.direction === "outbound";
  const kinds = classes(
    "message",
    outbound ? "is-outbound" : "is-inbound",
    `by-${message.author.kind}`,
    startsGroup && "starts-group",
  );
  return html`
    <div class=${kinds} data-key=${message.sid} data-ref=${message.ref} data-index=${message.index}>
      ${startsGroup && html`<${Author} message=${message} isMine=${isMine} />`}
      <div class="bubble">
        <${Before} details=${message.details} />
        ${message.media.map((media) => html`<${MediaBox} key=${media.sid} media=${media} />`)}
        ${message.content && html`<${Attachments} urls=${message.content.media} />`}
        ${message.body && html`<p class="message-body" dir="auto"><${SafeText} text=${message.body} /></p>`}
        <${After} details=${message.details} body=${message.body} />
        <${Below} content=${message.content} />
        <p class="message-meta"><${Time} at=${message.date_created} />${outbound && html`<${Ticks} status=${message.status} />`}</p>
      </div>
      <${Trouble} message=${message} />
    </div>
  `;
}

export const MessageRow = memo(Row);

/** @param {{entry: import("../protocol.js").Command}} props */
function Refused({ entry }) {
  return html`
    <div class="trouble">
      <${Icon} name="alert" />
      <p><strong>${gettext("Not accepted.")}</strong> ${entry.error}</p>
      <button type="button" class="button button-small" onClick=${() => postAgain(entry)}>${gettext("Resend")}</button>
      <button type="button" class="button button-small button-quiet" onClick=${() => discard(entry.ref)}>${gettext("Discard")}</button>
    </div>
  `;
}

/** A message of our own that the server has not confirmed. @param {{entry: import("../protocol.js").Command, startsGroup: boolean}} props */
export function PendingRow({ entry, startsGroup }) {
  const files = entry.args.media?.length ?? 0;
  const waits = entry.phase === "waiting" && link.value.name !== "online";
  return html`
    <div class=${classes("message is-outbound by-agent is-pending", startsGroup && "starts-group")} data-key=${entry.ref} data-ref=${entry.ref}>
      ${startsGroup && html`<p class="message-author">${gettext("You")}</p>`}
      <div class="bubble">
        ${files > 0 && html`<p class="media-file"><${Icon} name="file" /><span>${fill(ngettext("%(n)s file", "%(n)s files", files), { n: files })}</span></p>`}
        ${entry.args.body && html`<p class="message-body" dir="auto"><${SafeText} text=${entry.args.body} /></p>`}
        <p class="message-meta">
          ${waits && html`<span>${gettext("Sent once the line is back")}</span>`}
          <${Time} at=${entry.at} /><${Ticks} status=${entry.phase} />
        </p>
      </div>
      ${entry.phase === "failed" && html`<${Refused} entry=${entry} />`}
    </div>
  `;
}
