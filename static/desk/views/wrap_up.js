/** After the talk: how it ended, a note for whoever comes next, and done. */
import { useState } from "preact/hooks";

import { complete } from "../commands.js";
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { outbox } from "../store.js";

function outcomes() {
  return [
    ["", gettext("No outcome chosen")],
    ["resolved", gettext("Resolved")],
    ["follow_up", gettext("Needs a follow-up")],
    ["no_answer", gettext("Customer stopped answering")],
    ["spam", gettext("Spam or wrong number")],
  ];
}

/** @param {{task: import("../protocol.js").Task}} props one instance per task (`key`) */
export function WrapUp({ task }) {
  const [disposition, setDisposition] = useState("");
  const [note, setNote] = useState("");
  const busy = Boolean(underWay(outbox.value, "task", task.sid, "task.complete"));
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    complete(task.sid, { disposition, note: note.trim() });
  };
  return html`
    <form class="wrap-up" aria-label=${gettext("Wrap-up")} onSubmit=${onSubmit}>
      <h3>${gettext("Wrapping up")}</h3>
      <label class="field">
        <span>${gettext("Outcome")}</span>
        <select value=${disposition} onChange=${(/** @type {any} */ event) => setDisposition(event.currentTarget.value)}>
          ${outcomes().map(([value, name]) => html`<option value=${value} key=${value}>${name}</option>`)}
        </select>
      </label>
      <label class="field wrap-up-note">
        <span>${gettext("Note")}</span>
        <input type="text" autocomplete="off" maxlength="500" value=${note}
          onInput=${(/** @type {any} */ event) => setNote(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button button-primary" disabled=${busy}>${busy ? gettext("Completing…") : gettext("Complete")}</button>
    </form>
  `;
}
