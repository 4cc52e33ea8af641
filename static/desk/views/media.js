/** Pictures and files of a message. Boxes are fixed, so that nothing jumps when a picture arrives. */
import { fetchAgain } from "../commands.js";
import { html } from "../html.js";
import { fileSize, fill, gettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { outbox } from "../store.js";
import { whyNotFetched } from "../words.js";
import { Icon } from "./icons.js";
import { safeUrl } from "./safe_text.js";

const SHOWABLE = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/i;

/** @param {{icon: string, text: string}} props */
function Placeholder({ icon, text }) {
  return html`<span class="media-box media-missing"><${Icon} name=${icon} /><span>${text}</span></span>`;
}

/** @param {import("../protocol.js").Media} media */
function pictureName({ name }) {
  return name ? fill(gettext("%(name)s. Opens in a new tab"), { name }) : gettext("Picture. Opens in a new tab");
}

/** What is wrong with a customer's file, and another try. @param {{media: import("../protocol.js").Media}} props */
function NotFetched({ media }) {
  const again = Boolean(underWay(outbox.value, "media", media.sid));
  return html`
    <span class="media-box media-missing">
      <${Icon} name="alert" />
      <span><strong>${gettext("This file could not be fetched.")}</strong> ${whyNotFetched(media.failure)}</span>
      <button type="button" class="button button-small" disabled=${again} onClick=${() => fetchAgain(media.sid)}>
        ${again ? gettext("Fetching…") : gettext("Try again")}
      </button>
    </span>
  `;
}

/** @param {{media: import("../protocol.js").Media}} props */
export function MediaBox({ media }) {
  const isPicture = SHOWABLE.test(media.content_type);
  const url = safeUrl(media.url ?? "");
  if (media.status === "failed") return html`<${NotFetched} media=${media} />`;
  if (media.status === "pending" || !media.url || !url)
    return html`<${Placeholder} icon="clock" text=${gettext("The file is on its way…")} />`;
  if (!isPicture) return html`<${FileLine} media=${media} url=${url} />`;
  return html`
    <a class="media-box" href=${url} target="_blank" rel="noopener noreferrer">
      <img src=${safeUrl(media.thumbnail_url ?? "") || url} alt=${pictureName(media)} loading="lazy" decoding="async" width="240" height="180" />
    </a>
  `;
}

/** @param {{media: import("../protocol.js").Media, url: string}} props */
function FileLine({ media, url }) {
  return html`
    <a class="media-file" href=${url} target="_blank" rel="noopener noreferrer">
      <${Icon} name="file" /><span>${media.name || media.content_type || gettext("File")}</span>
      ${media.size ? html`<span class="media-size">${fileSize(media.size)}</span>` : null}
    </a>
  `;
}
