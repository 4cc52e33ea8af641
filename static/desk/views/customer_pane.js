/** The right pane: who the customer is, what a bot or colleague has left, and the facts of the task. */
import { customerOf, handoffOf } from "../customer.js";
import { html } from "../html.js";
import { dateTime, fill, gettext } from "../i18n.js";
import { addressOf } from "../route.js";
import { current } from "../store.js";
import { channelName } from "../words.js";
import { Avatar } from "./avatar.js";
import { ContactCard } from "./contact_card.js";
import { CustomerNumber } from "./customer_number.js";
import { Facts } from "./facts.js";
import { Icon } from "./icons.js";
import { SafeText } from "./safe_text.js";
import { Waiting } from "./time.js";

/** Attributes that the pane shows in words of its own. */
const SHOWN = new Set([
  "conversation_sid",
  "channel",
  "from",
  "to",
  "name",
  "last_message",
  "summary",
  "handed_off",
  "handoff",
  "skills",
  "customer_address",
  "customer_shown",
]);

/** @param {unknown} value */
function plain(value) {
  if (value === true) return gettext("yes");
  if (value === false) return gettext("no");
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

/** @param {string} name of a JSON field, as in order_number */
function humane(name) {
  const words = name.replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value as data has it, in words; "" for nothing. @param {unknown} value */
function shown(value) {
  if (value === undefined || value === null || value === "") return "";
  return html`<${SafeText} text=${plain(value)} />`;
}

/** @param {{handoff: NonNullable<ReturnType<typeof handoffOf>>}} props */
function Handoff({ handoff }) {
  const { summary, by, context, transcript } = handoff;
  return html`
    <section class="card handoff">
      <h3><${Icon} name="bot" />${by ? fill(gettext("Handed over by %(name)s"), { name: by }) : gettext("Handed over")}</h3>
      ${summary && html`<p class="handoff-summary">${summary}</p>`}
      <${Facts} rows=${Object.entries(context).map(([name, value]) => [humane(name), shown(value)])} />
      ${
        transcript.length > 0 &&
        html`<details open=${transcript.length <= 12}>
        <summary>${gettext("What was said before")}<span class="count">${transcript.length}</span></summary>
        <ol class="transcript">
          ${transcript.map((row, at) => html`<li key=${at}><strong>${humane(row.author)}</strong><p><${SafeText} text=${row.body} /></p></li>`)}
        </ol>
      </details>`
      }
    </section>
  `;
}

/** @param {{task: import("../protocol.js").Task}} props */
function TaskFacts({ task }) {
  const others = Object.entries(task.attributes).filter(([name]) => !SHOWN.has(name));
  /** @type {[string, any][]} */
  const rows = [
    [gettext("Queue"), task.task_queue_friendly_name],
    [gettext("Workflow"), task.workflow_friendly_name],
    [gettext("Priority"), String(task.priority)],
    [gettext("Skills"), shown(task.attributes.skills?.join?.(", "))],
    [gettext("Came in"), dateTime(task.date_created)],
    [gettext("Age"), html`<${Waiting} since=${task.date_created} />`],
    ...others.map(([name, value]) => /** @type {[string, any]} */ ([humane(name), shown(value)])),
  ];
  return html`<section class="card"><h3>${gettext("Task")}</h3><${Facts} rows=${rows} /></section>`;
}

/** @param {{item: import("../store.js").WorkItem}} props */
function About({ item }) {
  const { reservation, conversation } = item;
  const { name, address, shown: readable, channel, ourName } = customerOf(reservation, conversation);
  const handoff = handoffOf(reservation, conversation);
  return html`
    <div class="profile">
      <${Avatar} name=${name} channel=${channel} large=${true} />
      <h2>${name}</h2>
      ${address && readable !== name && html`<p><${CustomerNumber} address=${address} shown=${readable} /></p>`}
    </div>
    ${handoff && html`<${Handoff} handoff=${handoff} />`}
    ${conversation && html`<${ContactCard} conversation=${conversation} />`}
    <section class="card">
      <h3>${gettext("Contact")}</h3>
      <${Facts} rows=${[
        [gettext("Channel"), channelName(channel)],
        [gettext("Writes to"), ourName],
        [gettext("Campaign"), conversation?.attributes?.campaign?.name],
        [gettext("Since"), conversation ? dateTime(conversation.date_created) : ""],
      ]} />
    </section>
    ${reservation && html`<${TaskFacts} task=${reservation.task} />`}
  `;
}

export function CustomerPane() {
  const item = current.value;
  if (!item) return null;
  return html`
    <aside class="pane pane-customer" aria-label=${gettext("Customer")}>
      <a class="icon-button customer-close" href=${addressOf(item.key)} aria-label=${gettext("Back to the conversation")}><${Icon} name="close" /></a>
      <${About} key=${item.key} item=${item} />
    </aside>
  `;
}
