/** The lines of an open conversation: messages with day marks, the mark of what is new, and groups by author. Pure. */
import { countsAsUnread } from "./window.js";

/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {{kind: "day", key: string, at: string}} DayMark */
/** @typedef {{kind: "new", key: string}} NewMark */
/** @typedef {{kind: "message", key: string, message: Message, startsGroup: boolean}} MessageLine */

/** Messages of one author within so long stand together under one name. */
const GROUP_MS = 5 * 60_000;

/**
 * @param {Message[]} rows ascending
 * @param {{read: number, last: number, workerSid: string}} mark what was unread when the conversation was opened:
 *   rows after `read` up to `last`
 * @returns {(DayMark|NewMark|MessageLine)[]}
 */
export function lines(rows, mark) {
  /** @type {(DayMark|NewMark|MessageLine)[]} */
  const found = [];
  /** @type {Message|undefined} */
  let before;
  let isMarked = false;
  for (const message of rows) {
    const day = dayOf(message.date_created);
    const startsDay = !before || dayOf(before.date_created) !== day;
    if (startsDay) found.push({ kind: "day", key: `day-${day}`, at: message.date_created });
    /** @type {boolean} */
    const startsNew = !isMarked && isNew(message, mark);
    if (startsNew) found.push({ kind: "new", key: "new" });
    isMarked ||= startsNew;
    const startsGroup = startsDay || startsNew || !isSameGroup(before, message);
    found.push({ kind: "message", key: message.sid, message, startsGroup });
    before = message;
  }
  return found;
}

/** The calendar day in the agent's time zone. @param {string} iso */
function dayOf(iso) {
  const at = new Date(iso);
  return `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;
}

/** @param {Message} message @param {{read: number, last: number, workerSid: string}} mark */
function isNew(message, { read, last, workerSid }) {
  return message.index > read && message.index <= last && countsAsUnread(message, workerSid);
}

/** @param {Message|undefined} before @param {Message} message */
function isSameGroup(before, message) {
  if (!before || before.author.kind !== message.author.kind || before.author.sid !== message.author.sid) return false;
  return Date.parse(message.date_created) - Date.parse(before.date_created) < GROUP_MS;
}
