/** A person's initials on a colour that stays the same for the same name, with the channel's mark. */
import { html } from "../html.js";
import { channelName } from "../words.js";
import { Icon, channelIcon } from "./icons.js";

const HUES = 8;

/** @param {string} name */
export function initials(name) {
  const words = name
    .replace(/[^\p{L}\p{N}\s]/gu, " ")
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  if (!words.length || /^\d/.test(words[0])) return "";
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters
    .map((word) => [...word][0])
    .join("")
    .toUpperCase();
}

/** @param {string} name */
function hue(name) {
  return [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % HUES;
}

/** @param {{name: string, channel?: string, large?: boolean}} props */
export function Avatar({ name, channel, large }) {
  const letters = initials(name);
  return html`
    <span class="avatar hue-${hue(name)} ${large ? "avatar-large" : ""}">
      <span aria-hidden="true">${letters || html`<${Icon} name="person" />`}</span>
      ${
        channel &&
        html`<span class="avatar-channel channel-${channel}" title=${channelName(channel)}>
        <${Icon} name=${channelIcon(channel)} label=${channelName(channel)} />
      </span>`
      }
    </span>
  `;
}
