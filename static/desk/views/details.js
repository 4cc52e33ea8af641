/** What a customer's message says beside its words: a place, a pressed button, what it answers, where it came from. */
import { html } from "../html.js";
import { fill, gettext } from "../i18n.js";
import { safeUrl } from "./safe_text.js";

/** @typedef {import("../protocol.js").Details} Details */

/**
 * The place on a map, or null for what is none.
 *
 * @param {Details["location"]} location
 * @returns {string|null}
 */
export function mapUrl(location) {
  const { latitude, longitude } = location ?? {};
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return null;
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
}

/** @param {{href: string|null, words: string}} props */
function Outside({ href, words }) {
  if (!href) return words;
  return html`<a href=${href} target="_blank" rel="noopener noreferrer">${words}</a>`;
}

/** @param {{location: NonNullable<Details["location"]>}} props */
function Place({ location }) {
  const { name, address, latitude, longitude } = location;
  const words = [name, address].filter(Boolean).join(", ") || `${latitude}, ${longitude}`;
  return html`<p class="message-detail">${gettext("Location:")} <${Outside} href=${mapUrl(location)} words=${words} /></p>`;
}

/** @param {{referral: NonNullable<Details["referral"]>}} props */
function Referral({ referral }) {
  const words = referral.headline || referral.body || referral.source_url || referral.source_type;
  const href = referral.source_url ? safeUrl(referral.source_url) : null;
  return html`<p class="message-detail">${gettext("Came from an ad:")} <${Outside} href=${href} words=${words} /></p>`;
}

/** Stands above the words. @param {{details: Details|undefined}} props */
export function Before({ details }) {
  const { forwarded, referral, quote } = details ?? {};
  return [
    forwarded &&
      html`<p class="message-detail">${forwarded === "often" ? gettext("Forwarded many times") : gettext("Forwarded")}</p>`,
    referral && html`<${Referral} referral=${referral} />`,
    quote && html`<blockquote class="message-quote" dir="auto">${quote.body || gettext("Answers an earlier message")}</blockquote>`,
  ];
}

/** Stands below the words. @param {{details: Details|undefined, body: string}} props */
export function After({ details, body }) {
  const { location, choice } = details ?? {};
  const words = choice && choice.text !== body ? choice.text || choice.payload : "";
  return [
    location && html`<${Place} location=${location} />`,
    choice && words && html`<p class="message-detail">${fill(gettext("Chose: %(choice)s"), { choice: words })}</p>`,
    choice && !words && html`<p class="message-detail">${gettext("Chosen from the options")}</p>`,
  ];
}
