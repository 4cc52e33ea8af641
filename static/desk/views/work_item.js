/** One line of the work list. */
import { customerOf, handoffOf } from "../customer.js";
import { classes, html } from "../html.js";
import { fill, gettext, ngettext } from "../i18n.js";
import { TROUBLED } from "../protocol.js";
import { addressOf } from "../route.js";
import { drafts, pendingOf, rowsOf, selected, typing, unreadOf } from "../store.js";
import { now } from "../clock.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icons.js";
import { Ago } from "./time.js";

/** @param {string} key */
export function isTyping(key) {
  const blip = typing.value[key];
  return Boolean(blip) && blip.until > now.value;
}

/** The second line: what matters most about the conversation now. @param {{item: import("../store.js").WorkItem}} props */
function Preview({ item }) {
  const { key, conversation, reservation } = item;
  if (isTyping(key)) return html`<span class="preview-typing">${gettext("typing…")}</span>`;
  const draft = key !== selected.value && drafts.value[key];
  if (draft) return html`<span class="preview-draft">${gettext("Draft:")}</span> ${draft}`;
  const last = conversation?.last_message;
  if (!last) {
    const words = reservation?.task.attributes.last_message || handoffOf(reservation, conversation)?.summary;
    return words || reservation?.task.task_queue_friendly_name || "";
  }
  if (last.author_kind === "agent")
    return html`<span class="preview-own">${gettext("You:")}</span> ${last.body || gettext("Picture")}`;
  return last.body || gettext("Picture");
}

/** Has one of the last messages gone wrong? @param {string} key */
function isTroubled(key) {
  const lately = rowsOf(key)
    .slice(-20)
    .some((row) => row.direction === "outbound" && TROUBLED.includes(row.status));
  return lately || pendingOf(key).some((entry) => entry.phase === "failed");
}

/** @param {{count: number}} props */
function Unread({ count }) {
  if (!count) return null;
  const words = fill(ngettext("%(n)s unread message", "%(n)s unread messages", count), { n: count });
  return html`<span class="unread"><span aria-hidden="true">${count > 99 ? "99+" : count}</span><span class="visually-hidden">${words}</span></span>`;
}

/** @param {{item: import("../store.js").WorkItem}} props */
export function WorkLine({ item }) {
  const { name, channel } = customerOf(item.reservation, item.conversation);
  const count = unreadOf(item.conversation);
  const at =
    item.conversation?.last_message?.date_created ?? item.reservation?.date_created ?? item.conversation?.date_created;
  const isOpen = item.key === selected.value;
  return html`
    <li>
      <a class=${classes("work-line", isOpen && "is-open", count > 0 && "is-unread")} href=${addressOf(item.key)} data-item=${item.key}
        aria-current=${isOpen ? "true" : undefined}>
        <${Avatar} name=${name} channel=${channel} />
        <span class="work-name">${name}</span>
        ${at && html`<${Ago} at=${at} />`}
        <span class="work-preview"><${Preview} item=${item} /></span>
        ${isTroubled(item.key) && html`<span class="work-trouble"><${Icon} name="alert" label=${gettext("A message was not delivered")} /></span>`}
        <${Unread} count=${count} />
      </a>
    </li>
  `;
}
