/** How far an outbound message has come: a ladder of ticks, and for what went wrong the reason and a way on. */
import { resend } from "../commands.js";
import { html } from "../html.js";
import { fill, gettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { TROUBLED } from "../protocol.js";
import { outbox } from "../store.js";
import { deliveryName, whyFailed } from "../words.js";
import { Icon } from "./icons.js";

/** @type {Record<string, string>} */
const ICONS = {
  sent: "check",
  delivered: "checks",
  read: "checks",
  failed: "alert",
  undelivered: "alert",
  unknown: "question",
  canceled: "close",
};

/** @param {{status: string}} props */
export function Ticks({ status }) {
  const name = deliveryName(status);
  return html`<span class="ticks ticks-${status}" data-status=${status} title=${name}>
    <${Icon} name=${ICONS[status] ?? "clock"} label=${name} />
  </span>`;
}

/** @param {{message: import("../protocol.js").Message}} props */
export function Trouble({ message }) {
  if (message.direction !== "outbound" || !TROUBLED.includes(message.status)) return null;
  const again = Boolean(underWay(outbox.value, "message", message.sid));
  const label = message.status === "unknown" ? gettext("Send anyway") : gettext("Resend");
  return html`
    <div class="trouble trouble-${message.status}">
      <${Icon} name=${ICONS[message.status]} />
      <p>
        <strong>${deliveryName(message.status)}.</strong> ${whyFailed(message)}
        ${/^\d+$/.test(String(message.error_code)) ? html` <span class="error-code">${fill(gettext("Error %(code)s"), { code: message.error_code })}</span>` : null}
      </p>
      <button type="button" class="button button-small" disabled=${again} onClick=${() => resend(message.sid)}>
        ${again ? gettext("Sending again…") : label}
      </button>
    </div>
  `;
}
