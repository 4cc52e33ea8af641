/** The menu beside the send button: likely times, and a field for any other. */
import { useEffect, useRef, useState } from "preact/hooks";

import { now } from "../clock.js";
import { html } from "../html.js";
import { dateTime, gettext } from "../i18n.js";
import { choices, fromField, problem, toField } from "../later.js";
import { Icon } from "./icons.js";

/** A day and a time, checked when it is given. @param {{start: number, until: number, label: string, give: (at: number) => void}} props */
export function MomentField({ start, until, label, give }) {
  const [text, setText] = useState(Number.isNaN(start) ? "" : toField(start));
  const [wrong, setWrong] = useState("");
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));
  const submit = () => {
    const at = fromField(text);
    const found = problem(at, now.peek(), until);
    setWrong(found);
    if (found) field.current?.focus();
    else give(at);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    submit();
  };
  return html`
    <div class="moment-field">
      <input type="datetime-local" ref=${field} value=${text} aria-label=${gettext("Day and time")} aria-invalid=${wrong ? "true" : null}
        aria-describedby=${wrong ? "moment-wrong" : null} min=${toField(now.peek())} onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
      <button type="button" class="button button-primary" onClick=${submit}>${label}</button>
      ${wrong && html`<p class="field-error" id="moment-wrong" role="alert">${wrong}</p>`}
    </div>
  `;
}

/** @param {{until: number, choose: (at: number) => void, close: () => void}} props */
function Times({ until, choose, close }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    const first = box.current?.querySelector("button, input");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    const outside = (/** @type {PointerEvent} */ event) => {
      const target = /** @type {Element} */ (event.target);
      if (!target.closest(".later")) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  return html`
    <div class="later-times" role="group" aria-label=${gettext("Send later")} ref=${box}>
      ${choices(now.peek(), until).map(
        ({ name, at }) => html`<button type="button" class="later-choice" key=${at} onClick=${() => choose(at)}>
          <span>${name}</span> <time datetime=${new Date(at).toISOString()}>${dateTime(new Date(at).toISOString())}</time>
        </button>`,
      )}
      <${MomentField} start=${NaN} until=${until} label=${gettext("Schedule")} give=${choose} />
    </div>
  `;
}

/** @param {{disabled: boolean, until: number, send: (dueAt: string) => void}} props `until`: when free text ends */
export function SendLater({ disabled, until, send }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef(/** @type {HTMLButtonElement|null} */ (null));
  const close = () => {
    setOpen(false);
    button.current?.focus({ preventScroll: true });
  };
  const choose = (/** @type {number} */ at) => {
    setOpen(false);
    send(new Date(at).toISOString());
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  return html`
    <div class="later" onKeyDown=${onKeyDown}>
      <button type="button" class="icon-button later-button" ref=${button} disabled=${disabled} aria-expanded=${String(isOpen)}
        aria-label=${gettext("Send later")} title=${gettext("Send later")} onClick=${() => setOpen(!isOpen)}><${Icon} name="clock" /></button>
      ${isOpen && html`<${Times} until=${until} choose=${choose} close=${() => setOpen(false)} />`}
    </div>
  `;
}
