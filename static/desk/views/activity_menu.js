/** The switch between activities: a menu button in the status bar. */
import { useEffect, useRef, useState } from "preact/hooks";

import { moveFocus } from "../a11y.js";
import { setActivity } from "../commands.js";
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { outbox, state } from "../store.js";
import { Icon } from "./icons.js";

/** @param {{available: boolean}} props */
function Dot({ available }) {
  return html`<span class="dot ${available ? "dot-good" : "dot-away"}" aria-hidden="true"></span>`;
}

/** The activity that the agent has asked for, until the server has said that it is so. */
function wanted() {
  const asked = outbox.value.findLast((entry) => entry.do === "activity.set");
  const isSo = asked?.args.activity === state.value.worker?.activity_sid;
  return isSo ? undefined : state.value.activities.find((row) => row.sid === asked?.args.activity);
}

export function ActivityMenu() {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const button = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(
    () => (isOpen ? openedIn(/** @type {HTMLElement} */ (box.current), () => setOpen(false)) : undefined),
    [isOpen],
  );
  const worker = state.value.worker;
  if (!worker) return null;
  const asked = wanted();
  const shown = asked ?? { friendly_name: worker.activity_name, available: worker.available, sid: worker.activity_sid };

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (/** @type {string} */ sid) => {
    close();
    if (sid !== shown.sid) setActivity(sid);
  };
  return html`
    <div class="menu" ref=${box}>
      <button type="button" class="menu-button activity-button" ref=${button} aria-haspopup="menu" aria-expanded=${String(isOpen)}
        aria-busy=${String(Boolean(asked))} onClick=${() => setOpen(!isOpen)}>
        <${Dot} available=${shown.available} />
        <span class="visually-hidden">${gettext("Activity:")} </span>
        <span class="activity-name">${shown.friendly_name}</span>
        <${Icon} name="chevron" />
      </button>
      ${
        isOpen &&
        html`<div class="menu-list" role="menu" aria-label=${gettext("Activity")}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => keyIn(event, close)}>
        ${state.value.activities.map(
          (
            row,
          ) => html`<button type="button" role="menuitemradio" key=${row.sid} aria-checked=${String(row.sid === shown.sid)}
            onClick=${() => choose(row.sid)}>
            <${Dot} available=${row.available} />
            <span>${row.friendly_name}</span>
            ${row.sid === shown.sid && html`<${Icon} name="check" />`}
          </button>`,
        )}
      </div>`
      }
    </div>
  `;
}

/** @param {KeyboardEvent} event @param {() => void} close */
function keyIn(event, close) {
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close();
    return;
  }
  moveFocus(event, /** @type {HTMLElement} */ (event.currentTarget), "[role=menuitemradio]");
}

/** The agent opened it: focus the chosen entry, and close on a press elsewhere. @param {HTMLElement} box @param {() => void} close */
function openedIn(box, close) {
  const target = box.querySelector("[aria-checked=true]") ?? box.querySelector("[role=menuitemradio]");
  if (target instanceof HTMLElement) target.focus();
  const outside = (/** @type {PointerEvent} */ event) => {
    if (!box.contains(/** @type {Node} */ (event.target))) close();
  };
  document.addEventListener("pointerdown", outside);
  return () => document.removeEventListener("pointerdown", outside);
}
