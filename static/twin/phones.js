/**
 * The page of simulated phones: three customers, each with a thread, a composer and the provider between them and us.
 */

import { Phone } from "./phone.js";
import { Faults } from "./faults.js";
import { getJson } from "./http.js";

const SLOW = 1000;
const FAST = 350;
const FAST_FOR = 20_000;

/** @type {import("./phone.js").Customer[]} */
const customers = JSON.parse(document.getElementById("customers").textContent);
const urls = document.body.dataset;
const offline = /** @type {HTMLElement} */ (document.querySelector(".offline"));

let lively = 0;
let timer = 0;
let asking = false;

/** Something is going on: look more often for a while, and look now. */
function wake() {
  lively = Date.now() + FAST_FOR;
  clearTimeout(timer);
  poll();
}

const phones = [...document.querySelectorAll(".phone")].map(
  (section) => new Phone(/** @type {HTMLElement} */ (section), { customers, wake }),
);
const faults = new Faults(/** @type {HTMLDetailsElement} */ (document.querySelector(".faults")), {
  useNumber: (address, name) => phones[0].useCustomer(address, name),
});

/** Ask what is on the screens; only while somebody looks. */
async function poll() {
  if (asking || document.hidden) return;
  asking = true;
  const query = new URLSearchParams(phones.map((phone) => ["phone", phone.address]));
  try {
    const { messages } = await getJson(`${urls.messagesUrl}?${query}`);
    for (const phone of phones) phone.show(messages);
    offline.hidden = true;
  } catch {
    offline.hidden = false;
  }
  asking = false;
  clearTimeout(timer);
  timer = setTimeout(poll, Date.now() < lively ? FAST : SLOW);
}

function tellTime() {
  const now = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "numeric", minute: "2-digit" }).format();
  for (const clock of document.querySelectorAll(".status__clock")) clock.textContent = now;
}

document.addEventListener("visibilitychange", () => document.hidden || wake());
tellTime();
setInterval(tellTime, 10_000);
poll();
faults.start();
