/** Who the customer is, and what an agent may do about it: names, fields, identities, consent, block, merge, split. */
import { useEffect, useState } from "preact/hooks";

import { changeContact, readContact } from "../contacts.js";
import { html } from "../html.js";
import { calendarDay, dateTime, fill, gettext } from "../i18n.js";
import { toast } from "../store.js";
import { channelName } from "../words.js";
import { ContactForm } from "./contact_form.js";
import { BlockForm, MergeForm } from "./contact_verbs.js";
import { Facts } from "./facts.js";
import { channelIcon, Icon } from "./icons.js";
import { PastTalks } from "./past_talks.js";

/** @typedef {import("../contacts.js").Contact} Contact */
/** @typedef {(change: {do: string} & Record<string, unknown>) => Promise<void>} Change throws `Refused` */

/** A value of a field, as people read it. @param {import("../contacts.js").Field} field */
function valueOf({ kind, value }) {
  return kind === "date" && value ? calendarDay(value) : value;
}

/** @param {{contact: Contact, change: Change}} props */
function Identities({ contact, change }) {
  const isOne = contact.identities.length === 1;
  return html`
    <ul class="identities" aria-label=${gettext("Identities")}>
      ${contact.identities.map(
        ({ address, channel, shown, opted_out: isOut }) => html`<li key=${address}>
          <${Icon} name=${channelIcon(channel)} label=${channelName(channel)} />
          <span class="identity-address">${channel === "webchat" ? gettext("Web chat") : shown}</span>
          ${isOut && html`<span class="tag tag-bad">${gettext("Opted out")}</span>`}
          ${
            !isOne &&
            html`<button type="button" class="button button-small button-quiet" onClick=${() => told(change({ do: "split", address }))}>
            ${gettext("Split off")}
          </button>`
          }
        </li>`,
      )}
    </ul>
  `;
}

/** What the ledger says of each pair of addresses. @param {{contact: Contact}} props */
function Consents({ contact }) {
  const rows = contact.consents.map(
    (line) =>
      /** @type {[string, any]} */ ([
        `${channelName(line.channel)} · ${line.our_name}`,
        `${line.what === "withdrawn" ? gettext("Opted out") : gettext("Opted in")} · ${dateTime(line.date_created)}`,
      ]),
  );
  if (!rows.length) return null;
  return html`<h4>${gettext("Consent")}</h4><${Facts} rows=${rows} />`;
}

/** @param {{contact: Contact, change: Change}} props */
function Blocked({ contact, change }) {
  if (!contact.blocked) return null;
  return html`
    <p class="contact-blocked">
      <${Icon} name="alert" />
      <span><strong>${gettext("Blocked")}</strong>${contact.blocked_reason && ` · ${contact.blocked_reason}`}</span>
      <button type="button" class="button button-small" onClick=${() => told(change({ do: "unblock" }))}>${gettext("Unblock")}</button>
    </p>
  `;
}

/** @param {{contact: Contact, change: Change}} props */
function Undo({ contact, change }) {
  if (!contact.change) return null;
  const { sid, kind, name } = contact.change;
  const words = kind === "merge" ? gettext("Merged with %(name)s") : gettext("%(name)s was split off");
  return html`
    <p class="contact-change">
      <span>${fill(words, { name: name || gettext("a nameless contact") })}</span>
      <button type="button" class="button button-small button-quiet" onClick=${() => told(change({ do: "undo", change: sid }))}>${gettext("Undo")}</button>
    </p>
  `;
}

/** A refusal that no form shows. @param {Promise<void>} done */
function told(done) {
  done.catch((error) => toast(error.message || gettext("That did not work. Try again.")));
}

/** @param {{contact: Contact, change: Change, open: string, setOpen: (what: string) => void}} props */
function Verbs({ contact, change, open, setOpen }) {
  const close = () => setOpen("");
  if (open === "edit") return html`<${ContactForm} contact=${contact} change=${change} close=${close} />`;
  if (open === "merge") return html`<${MergeForm} contact=${contact} change=${change} close=${close} />`;
  if (open === "block") return html`<${BlockForm} change=${change} close=${close} />`;
  return html`
    <div class="contact-verbs">
      <button type="button" class="button button-small" onClick=${() => setOpen("edit")}>${gettext("Edit")}</button>
      <button type="button" class="button button-small" onClick=${() => setOpen("merge")}>${gettext("Merge…")}</button>
      ${!contact.blocked && html`<button type="button" class="button button-small" onClick=${() => setOpen("block")}>${gettext("Block…")}</button>`}
    </div>
  `;
}

/**
 * @param {{conversation: import("../protocol.js").Conversation}} props
 */
export function ContactCard({ conversation }) {
  const { sid, name } = conversation.contact;
  const [contact, setContact] = useState(/** @type {Contact|null} */ (null));
  const [open, setOpen] = useState("");
  const [tries, setTries] = useState(0);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isWanted = true;
    setFailed(false);
    readContact(sid).then(
      (fresh) => isWanted && setContact(fresh),
      () => isWanted && setFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [sid, name, conversation.blocked, conversation.opted_out, tries]);

  if (!contact) {
    if (!hasFailed) return null;
    return html`<p class="contact-failed">${gettext("What is known of the customer could not be loaded.")}
      <button type="button" class="button button-small" onClick=${() => setTries(tries + 1)}>${gettext("Try again")}</button></p>`;
  }
  const change = async (/** @type {any} */ what) => setContact(await changeContact(contact.sid, what));
  const fields = contact.fields.map((field) => /** @type {[string, any]} */ ([field.label, valueOf(field)]));
  return html`
    <section class="card contact-card" aria-label=${gettext("About the customer")}>
      <h3>${gettext("Customer")}</h3>
      <${Blocked} contact=${contact} change=${change} />
      <${Identities} contact=${contact} change=${change} />
      ${open !== "edit" && html`<${Facts} rows=${fields} />`}
      <${Consents} contact=${contact} />
      <${Undo} contact=${contact} change=${change} />
      <${Verbs} contact=${contact} change=${change} open=${open} setOpen=${setOpen} />
    </section>
    <${PastTalks} key=${contact.sid} contact=${contact.sid} but=${conversation.sid} />
  `;
}
