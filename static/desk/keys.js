/** Shortcuts, all with a modifier, so that none fires while one writes (WCAG 2.1.4). */
import { focusConversation } from "./a11y.js";
import { step } from "./route.js";
import { offers } from "./store.js";
import { take } from "./views/offer_card.js";

/** @type {Record<string, () => void>} by the key's place, because Alt changes the letter on some systems */
const ALT = {
  KeyA: () => offers.value[0] && take(offers.value[0]),
  KeyJ: () => moved(1),
  KeyK: () => moved(-1),
};

/** @param {number} by */
function moved(by) {
  step(by);
  focusConversation();
}

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    const act = ALT[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
