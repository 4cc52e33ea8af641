/** The middle pane: one piece of work, with its head, its messages and what the agent can do. */
import { complete, wrapUp } from "../commands.js";
import { customerOf } from "../customer.js";
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { underWay } from "../outbox.js";
import { addressOf, toList } from "../route.js";
import { current, outbox, selected } from "../store.js";
import { channelName } from "../words.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { CustomerNumber } from "./customer_number.js";
import { Gone, Joining, NothingChosen } from "./empty.js";
import { Icon } from "./icons.js";
import { MessageList } from "./message_list.js";
import { OfferCard } from "./offer_card.js";
import { ScheduledMessages } from "./scheduled.js";
import { WrapUp } from "./wrap_up.js";

/** @typedef {import("../store.js").WorkItem} WorkItem */

/** @param {{task: import("../protocol.js").Task}} props */
function TaskButtons({ task }) {
  const pressed = underWay(outbox.value, "task", task.sid)?.do;
  const busy = Boolean(pressed);
  return html`
    <button type="button" class="button" disabled=${busy} onClick=${() => wrapUp(task.sid)}>${gettext("Wrap up")}</button>
    <button type="button" class="button button-primary" disabled=${busy} onClick=${() => complete(task.sid)}>
      ${pressed === "task.complete" ? gettext("Completing…") : gettext("Complete")}
    </button>
  `;
}

/** @param {{item: WorkItem}} props */
function Head({ item }) {
  const { reservation, conversation } = item;
  const { name, address, shown, channel } = customerOf(reservation, conversation);
  const number = shown && html`<${CustomerNumber} address=${address} shown=${shown} />`;
  const queue = reservation?.task.task_queue_friendly_name;
  return html`
    <header class="conversation-head">
      <button type="button" class="icon-button back-button" aria-label=${gettext("Back to the list")} onClick=${toList}>
        <${Icon} name="back" />
      </button>
      <${Avatar} name=${name} channel=${channel} />
      <div class="conversation-who">
        <h2>${name === shown ? number : name}</h2>
        <p>${channelName(channel)}${name !== shown && number && html` · ${number}`}${queue && ` · ${queue}`}</p>
      </div>
      <a class="icon-button customer-button" href=${addressOf(item.key, "customer")}
        aria-label=${gettext("About the customer")} title=${gettext("About the customer")}>
        <${Icon} name="person" />
      </a>
      ${reservation?.reservation_status === "accepted" && html`<${TaskButtons} task=${reservation.task} />`}
    </header>
  `;
}

/** @param {{item: WorkItem}} props */
function Body({ item }) {
  const { key, reservation, conversation } = item;
  const { name } = customerOf(reservation, conversation);
  const isTalk = Boolean(reservation?.task.attributes.conversation_sid) || Boolean(conversation);
  if (!isTalk)
    return html`<div class="empty"><p>${gettext("This task has no conversation. What is known about it stands beside.")}</p></div>`;
  if (!conversation)
    return reservation?.reservation_status === "wrapping" ? html`<${Gone} />` : html`<${Joining} name=${name} />`;
  return html`<${MessageList} key=${key} conversation=${conversation} />`;
}

/** An offer opened by its address, before anything was decided. @param {{item: WorkItem}} props */
function Offered({ item }) {
  const reservation = /** @type {import("../protocol.js").Reservation} */ (item.reservation);
  const { name } = customerOf(reservation, null);
  const taking = underWay(outbox.value, "reservation", reservation.sid)?.do === "reservation.accept";
  return taking
    ? html`<${Joining} name=${name} />`
    : html`<div class="empty"><${OfferCard} offer=${reservation} /></div>`;
}

function Content() {
  const item = current.value;
  if (!item) return selected.value ? html`<${Gone} />` : html`<${NothingChosen} />`;
  const { reservation, conversation } = item;
  if (reservation?.reservation_status === "pending" && !conversation) return html`<${Offered} item=${item} />`;
  const { name } = customerOf(reservation, conversation);
  return html`
    <${Head} item=${item} />
    <${Body} item=${item} />
    ${reservation?.reservation_status === "wrapping" && html`<${WrapUp} key=${reservation.task.sid} task=${reservation.task} />`}
    ${conversation && html`<${ScheduledMessages} key=${`scheduled-${item.key}`} conversation=${conversation} />`}
    ${conversation && html`<${Composer} key=${`composer-${item.key}`} conversation=${conversation} name=${name} />`}
  `;
}

export function ConversationPane() {
  return html`<section class="pane pane-conversation" id="conversation" tabindex="-1" aria-label=${gettext("Conversation")}><${Content} /></section>`;
}
