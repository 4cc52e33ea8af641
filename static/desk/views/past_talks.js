/** What was said before, over all channels: a list, and each conversation to read where it stands. */
import { useEffect, useState } from "preact/hooks";

import { readPast } from "../contacts.js";
import { get } from "../history.js";
import { html } from "../html.js";
import { dateTime, fill, gettext, ngettext } from "../i18n.js";
import { channelName } from "../words.js";
import { channelIcon, Icon } from "./icons.js";
import { SafeText } from "./safe_text.js";

/** @typedef {import("../contacts.js").Past} Past */
/** @typedef {import("../protocol.js").Message} Message */

/** Higher than any index. */
const NEWEST = 999_999_999;

/** Who speaks without a name; what the product itself says needs none. @param {string} kind */
function authorName(kind) {
  if (kind === "system") return "";
  if (kind === "bot") return gettext("Bot");
  return kind === "customer" ? gettext("Customer") : gettext("Agent");
}

/** @param {{message: Message}} props */
function Line({ message }) {
  const { author, body, media, date_created: at } = message;
  const who = author.name || authorName(author.kind);
  return html`
    <li class="by-${author.kind}">
      ${who && html`<strong>${who}</strong> `}<time datetime=${at}>${dateTime(at)}</time>
      ${body && html`<p dir="auto"><${SafeText} text=${body} /></p>`}
      ${media.map(({ sid, url, status }) =>
        status === "stored"
          ? html`<p key=${sid}><a href=${url} target="_blank" rel="noopener">${gettext("File")}</a></p>`
          : html`<p key=${sid}>${gettext("File not kept")}</p>`,
      )}
    </li>
  `;
}

/** @param {{sid: string}} props mounted once it is opened */
function Transcript({ sid }) {
  const [rows, setRows] = useState(/** @type {Message[]} */ ([]));
  const [hasMore, setMore] = useState(false);
  const [trouble, setTrouble] = useState("");
  const load = (/** @type {number} */ before) =>
    get(sid, before).then(
      (page) => {
        setRows((known) => [...page.messages, ...known]);
        setMore(page.has_more);
      },
      () => setTrouble(gettext("That did not work. Try again.")),
    );
  useEffect(() => {
    load(NEWEST);
  }, [sid]);
  return html`
    ${trouble && html`<p class="field-error" role="alert">${trouble}</p>`}
    ${hasMore && html`<button type="button" class="button button-small button-quiet" onClick=${() => load(rows[0].index)}>${gettext("Earlier messages")}</button>`}
    <ol class="transcript">${rows.map((row) => html`<${Line} key=${row.sid} message=${row} />`)}</ol>
  `;
}

/** @param {{talk: Past}} props */
function Talk({ talk }) {
  const [isOpen, setOpen] = useState(false);
  const count = fill(ngettext("%(n)s message", "%(n)s messages", talk.messages), { n: talk.messages });
  const facts = [talk.our_name, talk.agents.join(", "), talk.erased ? gettext("Erased") : count].filter(Boolean);
  return html`
    <li>
      <details onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
        <summary>
          <${Icon} name=${channelIcon(talk.channel)} label=${channelName(talk.channel)} />
          <span class="past-what"><time datetime=${talk.date_created}>${dateTime(talk.date_created)}</time>
            ${talk.state === "active" && html`<span class="tag">${gettext("Open")}</span>`}
            <small>${facts.join(" · ")}</small></span>
        </summary>
        ${isOpen && (talk.erased ? html`<p>${gettext("The words and files of this conversation have been erased.")}</p>` : html`<${Transcript} sid=${talk.sid} />`)}
      </details>
    </li>
  `;
}

/** @param {{contact: string, but: string}} props the contact's sid, and the conversation that is on the screen */
export function PastTalks({ contact, but }) {
  const [rows, setRows] = useState(/** @type {Past[]} */ ([]));
  const [hasMore, setMore] = useState(false);
  const load = (/** @type {string} */ before) =>
    readPast(contact, before).then(
      (page) => {
        setRows((known) => [...known, ...page.conversations]);
        setMore(page.has_more);
      },
      () => setMore(false),
    );
  useEffect(() => {
    load("");
  }, [contact]);
  const shown = rows.filter(({ sid }) => sid !== but);
  if (!shown.length) return null;
  return html`
    <section class="card past-talks">
      <h3>${gettext("Earlier conversations")}</h3>
      <ul>${shown.map((talk) => html`<${Talk} key=${talk.sid} talk=${talk} />`)}</ul>
      ${hasMore && html`<button type="button" class="button button-small button-quiet" onClick=${() => load(rows[rows.length - 1].sid)}>${gettext("Show more")}</button>`}
    </section>
  `;
}
