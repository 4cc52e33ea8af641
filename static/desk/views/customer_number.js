/** A customer's number as people read it; what is copied, and what the pointer shows, is the number as machines take it. */
import { html } from "../html.js";

/** @param {{address: string, shown: string}} props */
export function CustomerNumber({ address, shown }) {
  /** @param {ClipboardEvent} event */
  const onCopy = (event) => {
    const picked = String(getSelection() ?? "").trim();
    // A part of it is copied as it stands.
    if (picked !== shown || !event.clipboardData) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", address);
  };
  return html`<data class="customer-number" value=${address} title=${address} onCopy=${onCopy}>${shown}</data>`;
}
