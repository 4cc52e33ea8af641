/**
 * Which rows of a conversation are drawn: at most 300, the newest ones unless the agent has gone back in history.
 * Pure functions over ascending rows; `end` is the index after the last row drawn, or null to follow the newest.
 */

/** @typedef {import("./protocol.js").Message} Message */

export const WINDOW = 300;
export const PAGE = 50;

/**
 * @param {Message[]} rows
 * @param {number|null} end
 * @returns {Message[]}
 */
export function drawn(rows, end) {
  const upTo = end === null ? rows : rows.filter((row) => row.index < end);
  return upTo.slice(-WINDOW);
}

/**
 * The window after the agent has reached its top: one page further up, when so much is loaded.
 *
 * @param {Message[]} rows
 * @param {number|null} end
 * @returns {number|null}
 */
export function older(rows, end) {
  const first = drawn(rows, end)[0];
  const at = rows.indexOf(first);
  const last = rows[Math.max(0, at - PAGE) + WINDOW];
  return last ? last.index : null;
}

/**
 * The window after the agent has reached its bottom: one page further down, or following the newest again.
 *
 * @param {Message[]} rows
 * @param {number|null} end
 * @returns {number|null}
 */
export function newer(rows, end) {
  if (end === null) return null;
  const at = rows.findIndex((row) => row.index >= end);
  const last = at < 0 ? undefined : rows[at + PAGE];
  return last ? last.index : null;
}

/** @param {Message[]} rows @param {number|null} end @returns {boolean} are there loaded rows above the window? */
export function hasLoadedAbove(rows, end) {
  const first = drawn(rows, end)[0];
  return Boolean(first) && rows[0].index < first.index;
}

/**
 * The index below which rows are missing and ought to be fetched, or null: nothing is loaded although there are
 * messages, the newest are missing, or there is a hole.
 *
 * @param {Message[]} rows
 * @param {number} lastIndex the conversation's
 * @returns {number|null}
 */
export function missingBefore(rows, lastIndex) {
  const newest = rows.at(-1)?.index ?? 0;
  if (lastIndex > newest) return lastIndex + 1;
  for (let at = rows.length - 1; at > 0; at -= 1) {
    if (rows[at - 1].index !== rows[at].index - 1) return rows[at].index;
  }
  return null;
}

/**
 * Messages of others that the agent has not read: a pointer, not a counter. Rows above what is loaded count as
 * messages of the customer.
 *
 * @param {Message[]} rows
 * @param {number} readIndex
 * @param {string} workerSid
 * @param {number} lastIndex the conversation's
 */
export function unread(rows, readIndex, workerSid, lastIndex) {
  if (!rows.length) return Math.max(0, lastIndex - readIndex);
  const above = Math.max(0, rows[0].index - 1 - readIndex);
  return above + rows.filter((row) => row.index > readIndex && countsAsUnread(row, workerSid)).length;
}

/** @param {Message} row @param {string} workerSid */
export function countsAsUnread(row, workerSid) {
  return row.author.kind !== "system" && row.author.kind !== "bot" && row.author.sid !== workerSid;
}
