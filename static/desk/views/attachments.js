/** The files that the next message takes along: what each is, how far it has come, what is wrong with it. */
import { attachAgain, detach } from "../attachments.js";
import { html } from "../html.js";
import { fileSize, fill, gettext } from "../i18n.js";
import { Icon } from "./icons.js";

/** @typedef {import("../attachments.js").Attachment} Attachment */

/** @param {{conversation: string, files: Attachment[]}} props */
export function Attachments({ conversation, files }) {
  if (!files.length) return null;
  return html`
    <ul class="attachments" aria-label=${gettext("Attached files")}>
      ${files.map((file) => html`<${Line} key=${file.id} conversation=${conversation} file=${file} />`)}
    </ul>
  `;
}

/** @param {{conversation: string, file: Attachment}} props */
function Line({ conversation, file }) {
  const { id, name, phase } = file;
  const remove = fill(gettext("Remove %(name)s"), { name });
  return html`
    <li class="attachment is-${phase}">
      ${file.preview ? html`<img src=${file.preview} alt="" width="40" height="40" />` : html`<${Icon} name=${file.error ? "alert" : "file"} />`}
      <span class="attachment-what">
        <span class="attachment-name" title=${name}>${name}</span>
        <${State} file=${file} />
      </span>
      ${phase === "lost" && html`<button type="button" class="button button-small" onClick=${() => attachAgain(conversation, id)}>${gettext("Try again")}</button>`}
      <button type="button" class="icon-button" aria-label=${remove} title=${remove} onClick=${() => detach(conversation, id)}>
        <${Icon} name="close" />
      </button>
    </li>
  `;
}

/** @param {{file: Attachment}} props */
function State({ file }) {
  const { phase, error, name, progress, size } = file;
  if (error) return html`<span class="attachment-error" role="alert">${error}</span>`;
  if (phase === "ready") return html`<span class="attachment-size">${fileSize(size)}</span>`;
  return html`<progress max="1" value=${progress} aria-label=${fill(gettext("Uploading %(name)s"), { name })}></progress>`;
}
