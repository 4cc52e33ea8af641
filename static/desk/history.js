/** Older messages, a page at a time, by HTTP. */
import { paneOf, rowsOf, setPane, takePage } from "./store.js";
import { PAGE, hasLoadedAbove, missingBefore, older } from "./window.js";

let template = "";

/** @param {string} messagesUrl with `{sid}` in place of the conversation's sid */
export function historyAt(messagesUrl) {
  template = messagesUrl;
}

/**
 * Fetch one page below an index, unless one is on its way.
 *
 * @param {string} key the conversation's sid
 * @param {number} before
 */
export async function fetchPage(key, before) {
  if (paneOf(key).loading) return;
  setPane(key, { loading: true, failed: false });
  const first = rowsOf(key)[0]?.index ?? Infinity;
  try {
    const page = await get(key, before);
    takePage(page.messages, page.scheduled);
    const isOldest = before <= first;
    setPane(key, { loading: false, ...(isOldest ? { hasMore: page.has_more } : {}) });
  } catch {
    setPane(key, { loading: false, failed: true });
  }
}

/**
 * A page of messages as it stands on the server; nothing is kept.
 *
 * @param {string} key the conversation's sid
 * @param {number} before
 * @returns {Promise<{messages: import("./protocol.js").Message[], has_more: boolean}>}
 */
export async function get(key, before) {
  const address = `${template.replace("{sid}", encodeURIComponent(key))}?before=${before}&limit=${PAGE}`;
  const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(`history answered ${response.status}`);
  return response.json();
}

/**
 * What the open conversation lacks: nothing is sent with the event that lets an agent join.
 *
 * @param {string} key
 * @param {number} lastIndex
 */
export function fetchMissing(key, lastIndex) {
  const { loading, failed } = paneOf(key);
  const before = missingBefore(rowsOf(key), lastIndex);
  if (before !== null && !loading && !failed) fetchPage(key, before);
}

/** The agent has reached the top of what is drawn. @param {string} key */
export function goUp(key) {
  const { end, hasMore, failed } = paneOf(key);
  const rows = rowsOf(key);
  if (hasLoadedAbove(rows, end)) return setPane(key, { end: older(rows, end) });
  if (hasMore && !failed && rows.length) return goUpAfter(key, rows[0].index);
}

/** @param {string} key @param {number} before */
async function goUpAfter(key, before) {
  await fetchPage(key, before);
  setPane(key, { end: older(rowsOf(key), paneOf(key).end) });
}
