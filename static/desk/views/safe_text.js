/** A message's words: text nodes, and anchors for what is plainly an address. Nothing is ever parsed as HTML. */
import { html } from "../html.js";

const LINK = /(?:https?:\/\/|mailto:|tel:)[^\s<>"'`]+/giu;
/** Marks that end a sentence rather than an address. */
const TRAILING = /[.,;:!?)\]}»”’]+$/u;
const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);

/**
 * An address that may stand in a link, or null.
 *
 * @param {string} text
 * @returns {string|null}
 */
export function safeUrl(text) {
  try {
    const url = new URL(text, location.origin);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @returns {{text: string, href: string|null}[]}
 */
export function parts(text) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TRAILING, "");
    const href = safeUrl(address);
    if (!href) continue;
    if (match.index > at) found.push({ text: text.slice(at, match.index), href: null });
    found.push({ text: address, href });
    at = match.index + address.length;
  }
  if (at < text.length) found.push({ text: text.slice(at), href: null });
  return found;
}

/** @param {{text: string}} props */
export function SafeText({ text }) {
  return parts(text).map(({ text: words, href }) =>
    href ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${words}</a>` : words,
  );
}
