/** Announcements to screen readers, through two regions that stand in the page from the start, and focus helpers. */

/** @param {string} id @param {string} text */
function say(id, text) {
  const region = document.getElementById(id);
  if (!region) return;
  const line = document.createElement("p");
  line.textContent = text;
  region.replaceChildren(line);
}

/** When the reader pauses. @param {string} text */
export const announce = (text) => say("say-polite", text);

/** At once; for an offer only. @param {string} text */
export const announceNow = (text) => say("say-assertive", text);

/**
 * Arrow keys, Home and End in a list of controls.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLElement} list
 * @param {string} selector of the controls
 */
export function moveFocus(event, list, selector) {
  const controls = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(selector)]);
  const at = controls.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: controls.length - 1 }[event.key];
  if (target === undefined || !controls.length) return;
  event.preventDefault();
  controls[(target + controls.length) % controls.length].focus();
}

/** After an act of the agent that takes the focused control away: to the conversation's composer or heading. */
export function focusConversation() {
  requestAnimationFrame(() => {
    const target = document.querySelector("#composer-text:not([disabled])") ?? document.getElementById("conversation");
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  });
}
