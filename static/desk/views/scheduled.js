/** What is to be said later in the open conversation: when, and how to change it or call it off. */
import { useState } from "preact/hooks";

import { cancelScheduled, changeScheduled } from "../commands.js";
import { html } from "../html.js";
import { dateTime, fill, gettext, ngettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { outbox, scheduledIn } from "../store.js";
import { whyFailed } from "../words.js";
import { Icon } from "./icons.js";
import { MomentField } from "./send_later.js";

/** @typedef {import("../protocol.js").Scheduled} Scheduled */

/** @param {{row: Scheduled, until: number, done: () => void}} props */
function Change({ row, until, done }) {
  const [body, setBody] = useState(row.body);
  const give = (/** @type {number} */ at) => {
    if (!row.content && !body.trim()) return;
    changeScheduled(row.sid, new Date(at).toISOString(), row.content ? undefined : body.trim());
    done();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") event.preventDefault(), done();
  };
  return html`
    <div class="scheduled-change" onKeyDown=${onKeyDown}>
      ${
        row.content
          ? html`<p class="scheduled-words" dir="auto">${row.body}</p>`
          : html`<textarea rows="2" dir="auto" maxlength="1600" value=${body} aria-label=${gettext("Text")}
            onInput=${(/** @type {any} */ event) => setBody(event.currentTarget.value)}></textarea>`
      }
      <div class="scheduled-buttons">
        <${MomentField} start=${Date.parse(row.due_at)} until=${row.content ? Infinity : until} label=${gettext("Save")} give=${give} />
        <button type="button" class="button button-quiet" onClick=${done}>${gettext("Back")}</button>
      </div>
    </div>
  `;
}

/** @param {{row: Scheduled, change: () => void}} props */
function Row({ row, change }) {
  const busy = Boolean(underWay(outbox.value, "scheduled", row.sid));
  const failed = row.status === "failed";
  return html`
    <p class="scheduled-when"><${Icon} name=${failed ? "alert" : "clock"} /><time datetime=${row.due_at}>${dateTime(row.due_at)}</time>
      <span>${failed ? gettext("Not sent") : fill(gettext("by %(name)s"), { name: row.author.name })}</span></p>
    <p class="scheduled-words" dir="auto">${row.body}</p>
    ${failed && html`<p class="scheduled-why">${whyFailed(row)}</p>`}
    <div class="scheduled-buttons">
      ${!failed && html`<button type="button" class="button button-small" disabled=${busy} onClick=${change}>${gettext("Change")}</button>`}
      <button type="button" class="button button-small" disabled=${busy} onClick=${() => cancelScheduled(row.sid)}>
        ${failed ? gettext("Discard") : gettext("Do not send")}
      </button>
    </div>
  `;
}

/** @param {{conversation: import("../protocol.js").Conversation}} props */
export function ScheduledMessages({ conversation }) {
  const [changing, setChanging] = useState("");
  const rows = scheduledIn(conversation.sid);
  if (!rows.length) return null;
  const closes = conversation.window?.closes_at;
  const until = conversation.window ? (closes ? Date.parse(closes) : 0) : Infinity;
  return html`
    <details class="scheduled" open>
      <summary>${fill(ngettext("%(n)s scheduled message", "%(n)s scheduled messages", rows.length), { n: rows.length })}</summary>
      <ul>
        ${rows.map(
          (row) => html`<li key=${row.sid} class="scheduled-row is-${row.status}">
          ${
            changing === row.sid && row.status === "scheduled"
              ? html`<${Change} row=${row} until=${until} done=${() => setChanging("")} />`
              : html`<${Row} row=${row} change=${() => setChanging(row.sid)} />`
          }
        </li>`,
        )}
      </ul>
    </details>
  `;
}
