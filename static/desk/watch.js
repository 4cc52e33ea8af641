/** What happens on its own and must not be missed: new offers, offers that end, messages out of sight. */
import { effect } from "@preact/signals";

import { announce, announceNow } from "./a11y.js";
import { now, timeLeft } from "./clock.js";
import { customerOf } from "./customer.js";
import { fill, gettext } from "./i18n.js";
import { badge, beep, systemNotice } from "./notify.js";
import { active, conversationSid, offers, selected, state, toast, unreadOf, unreadTotal } from "./store.js";
import { channelName, offerEnded } from "./words.js";

/** Seconds before the deadline at which a screen reader is told once more. */
const LAST_CALL = 10;

/** @param {import("./protocol.js").Reservation} row */
function nameOf(row) {
  return customerOf(row, state.value.conversations[conversationSid(row)] ?? null).name;
}

function watchOffers() {
  const called = new Set();
  effect(() => {
    for (const row of offers.value) {
      if (called.has(row.sid)) continue;
      called.add(row.sid);
      call(row);
    }
  });
}

/** @param {import("./protocol.js").Reservation} row */
function call(row) {
  const values = { channel: channelName(customerOf(row, null).channel), name: nameOf(row) };
  announceNow(fill(gettext("New offer: %(channel)s from %(name)s. Alt+A accepts."), values));
  beep("offer");
  systemNotice(fill(gettext("%(channel)s from %(name)s"), values), row.task.attributes.last_message ?? "", row.sid);
}

function watchDeadlines() {
  const warned = new Set();
  effect(() => {
    for (const row of offers.value) {
      const { seconds } = timeLeft(row.date_created, row.expires_at, now.value);
      if (seconds > LAST_CALL || warned.has(row.sid)) continue;
      warned.add(row.sid);
      announce(
        fill(gettext("The offer of %(name)s ends in %(n)s seconds."), { name: nameOf(row), n: Math.ceil(seconds) }),
      );
    }
  });
}

/** An offer that ended without the agent is explained, or it would look as if it had been lost. */
function watchEnds() {
  /** @type {Map<string, string>} */
  let before = new Map();
  effect(() => {
    const rows = Object.values(state.value.reservations);
    for (const row of rows) {
      if (before.get(row.sid) !== "pending") continue;
      const words = offerEnded(row.reservation_status, nameOf(row));
      if (words) toast(words);
    }
    before = new Map(rows.map((row) => [row.sid, row.reservation_status]));
  });
}

/** The server may change the agent's activity, as after a missed offer. */
function watchActivity() {
  /** @type {boolean|undefined} */
  let available;
  effect(() => {
    const worker = state.value.worker;
    if (available && worker && !worker.available)
      announce(fill(gettext("You are now: %(activity)s."), { activity: worker.activity_name }));
    available = worker?.available;
  });
}

/** A customer's words that the agent does not see right now. */
function watchMessages() {
  let before = Infinity;
  effect(() => {
    const seen = document.hidden ? "" : selected.value;
    const total = active.value.reduce((sum, item) => sum + (item.key === seen ? 0 : unreadOf(item.conversation)), 0);
    if (total > before) beep("message");
    before = total;
  });
}

export function startWatching() {
  watchOffers();
  watchDeadlines();
  watchEnds();
  watchActivity();
  watchMessages();
  effect(() => badge(offers.value.length + unreadTotal.value));
}
