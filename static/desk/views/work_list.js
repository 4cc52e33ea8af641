/** The left pane: what is offered, what is open, what is being wrapped up. */
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { active, known, offers, wrapping } from "../store.js";
import { AwayNotice, NoWork } from "./empty.js";
import { OfferCard } from "./offer_card.js";
import { WorkLine } from "./work_item.js";

/** @param {{title: string, items: import("../store.js").WorkItem[]}} props */
function Group({ title, items }) {
  if (!items.length) return null;
  return html`
    <section class="work-group" aria-label=${title}>
      <h2>${title} <span class="count">${items.length}</span></h2>
      <ul>
        ${items.map((item) => html`<${WorkLine} key=${item.key} item=${item} />`)}
      </ul>
    </section>
  `;
}

function Offers() {
  if (!offers.value.length) return null;
  return html`
    <section class="work-group work-offers" aria-label=${gettext("Offers")}>
      <h2>${gettext("Offers")} <span class="count">${offers.value.length}</span></h2>
      ${offers.value.map((offer) => html`<${OfferCard} key=${offer.sid} offer=${offer} />`)}
    </section>
  `;
}

export function WorkList() {
  const isEmpty = !offers.value.length && !active.value.length && !wrapping.value.length;
  return html`
    <nav class="pane pane-list" aria-label=${gettext("Work")}>
      <${Offers} />
      ${known.value && !isEmpty && html`<${AwayNotice} />`}
      <${Group} title=${gettext("Conversations")} items=${active.value} />
      <${Group} title=${gettext("Wrapping up")} items=${wrapping.value} />
      ${known.value && isEmpty && html`<${NoWork} />`}
    </nav>
  `;
}
