/** Name and fields of a customer, all at once; the server says which one is wrong. */
import { useState } from "preact/hooks";

import { html } from "../html.js";
import { gettext } from "../i18n.js";

/** @typedef {import("../contacts.js").Contact} Contact */
/** @typedef {import("../contacts.js").Field} Field */

/** @param {{id: string, error: string}} props */
function Problem({ id, error }) {
  return error ? html`<span class="field-error" id=${id} role="alert">${error}</span>` : null;
}

/** @param {{field: Field, value: string, error: string, onInput: (text: string) => void}} props */
function Box({ field, value, error, onInput }) {
  const id = `field-${field.key}`;
  const common = {
    id,
    value,
    "aria-invalid": String(Boolean(error)),
    "aria-describedby": `${id}-error`,
    onInput: (/** @type {any} */ event) => onInput(event.currentTarget.value),
  };
  const known = [...new Set([...field.choices, ...(value ? [value] : [])])];
  const box =
    field.kind === "choice"
      ? html`<select ...${common}><option value="">–</option>${known.map((each) => html`<option value=${each} key=${each}>${each}</option>`)}</select>`
      : html`<input ...${common} type=${field.kind === "date" ? "date" : "text"} autocomplete="off" maxlength="500"
          inputmode=${field.kind === "number" ? "decimal" : undefined} />`;
  return html`<div class="field"><label for=${id}>${field.label}${field.required && " *"}</label>${box}<${Problem} id=${`${id}-error`} error=${error} /></div>`;
}

/** @param {{contact: Contact, change: (what: any) => Promise<void>, close: () => void}} props */
export function ContactForm({ contact, change, close }) {
  const [name, setName] = useState(contact.name);
  const [values, setValues] = useState(Object.fromEntries(contact.fields.map(({ key, value }) => [key, value])));
  const [wrong, setWrong] = useState({ field: "", message: "" });
  const [isBusy, setBusy] = useState(false);
  const errorOf = (/** @type {string} */ field) => (wrong.field === field ? wrong.message : "");
  const known = ["name", ...contact.fields.map(({ key }) => `fields.${key}`)];

  const onSubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    // What was not touched is not sent: a required field that stands empty must not keep the others from being saved.
    const touched = contact.fields.filter(({ key, value }) => values[key] !== value).map(({ key }) => [key, values[key]]);
    try {
      await change({ do: "save", name, fields: Object.fromEntries(touched) });
      close();
    } catch (error) {
      const { field = "", message = "" } = /** @type {any} */ (error);
      setWrong({ field, message: message || gettext("That did not work. Try again.") });
      setBusy(false);
    }
  };
  const nameBox = { key: "name", label: gettext("Name"), kind: /** @type {const} */ ("text"), choices: [], required: false, value: name };
  return html`
    <form class="contact-form" aria-label=${gettext("Edit the customer")} onSubmit=${onSubmit} novalidate>
      <${Box} field=${nameBox} value=${name} error=${errorOf("name")} onInput=${setName} />
      ${contact.fields.map(
        (field) => html`<${Box} key=${field.key} field=${field} value=${values[field.key]} error=${errorOf(`fields.${field.key}`)}
          onInput=${(/** @type {string} */ text) => setValues({ ...values, [field.key]: text })} />`,
      )}
      ${wrong.message && !known.includes(wrong.field) && html`<p class="field-error" role="alert">${wrong.message}</p>`}
      <div class="contact-verbs">
        <button type="submit" class="button button-small button-primary" disabled=${isBusy}>${gettext("Save")}</button>
        <button type="button" class="button button-small button-quiet" onClick=${close}>${gettext("Cancel")}</button>
      </div>
    </form>
  `;
}
