/**
 * What the server has told us, and nothing else: `apply(state, frame)` is pure. Objects carry versions and events carry
 * numbers, so duplicates and late comers do no harm, and a gap shows as `behind`.
 *
 * @typedef {{sid: string, content_type: string, size: number, status: string, url: string,
 *   name: string, thumbnail_url: string, width: number, height: number}} Media
 * @typedef {object} Message
 * @property {string} sid
 * @property {number} version
 * @property {string} conversation_sid
 * @property {number} index
 * @property {string|null} ref
 * @property {"inbound"|"outbound"} direction
 * @property {{kind: string, name: string}} author
 * @property {string} body
 * @property {Media[]} media
 * @property {string} status
 * @property {string} date_created
 *
 * @typedef {{sid: string, version: number, state: string, agents: string[], read_index: number}} Conversation
 *
 * @typedef {object} State
 * @property {Conversation|null} conversation   the latest one
 * @property {Message[]} messages               of this and earlier conversations, oldest first
 * @property {Record<string, number>} cursors   the last event seen, per audience
 * @property {boolean} behind                   events are missing
 */

/** @returns {State} */
export function nothing() {
  return { conversation: null, messages: [], cursors: {}, behind: false };
}

/** @param {State} state @param {any} frame @returns {State} */
export function apply(state, frame) {
  if (frame.t === "welcome") return welcomed(state, frame);
  if (frame.t === "event") return happened(state, frame);
  if (frame.t === "heartbeat") return { ...state, behind: state.behind || isAhead(frame.heads, state.cursors) };
  if (frame.t === "ok" && frame.data?.message) return withMessage(state, frame.data.message);
  return state;
}

/** @param {State} state @param {any} frame */
function welcomed(state, { heads, snapshot }) {
  if (!snapshot) return { ...state, behind: false };
  const { conversation, messages } = snapshot;
  return { conversation: newer(state.conversation, conversation), messages, cursors: { ...heads }, behind: false };
}

/** @param {State} state @param {any} event */
function happened(state, { a, n, type, data }) {
  const last = state.cursors[a];
  if (last === undefined || n <= last) return state;
  if (n > last + 1) return { ...state, behind: true };
  const next = { ...state, cursors: { ...state.cursors, [a]: n } };
  if (type.startsWith("message.")) return withMessage(next, data);
  if (type.startsWith("conversation.")) return withConversation(next, data);
  return next;
}

/** @param {State} state @param {Message} message */
function withMessage(state, message) {
  const known = state.messages.find((row) => row.sid === message.sid);
  if (known && known.version >= message.version) return state;
  const others = state.messages.filter((row) => row.sid !== message.sid);
  return { ...state, messages: [...others, message].sort(inOrder) };
}

/** @param {Message} one @param {Message} other */
function inOrder(one, other) {
  if (one.conversation_sid === other.conversation_sid) return one.index - other.index;
  return one.date_created < other.date_created ? -1 : 1;
}

/** @param {State} state @param {Conversation} conversation */
function withConversation(state, conversation) {
  const known = state.conversation;
  if (known?.sid !== conversation.sid || known.version >= conversation.version) return state;
  return { ...state, conversation: newer(known, conversation) };
}

/** Agents who have left have still read. @param {Conversation|null} known @param {Conversation|null} told */
function newer(known, told) {
  if (!told || known?.sid !== told.sid) return told;
  return { ...told, read_index: Math.max(known.read_index, told.read_index) };
}

/** @param {Record<string, number>} heads @param {Record<string, number>} cursors */
function isAhead(heads, cursors) {
  return Object.entries(heads).some(([audience, n]) => n > (cursors[audience] ?? n));
}

/**
 * What we said in the latest conversation and the visitor has not seen yet.
 *
 * @param {State} state
 * @param {string[]} [statuses]
 */
function open(state, statuses = ["sent", "delivered"]) {
  const { conversation, messages } = state;
  return messages.filter(
    (row) => row.conversation_sid === conversation?.sid && row.direction === "outbound" && statuses.includes(row.status),
  );
}

/**
 * The newest message of ours that has not got as far as `status` yet.
 *
 * @param {State} state
 * @param {"delivered"|"read"} status
 * @returns {{conversation: string, index: number}|null}
 */
export function toAcknowledge(state, status) {
  const last = open(state, status === "read" ? undefined : ["sent"]).at(-1);
  return last ? { conversation: last.conversation_sid, index: last.index } : null;
}

/** How many messages of ours the visitor has not seen. @param {State} state */
export function unseen(state) {
  return open(state).length;
}
