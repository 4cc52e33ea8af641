/** The open conversation's messages: a window of rows, older ones by going up, a pill when newer ones lie below. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { now } from "../clock.js";
import { markRead } from "../commands.js";
import { fetchMissing, fetchPage, goUp } from "../history.js";
import { html } from "../html.js";
import { dayName, fill, gettext, ngettext } from "../i18n.js";
import { Scroller } from "../scroll.js";
import { link, paneOf, pendingOf, readIndex, rowsOf, setPane, state, typing } from "../store.js";
import { lines } from "../transcript.js";
import { countsAsUnread, drawn, hasLoadedAbove, missingBefore, newer } from "../window.js";
import { Icon } from "./icons.js";
import { MessageRow, PendingRow } from "./message.js";
import { isTyping } from "./work_item.js";

/** @typedef {import("../protocol.js").Conversation} Conversation */

/** @param {{line: ReturnType<typeof lines>[number], me: string}} props */
function Line({ line, me }) {
  if (line.kind === "day") return html`<div class="day-mark"><span>${dayName(line.at, now.peek())}</span></div>`;
  if (line.kind === "new") return html`<div class="new-mark"><span>${gettext("New")}</span></div>`;
  return html`<${MessageRow} message=${line.message} startsGroup=${line.startsGroup} isMine=${line.message.author.sid === me} />`;
}

/** @param {{conversation: Conversation}} props what stands above the oldest row */
function Top({ conversation }) {
  const key = conversation.sid;
  const { hasMore, loading, failed, end } = paneOf(key);
  const rows = rowsOf(key);
  const before = missingBefore(rows, conversation.last_index) ?? rows[0]?.index ?? conversation.last_index + 1;
  if (loading)
    return html`<p class="list-top" aria-live="off"><span class="spinner"></span>${gettext("Loading earlier messages…")}</p>`;
  if (failed) {
    return html`<p class="list-top">${gettext("Earlier messages could not be loaded.")}
      <button type="button" class="button button-small" onClick=${() => fetchPage(key, before)}>${gettext("Try again")}</button></p>`;
  }
  if (hasMore || hasLoadedAbove(rows, end)) {
    return html`<p class="list-top">
      <button type="button" class="button button-small button-quiet" onClick=${() => goUp(key)}>${gettext("Earlier messages")}</button>
    </p>`;
  }
  return html`<p class="list-top">${gettext("The conversation begins here.")}</p>`;
}

/** @param {{count: number, toNewest: () => void}} props */
function Pill({ count, toNewest }) {
  const words = count
    ? fill(ngettext("%(n)s new message", "%(n)s new messages", count), { n: count })
    : gettext("Newest messages");
  return html`<button type="button" class="pill" onClick=${toNewest}><${Icon} name="down" />${words}</button>`;
}

/** @param {{name: string}} props */
function Typing({ name }) {
  const words = fill(gettext("%(name)s is typing"), { name });
  return html`<p class="typing" role="status"><span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span>${words}</p>`;
}

/** @param {Conversation} conversation */
function useScroller(conversation) {
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const scroller = useRef(/** @type {Scroller|null} */ (null));
  const [isFollowing, setFollowing] = useState(true);
  useLayoutEffect(() => {
    const made = new Scroller(/** @type {HTMLElement} */ (list.current), ({ following, top }) => {
      setFollowing(following);
      if (top && !following) goUp(conversation.sid);
      const { end } = paneOf(conversation.sid);
      if (following && end !== null) setPane(conversation.sid, { end: newer(rowsOf(conversation.sid), end) });
    });
    scroller.current = made;
    return () => made.stop();
  }, []);
  const toNewest = () => {
    setPane(conversation.sid, { end: null });
    setFollowing(true);
    requestAnimationFrame(() => scroller.current?.toNewest());
  };
  return { list, scroller, isFollowing, toNewest };
}

/** Reading is: the newest row is on the screen, the tab is shown. @param {Conversation} conversation @param {boolean} isAtEnd */
function useReading(conversation, isAtEnd) {
  const newest = rowsOf(conversation.sid).at(-1)?.index ?? 0;
  const online = link.value.name === "online";
  useEffect(() => {
    const read = () => isAtEnd && !document.hidden && markRead(conversation.sid);
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [newest, isAtEnd, online]);
}

/** @param {{conversation: Conversation}} props one instance per conversation (`key`) */
export function MessageList({ conversation }) {
  const key = conversation.sid;
  const me = state.value.worker?.sid ?? "";
  const rows = rowsOf(key);
  const pending = pendingOf(key);
  const { end, loading } = paneOf(key);
  const [mark] = useState(() => ({ read: readIndex(conversation), last: conversation.last_index, workerSid: me }));
  const { list, scroller, isFollowing, toNewest } = useScroller(conversation);
  const shown = drawn(rows, end);
  const isMineLast = shown.at(-1)?.author.sid === me;
  const isAtEnd = isFollowing && end === null;
  const [seen, setSeen] = useState(0);

  useReading(conversation, isAtEnd);
  useEffect(() => fetchMissing(key, conversation.last_index), [rows, conversation.last_index, link.value.name]);
  useEffect(() => (isAtEnd ? setSeen(rows.at(-1)?.index ?? 0) : undefined), [isAtEnd, rows]);
  useEffect(() => (pending.length ? toNewest() : undefined), [pending.length]);
  useLayoutEffect(() => scroller.current?.settle(), [rows, end, pending.length, isTyping(key)]);

  const below = isAtEnd ? 0 : rows.filter((row) => row.index > seen && countsAsUnread(row, me)).length;
  return html`
    <div class="list-frame">
      <div class="message-list" role="log" tabindex="0" aria-label=${gettext("Messages")} aria-busy=${String(loading)} ref=${list}>
        <${Top} conversation=${conversation} />
        ${lines(shown, mark).map((line) => html`<${Line} key=${line.key} line=${line} me=${me} />`)}
        ${end === null && pending.map((entry, at) => html`<${PendingRow} key=${entry.ref} entry=${entry} startsGroup=${at === 0 && !isMineLast} />`)}
        ${isTyping(key) && html`<${Typing} name=${typing.value[key].name || conversation.contact.name} />`}
      </div>
      ${!isAtEnd && html`<${Pill} count=${below} toNewest=${toNewest} />`}
    </div>
  `;
}
