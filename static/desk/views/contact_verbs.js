/** What is asked before a customer is blocked, or found to be somebody whom we know already. */
import { useEffect, useRef, useState } from "preact/hooks";

import { findContacts } from "../contacts.js";
import { html } from "../html.js";
import { fill, gettext } from "../i18n.js";
import { channelIcon, Icon } from "./icons.js";

/** @typedef {import("../contacts.js").Found} Found */

/** So long after the last key the server is asked. */
const PAUSE_MS = 250;

/** @param {{change: (what: any) => Promise<void>, close: () => void}} props */
export function BlockForm({ change, close }) {
  const [reason, setReason] = useState("");
  const [wrong, setWrong] = useState("");
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    change({ do: "block", reason }).then(close, (error) => setWrong(error.message || gettext("That did not work. Try again.")));
  };
  return html`
    <form class="contact-form" aria-label=${gettext("Block")} onSubmit=${onSubmit}>
      <p>${gettext("What the customer writes is kept, but nobody is asked to answer, and nothing is sent.")}</p>
      <label class="field"><span>${gettext("Reason")}</span>
        <input type="text" autocomplete="off" maxlength="200" required value=${reason} onInput=${(/** @type {any} */ event) => setReason(event.currentTarget.value)} />
      </label>
      ${wrong && html`<p class="field-error" role="alert">${wrong}</p>`}
      <div class="contact-verbs">
        <button type="submit" class="button button-small button-danger" disabled=${!reason.trim()}>${gettext("Block")}</button>
        <button type="button" class="button button-small button-quiet" onClick=${close}>${gettext("Cancel")}</button>
      </div>
    </form>
  `;
}

/** Whom these words find; null before anything was found. @param {string} words @param {string} but */
function useFound(words, but) {
  const [found, setFound] = useState(/** @type {Found[]|null} */ (null));
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    if (words.trim().length < 2) return setFound(null);
    const wait = setTimeout(() => {
      findContacts(words, but).then(
        (rows) => mine === asked.current && setFound(rows),
        () => mine === asked.current && setFound([]),
      );
    }, PAUSE_MS);
    return () => clearTimeout(wait);
  }, [words, but]);
  return found;
}

/** @param {{contact: import("../contacts.js").Contact, change: (what: any) => Promise<void>, close: () => void}} props */
export function MergeForm({ contact, change, close }) {
  const [words, setWords] = useState("");
  const [wrong, setWrong] = useState("");
  const found = useFound(words, contact.sid);
  const merge = (/** @type {Found} */ other) =>
    change({ do: "merge", other: other.sid }).then(close, (error) =>
      setWrong(error.message || gettext("That did not work. Try again.")),
    );
  return html`
    <form class="contact-form" role="search" aria-label=${gettext("Merge with another contact")} onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <p>${gettext("Is this customer somebody you know already? Both become one contact; it can be undone.")}</p>
      <label class="field"><span>${gettext("Name, number or field")}</span>
        <input type="search" autocomplete="off" value=${words} onInput=${(/** @type {any} */ event) => setWords(event.currentTarget.value)} />
      </label>
      <ul class="contacts-found" aria-live="polite">
        ${found?.map(
          (row) => html`<li key=${row.sid}>
            <span class="found-who"><strong>${row.name || gettext("Nameless")}</strong>
              <small>${row.channels.map((channel) => html`<${Icon} key=${channel} name=${channelIcon(channel)} />`)} ${row.addresses.join(", ")}</small></span>
            <button type="button" class="button button-small" aria-label=${fill(gettext("Merge with %(name)s"), { name: row.name || row.addresses[0] })}
              onClick=${() => merge(row)}>${gettext("Merge")}</button>
          </li>`,
        )}
        ${found?.length === 0 && html`<li>${gettext("Nobody was found.")}</li>`}
      </ul>
      ${wrong && html`<p class="field-error" role="alert">${wrong}</p>`}
      <div class="contact-verbs"><button type="button" class="button button-small button-quiet" onClick=${close}>${gettext("Cancel")}</button></div>
    </form>
  `;
}
