/** A chosen template: a field for each value, and beside them what the customer will see. */
import { useEffect, useRef, useState } from "preact/hooks";

import { html } from "../html.js";
import { fill, gettext } from "../i18n.js";
import { filled, missing, pieces, tidy } from "../templates.js";
import { SendLater } from "./send_later.js";
import { Attachments, Buttons, Footer } from "./template_parts.js";

/** @typedef {import("../templates.js").Template} Template */
/** @typedef {Record<string, string>} Values */

/** @param {{text: string, values: Values, samples: Values}} props */
function Filled({ text, values, samples }) {
  return pieces(text, values).map((piece, at) => {
    if (!piece.name) return piece.text;
    const kind = piece.text ? "template-value" : "template-value is-missing";
    return html`<mark key=${at} class=${kind}>${piece.text || samples[piece.name] || piece.name}</mark>`;
  });
}

/** @param {{template: Template, values: Values}} props */
function Preview({ template, values }) {
  const { body, footer, buttons, media, samples, language } = template;
  return html`
    <figure class="template-preview">
      <figcaption>${gettext("What the customer will see")}</figcaption>
      <div class="message is-outbound by-agent" lang=${language}>
        <div class="bubble">
          <${Attachments} urls=${media.map((url) => filled(url, values))} />
          <p class="message-body" dir="auto"><${Filled} text=${body} values=${values} samples=${samples} /></p>
          <${Footer} text=${filled(footer, values)} />
          <${Buttons} buttons=${buttons.map((one) => ({ ...one, title: filled(one.title, values), value: filled(one.value, values) }))} />
        </div>
      </div>
    </figure>
  `;
}

/** A name of a value as a label: `{{1}}` reads Value 1, `{{first_name}}` reads first name. @param {string} name */
function labelOf(name) {
  return /^\d+$/.test(name) ? fill(gettext("Value %(n)s"), { n: name }) : name.replaceAll("_", " ");
}

/** @param {{name: string, value: string, sample: string|undefined, isWrong: boolean, onInput: (text: string) => void}} props */
function Field({ name, value, sample, isWrong, onInput }) {
  const id = `template-value-${name}`;
  return html`
    <div class="field">
      <label for=${id}>${labelOf(name)}</label>
      <input id=${id} value=${value} dir="auto" autocomplete="off" maxlength="1024" aria-invalid=${isWrong ? "true" : null}
        aria-describedby=${isWrong ? `${id}-error` : null} placeholder=${sample ? fill(gettext("as in: %(sample)s"), { sample }) : ""}
        onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)} />
      ${isWrong && html`<p class="field-error" id=${`${id}-error`}>${gettext("Write something here.")}</p>`}
    </div>
  `;
}

/** @param {{template: Template, start: Values, send: (values: Values, dueAt: string) => void, back: () => void}} props */
export function TemplateForm({ template, start, send, back }) {
  const [values, setValues] = useState(start);
  const [isTold, setTold] = useState(false);
  const form = useRef(/** @type {HTMLFormElement|null} */ (null));
  const empty = missing(template, values);
  const focusOn = (/** @type {string|undefined} */ name) => {
    const field = name && form.current?.querySelector(`[id="template-value-${name}"]`);
    const target = field || form.current?.querySelector("button[type=submit]");
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  };
  useEffect(() => focusOn(empty[0]), []);
  const tidied = () => Object.fromEntries(template.variables.map((name) => [name, tidy(values[name])]));
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setTold(true);
    if (empty.length) return focusOn(empty[0]);
    send(tidied(), "");
  };
  return html`
    <form class="template-form" ref=${form} onSubmit=${onSubmit} noValidate>
      <div class="template-columns">
        ${
          template.variables.length > 0 &&
          html`<div class="template-fields">
          ${template.variables.map((name) => html`<${Field} key=${name} name=${name} value=${values[name] ?? ""} sample=${template.samples[name]}
            isWrong=${isTold && empty.includes(name)} onInput=${(/** @type {string} */ text) => setValues({ ...values, [name]: text })} />`)}
        </div>`
        }
        <${Preview} template=${template} values=${values} />
      </div>
      <div class="template-foot">
        <button type="button" class="button" onClick=${back}>${gettext("Back")}</button>
        <${SendLater} disabled=${empty.length > 0} until=${Infinity} send=${(/** @type {string} */ dueAt) => send(tidied(), dueAt)} />
        <button type="submit" class="button button-primary">${gettext("Send template")}</button>
      </div>
    </form>
  `;
}
