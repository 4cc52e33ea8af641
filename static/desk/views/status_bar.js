/** Who I am, what I am doing, and whether what I see is live. */
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { askPermission, permission, sound, toggleSound } from "../notify.js";
import { link, state } from "../store.js";
import { ActivityMenu } from "./activity_menu.js";
import { Icon } from "./icons.js";

/** @param {import("../socket.js").LinkName} name */
function linkWords(name) {
  const words = {
    connecting: gettext("Connecting"),
    online: gettext("Live"),
    offline: gettext("Offline"),
    restarting: gettext("Server restarting"),
    ended: gettext("Signed out"),
    denied: gettext("No access"),
  };
  return words[name];
}

function LinkState() {
  const { name } = link.value;
  return html`<span class="link-state link-${name}" role="status" data-link=${name}>
    <span class="link-mark" aria-hidden="true"></span><span class="link-words">${linkWords(name)}</span>
  </span>`;
}

function Notices() {
  const label = sound.value ? gettext("Sound is on. Turn it off") : gettext("Sound is off. Turn it on");
  return html`
    ${
      permission.value === "default" &&
      html`<button type="button" class="button button-quiet ask-notices" onClick=${askPermission}>
      <${Icon} name="bell" /><span>${gettext("Notify me")}</span>
    </button>`
    }
    <button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${toggleSound}>
      <${Icon} name=${sound.value ? "sound" : "mute"} />
    </button>
  `;
}

export function StatusBar() {
  return html`
    <${LinkState} />
    <${Notices} />
    <span class="worker-name">${state.value.worker?.friendly_name}</span>
    <${ActivityMenu} />
  `;
}
