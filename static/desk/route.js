/** Which conversation is open, kept in the address, so that Back and a reload do what one expects: `#CH…/customer`. */
import { batch } from "@preact/signals";

import { active, pane, selected, wrapping } from "./store.js";

/** @param {string} key @param {"conversation"|"customer"} [where] */
export function addressOf(key, where = "conversation") {
  return where === "customer" ? `#${key}/customer` : `#${key}`;
}

/** @param {string} key @param {"conversation"|"customer"} [where] */
export function open(key, where) {
  location.hash = addressOf(key, where);
  read();
}

export function toList() {
  history.pushState(null, "", location.pathname + location.search);
  read();
}

/** The next (1) or previous (-1) line of the work list. @param {number} step */
export function step(step) {
  const keys = [...active.value, ...wrapping.value].map((item) => item.key);
  if (!keys.length) return;
  const at = keys.indexOf(selected.value);
  open(keys[at < 0 ? 0 : (at + step + keys.length) % keys.length]);
}

function read() {
  const [key, where] = decodeURIComponent(location.hash.slice(1)).split("/");
  batch(() => {
    selected.value = key;
    pane.value = key ? (where === "customer" ? "customer" : "conversation") : "list";
  });
}

export function followAddress() {
  window.addEventListener("hashchange", read);
  window.addEventListener("popstate", read);
  read();
}
