/** Where the agent finds a template, fills it in and sends it: in the composer's place, all by keyboard. */
import { useEffect, useRef, useState } from "preact/hooks";

import { moveFocus } from "../a11y.js";
import { postTemplate, schedule } from "../commands.js";
import { html } from "../html.js";
import { fill, gettext, languageName } from "../i18n.js";
import { fetchTemplates, known } from "../templates.js";
import { Icon } from "./icons.js";
import { TemplateForm } from "./template_form.js";

/** @typedef {import("../templates.js").Template} Template */

/** Typing is over after so long. */
const PAUSE_MS = 150;
const ROW = ".template-row";

/** What the server has for these words. @param {string} conversation sid @param {string} words */
function useFound(conversation, words) {
  const [found, setFound] = useState({ page: /** @type {import("../templates.js").Page|null} */ (null), failed: false });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      try {
        setFound({ page: await fetchTemplates(conversation, words, stop.signal), failed: false });
      } catch {
        if (!stop.signal.aborted) setFound((old) => ({ ...old, failed: true }));
      }
    };
    const timer = setTimeout(ask, words ? PAUSE_MS : 0);
    return () => (clearTimeout(timer), stop.abort());
  }, [conversation, words, tries]);
  return { ...found, again: () => setTries(tries + 1) };
}

/** @param {{template: Template, choose: (template: Template) => void}} props */
function Row({ template, choose }) {
  return html`
    <li>
      <button type="button" class="template-row" onClick=${() => choose(template)}>
        <span class="template-name">${template.name.replaceAll("_", " ")} <span class="template-language">${languageName(template.language)}</span></span>
        <span class="template-words" dir="auto" lang=${template.language}>${template.body}</span>
      </button>
    </li>
  `;
}

/** @param {{page: import("../templates.js").Page|null, words: string, choose: (template: Template) => void}} props */
function Results({ page, words, choose }) {
  if (!page) return html`<p class="template-note"><span class="spinner"></span>${gettext("Looking for templates…")}</p>`;
  if (!page.templates.length)
    return html`<p class="template-note">${words ? gettext("No template has these words.") : gettext("There is no template that may be sent here. A supervisor sees all of them in the admin.")}</p>`;
  return html`
    <ul class="template-list" aria-label=${gettext("Templates")}>
      ${page.templates.map((row) => html`<${Row} key=${row.sid} template=${row} choose=${choose} />`)}
    </ul>
    ${page.has_more && html`<p class="template-note">${gettext("There are more. Write some words of the one that you want.")}</p>`}
  `;
}

/** @param {{conversation: string, choose: (template: Template) => void}} props */
function Finder({ conversation, choose }) {
  const [words, setWords] = useState("");
  const { page, failed, again } = useFound(conversation, words.trim());
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const isEnter = event.key === "Enter" && event.target === field.current;
    if (isEnter && page?.templates.length) return event.preventDefault(), choose(page.templates[0]);
    // Home and End belong to the text while one writes.
    if (event.target === field.current && event.key !== "ArrowDown") return;
    moveFocus(event, /** @type {HTMLElement} */ (event.currentTarget), ROW);
  };
  return html`
    <div class="template-finder" onKeyDown=${onKeyDown}>
      <input type="search" class="template-search" ref=${field} value=${words} autocomplete="off" maxlength="200"
        aria-label=${gettext("Find a template")} placeholder=${gettext("Find a template")}
        onInput=${(/** @type {any} */ event) => setWords(event.currentTarget.value)} />
      ${
        failed &&
        html`<p class="template-note">${gettext("The templates could not be loaded.")}
        <button type="button" class="button button-small" onClick=${again}>${gettext("Try again")}</button></p>`
      }
      ${!(failed && !page) && html`<${Results} page=${page} words=${words.trim()} choose=${choose} />`}
    </div>
  `;
}

/** @param {{conversation: import("../protocol.js").Conversation, name: string, close: () => void}} props */
export function TemplatePicker({ conversation, name, close }) {
  const [chosen, setChosen] = useState(/** @type {Template|null} */ (null));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (chosen) setChosen(null);
    else close();
  };
  const send = (/** @type {Record<string, string>} */ values, /** @type {string} */ dueAt) => {
    if (chosen && dueAt) schedule(conversation.sid, dueAt, { content_sid: chosen.sid, content_variables: values });
    else if (chosen) postTemplate(conversation.sid, chosen, values);
    close();
  };
  return html`
    <section class="template-picker" aria-labelledby="template-title" onKeyDown=${onKeyDown}>
      <header class="template-head">
        <h3 id="template-title">${fill(gettext("Template to %(name)s"), { name })}</h3>
        <button type="button" class="icon-button" aria-label=${gettext("Close")} title=${gettext("Close")} onClick=${close}><${Icon} name="close" /></button>
      </header>
      ${
        chosen
          ? html`<${TemplateForm} key=${chosen.sid} template=${chosen} start=${known(chosen, conversation.contact.name)} send=${send} back=${() => setChosen(null)} />`
          : html`<${Finder} conversation=${conversation.sid} choose=${setChosen} />`
      }
    </section>
  `;
}
