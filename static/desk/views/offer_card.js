/** A task that the agent may take: who, from where, how long waiting, the last words, and the time left to answer. */
import { focusConversation } from "../a11y.js";
import { accept, reject } from "../commands.js";
import { customerOf, handoffOf } from "../customer.js";
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { open } from "../route.js";
import { conversationSid, outbox } from "../store.js";
import { channelName } from "../words.js";
import { Avatar } from "./avatar.js";
import { CustomerNumber } from "./customer_number.js";
import { Icon } from "./icons.js";
import { Countdown, Waiting } from "./time.js";

/** @typedef {import("../protocol.js").Reservation} Reservation */

/** Take it and go there. @param {Reservation} offer */
export function take(offer) {
  if (underWay(outbox.value, "reservation", offer.sid)) return;
  accept(offer.sid);
  open(conversationSid(offer) || offer.sid);
  focusConversation();
}

/** @param {{offer: Reservation}} props */
function Buttons({ offer }) {
  const pressed = underWay(outbox.value, "reservation", offer.sid)?.do;
  const busy = Boolean(pressed);
  return html`
    <div class="offer-buttons">
      <button type="button" class="button button-accept" disabled=${busy} aria-keyshortcuts="Alt+A" onClick=${() => take(offer)}>
        <${Icon} name="check" />${pressed === "reservation.accept" ? gettext("Accepting…") : gettext("Accept")}
      </button>
      <button type="button" class="button" disabled=${busy} onClick=${() => reject(offer.sid)}>
        ${pressed === "reservation.reject" ? gettext("Rejecting…") : gettext("Reject")}
      </button>
    </div>
  `;
}

/** @param {{offer: Reservation}} props */
function Words({ offer }) {
  const handoff = handoffOf(offer, null);
  const last = offer.task.attributes.last_message;
  return html`
    ${
      handoff?.summary &&
      html`<p class="offer-summary">
      <${Icon} name="bot" /><span><span class="visually-hidden">${gettext("Summary:")} </span>${handoff.summary}</span>
    </p>`
    }
    ${last && html`<blockquote class="offer-words">${last}</blockquote>`}
  `;
}

/** @param {{offer: Reservation}} props */
export function OfferCard({ offer }) {
  const { task } = offer;
  const { name, address, shown, channel } = customerOf(offer, null);
  const number = shown && html`<${CustomerNumber} address=${address} shown=${shown} />`;
  return html`
    <article class="offer-card" data-reservation=${offer.sid} aria-label=${gettext("Offer")}>
      <header class="offer-head">
        <${Avatar} name=${name} channel=${channel} />
        <div class="offer-who">
          <h3>${name === shown ? number : name}</h3>
          <p>${channelName(channel)}${name !== shown && number && html` · ${number}`}</p>
        </div>
        <${Countdown} from=${offer.date_created} deadline=${offer.expires_at} />
      </header>
      <${Words} offer=${offer} />
      <dl class="offer-facts">
        <div><dt>${gettext("Queue")}</dt><dd>${task.task_queue_friendly_name}</dd></div>
        <div><dt>${gettext("Waiting")}</dt><dd><${Waiting} since=${task.date_created} /></dd></div>
        ${task.priority > 0 && html`<div><dt>${gettext("Priority")}</dt><dd>${task.priority}</dd></div>`}
      </dl>
      <${Buttons} offer=${offer} />
    </article>
  `;
}
