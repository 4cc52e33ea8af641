/** What a template shows beside its words, in a message and in the preview of one. */
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { safeUrl } from "./safe_text.js";

/** @param {{urls: string[]}} props */
export function Attachments({ urls }) {
  return urls.map((url) => {
    const href = safeUrl(url);
    const words = url.split("/").at(-1) || gettext("File");
    return html`<p class="message-detail" key=${url}>${gettext("File:")} ${href ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${words}</a>` : words}</p>`;
  });
}

/** @param {{text: string}} props */
export function Footer({ text }) {
  return text ? html`<p class="message-footer" dir="auto">${text}</p>` : null;
}

/** The buttons that the customer sees; nothing to press here. @param {{buttons: import("../protocol.js").Button[]}} props */
export function Buttons({ buttons }) {
  if (!buttons.length) return null;
  return html`
    <ul class="message-buttons" aria-label=${gettext("Buttons that the customer sees")}>
      ${buttons.map((button, at) => html`<li key=${at} dir="auto" title=${button.kind === "reply" ? null : button.value}>${button.title}</li>`)}
    </ul>
  `;
}

/** @param {{content: import("../protocol.js").Content|null|undefined}} props */
export function Below({ content }) {
  if (!content) return null;
  return html`<${Footer} text=${content.footer} /><${Buttons} buttons=${content.buttons} />`;
}
