/**
 * The rows of the log, as data: what stands where, with which tick, under which heading. Pure; `view.js` draws them.
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {"message"|"divider"|"ended"} kind
 * @property {boolean} mine
 * @property {string} by          the author's name, where it changes
 * @property {string} body
 * @property {string} at
 * @property {""|"pending"|"sent"|"seen"|"failed"} tick
 * @property {string} error
 * @property {string} ref
 * @property {import("./state.js").Media[]} media
 * @property {string} stamp       changes when the row has to be drawn anew
 */

const GROUP_MS = 5 * 60_000;

/**
 * @param {import("./state.js").State} state
 * @param {import("./store.js").Entry[]} pending
 * @param {Record<string, string>} words
 * @returns {Row[]}
 */
export function rowsOf(state, pending, words) {
  /** @type {Row[]} */
  const rows = [];
  let before = null;
  for (const message of state.messages) {
    if (before && before.conversation_sid !== message.conversation_sid) rows.push(divider(message));
    rows.push(fromMessage(message, before, state, words));
    before = message;
  }
  const last = state.messages.at(-1);
  if (state.conversation?.state === "closed" && last?.conversation_sid === state.conversation.sid) {
    rows.push(blank({ key: `ended ${state.conversation.sid}`, kind: "ended" }));
  }
  rows.push(...pending.map(fromEntry));
  return rows.map((row) => ({ ...row, stamp: JSON.stringify(row) }));
}

/** @param {Partial<Row>} given @returns {Row} */
function blank(given) {
  return {
    key: "", kind: "message", mine: false, by: "", body: "", at: "", tick: "", error: "", ref: "", media: [], stamp: "",
    ...given,
  };
}

/** @param {import("./state.js").Message} message */
function divider(message) {
  return blank({ key: `begun ${message.conversation_sid}`, kind: "divider" });
}

/**
 * @param {import("./state.js").Message} message
 * @param {import("./state.js").Message|null} before
 * @param {import("./state.js").State} state
 * @param {Record<string, string>} words
 */
function fromMessage(message, before, state, words) {
  const mine = message.direction === "inbound";
  const follows = before !== null && sameBreath(before, message);
  return blank({
    // A message that was pending a moment ago keeps its row.
    key: message.ref ?? message.sid,
    mine,
    by: follows || mine ? "" : authorName(message, words),
    body: message.body,
    at: message.date_created,
    tick: mine ? (hasBeenRead(message, state) ? "seen" : "sent") : "",
    media: message.media,
  });
}

/** @param {import("./state.js").Message} message @param {import("./state.js").State} state */
function hasBeenRead(message, { conversation, messages }) {
  if (conversation?.sid === message.conversation_sid && message.index <= conversation.read_index) return true;
  // An answer of a person says it as well, and for earlier conversations nothing else does.
  return messages.some(
    (row) => row.conversation_sid === message.conversation_sid && row.index > message.index && row.author.kind === "agent",
  );
}

/** @param {import("./state.js").Message} one @param {import("./state.js").Message} other */
function sameBreath(one, other) {
  const alike = one.direction === other.direction && one.author.name === other.author.name;
  const sameTalk = one.conversation_sid === other.conversation_sid;
  return alike && sameTalk && Date.parse(other.date_created) - Date.parse(one.date_created) < GROUP_MS;
}

/** @param {import("./state.js").Message} message @param {Record<string, string>} words */
function authorName(message, words) {
  return message.author.name || (message.author.kind === "bot" ? words.bot : words.agent);
}

/** @param {import("./store.js").Entry} entry */
function fromEntry(entry) {
  const tick = entry.error === undefined ? "pending" : "failed";
  return blank({
    key: entry.ref,
    ref: entry.ref,
    mine: true,
    body: entry.body,
    at: entry.at,
    tick,
    error: entry.error ?? "",
    media: (entry.files ?? []).map(coming),
  });
}

/** A file of a message that the server does not have yet. @param {{sid: string, name: string}} file @returns {import("./state.js").Media} */
function coming({ sid, name }) {
  return { sid, name, content_type: "", size: 0, status: "pending", url: "", thumbnail_url: "", width: 0, height: 0 };
}
