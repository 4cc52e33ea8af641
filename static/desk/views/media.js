/** Pictures and files of a message. Boxes are fixed, so that nothing jumps when a picture arrives. */
import { html } from "../html.js";
import { fileSize, gettext } from "../i18n.js";
import { Icon } from "./icons.js";
import { safeUrl } from "./safe_text.js";

const SHOWABLE = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/i;

/** @param {{icon: string, text: string}} props */
function Placeholder({ icon, text }) {
  return html`<span class="media-box media-missing"><${Icon} name=${icon} /><span>${text}</span></span>`;
}

/** @param {{media: import("../protocol.js").Media}} props */
export function MediaBox({ media }) {
  const isPicture = SHOWABLE.test(media.content_type);
  const url = safeUrl(media.url ?? "");
  if (media.status === "failed")
    return html`<${Placeholder} icon="alert" text=${gettext("This file could not be fetched.")} />`;
  if (media.status === "pending" || !media.url || !url)
    return html`<${Placeholder} icon="clock" text=${gettext("The file is on its way…")} />`;
  if (!isPicture) return html`<${FileLine} media=${media} url=${url} />`;
  return html`
    <a class="media-box" href=${url} target="_blank" rel="noopener noreferrer">
      <img src=${safeUrl(media.thumbnail_url ?? "") || url} alt=${gettext("Picture. Opens in a new tab")} loading="lazy" decoding="async" width="240" height="180" />
    </a>
  `;
}

/** @param {{media: import("../protocol.js").Media, url: string}} props */
function FileLine({ media, url }) {
  return html`
    <a class="media-file" href=${url} target="_blank" rel="noopener noreferrer">
      <${Icon} name="file" /><span>${media.content_type || gettext("File")}</span>
      ${media.size ? html`<span class="media-size">${fileSize(media.size)}</span>` : null}
    </a>
  `;
}
