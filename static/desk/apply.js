/**
 * What the server says, applied to what we know: pure `(state, frame) → state`.
 *
 * Rules: every audience's events are numbered without gaps; a number already seen changes nothing; a number too far
 * ahead changes nothing but sets `behind`, so that the socket asks for the rest; objects are replaced only by a newer
 * `version`. So duplicates, reordering and replays are harmless.
 */
import { reopened } from "./channel.js";

/** @typedef {import("./protocol.js").State} State */
/** @typedef {import("./protocol.js").Message} Message */

/** @returns {State} */
export function empty() {
  return {
    worker: null,
    activities: [],
    reservations: {},
    conversations: {},
    messages: {},
    scheduled: {},
    cursors: {},
    carrier: { version: 0, interrupted_at: null, code: "" },
    behind: false,
  };
}

/**
 * The next state. Frames that carry no knowledge (ok, error, blips) return the same object.
 *
 * @param {State} state
 * @param {import("./protocol.js").ServerFrame} frame
 * @returns {State}
 */
export function apply(state, frame) {
  switch (frame.t) {
    case "welcome":
      return welcome(state, frame);
    case "event":
      return numbered(state, frame);
    case "heartbeat":
      return isBehind(state.cursors, frame.heads) ? { ...state, behind: true } : state;
    default:
      return state;
  }
}

/**
 * Rows that came by HTTP or in an acknowledgement: merged by version, no cursor moves.
 *
 * @param {State} state
 * @param {Message[]} rows
 * @returns {State}
 */
export function mergeMessages(state, rows) {
  return rows.reduce(upsertMessage, state);
}

/**
 * The same for what is to be said later.
 *
 * @param {State} state
 * @param {import("./protocol.js").Scheduled[]} rows
 * @returns {State}
 */
export function mergeScheduled(state, rows) {
  return rows.reduce(putScheduled, state);
}

/**
 * @param {State} state
 * @param {import("./protocol.js").Welcome} frame
 */
function welcome(state, frame) {
  /** @type {Record<string, number>} */
  const cursors = {};
  for (const [audience, head] of Object.entries(frame.heads)) {
    const known = state.cursors[audience];
    cursors[audience] = frame.snapshot || known === undefined ? head : known;
  }
  const base = { ...state, cursors, behind: false };
  return frame.snapshot ? replaced(base, frame.snapshot) : base;
}

/**
 * A snapshot is the truth about what exists; pages of history that still join on to it are kept.
 *
 * @param {State} state
 * @param {import("./protocol.js").Snapshot} snapshot
 */
function replaced(state, snapshot) {
  const rows = byConversation(snapshot.messages);
  /** @type {Record<string, Message[]>} */
  const messages = {};
  for (const { sid } of snapshot.conversations) {
    messages[sid] = joined(state.messages[sid] ?? [], rows[sid] ?? []);
  }
  return {
    ...state,
    worker: snapshot.worker,
    activities: snapshot.activities,
    reservations: keyed(snapshot.reservations),
    conversations: keyed(snapshot.conversations),
    messages,
    scheduled: keyed(snapshot.scheduled),
    carrier: snapshot.carrier ?? state.carrier,
  };
}

/** @param {Message[]} rows @returns {Record<string, Message[]>} */
function byConversation(rows) {
  /** @type {Record<string, Message[]>} */
  const groups = {};
  for (const row of rows) (groups[row.conversation_sid] ??= []).push(row);
  return groups;
}

/** @template {{sid: string}} T @param {T[]} rows @returns {Record<string, T>} */
function keyed(rows) {
  return Object.fromEntries(rows.map((row) => [row.sid, row]));
}

/**
 * Older rows are kept only if no row is missing between them and the fresh ones.
 *
 * @param {Message[]} old
 * @param {Message[]} fresh
 */
function joined(old, fresh) {
  const sorted = [...fresh].sort((a, b) => a.index - b.index);
  if (!sorted.length) return [];
  const first = sorted[0].index;
  const touches = old.some((row) => row.index >= first - 1);
  return touches ? [...old.filter((row) => row.index < first), ...sorted] : sorted;
}

/**
 * @param {State} state
 * @param {import("./protocol.js").EventFrame} frame
 */
function numbered(state, frame) {
  const seen = state.cursors[frame.a];
  if (seen !== undefined && frame.n <= seen) return state;
  if (seen === undefined || frame.n > seen + 1) return { ...state, behind: true };
  return { ...changed(state, frame), cursors: { ...state.cursors, [frame.a]: frame.n } };
}

/**
 * One case per family of events; a type that this screen does not know only moves the cursor.
 *
 * @param {State} state
 * @param {import("./protocol.js").EventFrame} frame
 */
function changed(state, { type, data }) {
  const [subject, verb] = type.split(".");
  switch (subject) {
    case "worker":
      return state.worker?.sid === data.sid ? { ...state, worker: newer(state.worker, data) } : state;
    case "task":
    case "task-queue":
      return data.assignment_status ? updateTask(state, data) : state;
    case "reservation":
      return putReservation(state, data);
    case "conversation":
      return putConversation(state, data);
    case "participant":
      return participants(state, verb, data);
    case "message":
      return upsertMessage(state, data);
    case "scheduled-message":
      return putScheduled(state, data);
    case "carrier":
      return { ...state, carrier: newer(state.carrier, data) };
    default:
      return state;
  }
}

/** @template {{version: number}} T @param {T|undefined|null} old @param {T} fresh @returns {T} */
function newer(old, fresh) {
  return old && old.version >= fresh.version ? old : fresh;
}

/**
 * @param {State} state
 * @param {import("./protocol.js").Task} task
 */
function updateTask(state, task) {
  const holder = Object.values(state.reservations).find((row) => row.task.sid === task.sid);
  if (!holder || holder.task.version >= task.version) return state;
  return { ...state, reservations: { ...state.reservations, [holder.sid]: { ...holder, task } } };
}

/**
 * Ended reservations stay, so that an older event of another audience cannot bring one back to life.
 *
 * @param {State} state
 * @param {import("./protocol.js").Reservation} row
 */
function putReservation(state, row) {
  if (state.worker && row.worker_sid !== state.worker.sid) return state;
  const old = state.reservations[row.sid];
  const next = newer(old, row);
  return next === old ? state : { ...state, reservations: { ...state.reservations, [row.sid]: next } };
}

/**
 * Only conversations that the agent takes part in are kept: a floor-wide audience may speak of others.
 *
 * @param {State} state
 * @param {import("./protocol.js").Conversation} row
 */
function putConversation(state, row) {
  const old = state.conversations[row.sid];
  const next = newer(old, row);
  if (next === old || (!old && !takesPart(state, row))) return state;
  return { ...state, conversations: { ...state.conversations, [row.sid]: next } };
}

/**
 * @param {State} state
 * @param {import("./protocol.js").Conversation} row
 */
function takesPart(state, row) {
  return row.participants.some((person) => person.worker_sid === state.worker?.sid);
}

/**
 * @param {State} state
 * @param {string} verb
 * @param {{conversation: import("./protocol.js").Conversation, worker_sid: string}} data
 */
function participants(state, verb, { conversation, worker_sid: worker }) {
  if (verb !== "removed" || worker !== state.worker?.sid) return putConversation(state, conversation);
  const { [conversation.sid]: _gone, ...conversations } = state.conversations;
  const { [conversation.sid]: _rows, ...messages } = state.messages;
  return { ...state, conversations, messages };
}

/**
 * @param {State} state
 * @param {Message} row
 * @returns {State}
 */
function upsertMessage(state, row) {
  const rows = state.messages[row.conversation_sid] ?? [];
  const at = position(rows, row.index);
  const old = rows[at]?.index === row.index ? rows[at] : undefined;
  if (old && old.version >= row.version) return state;
  const next = [...rows.slice(0, at), row, ...rows.slice(old ? at + 1 : at)];
  return touched({ ...state, messages: { ...state.messages, [row.conversation_sid]: next } }, row);
}

/**
 * @param {State} state
 * @param {import("./protocol.js").Scheduled} row
 */
function putScheduled(state, row) {
  const old = state.scheduled[row.sid];
  const next = newer(old, row);
  if (next === old || !state.conversations[row.conversation_sid]) return state;
  return { ...state, scheduled: { ...state.scheduled, [row.sid]: next } };
}

/** Where a row of this index stands or would stand. Searched from the end: new rows come last. */
function position(/** @type {Message[]} */ rows, /** @type {number} */ index) {
  let at = rows.length;
  while (at > 0 && rows[at - 1].index >= index) at -= 1;
  return at;
}

/**
 * The list shows each conversation's last words, which a message brings before the conversation's own event does.
 *
 * @param {State} state
 * @param {Message} row
 * @returns {State}
 */
function touched(state, row) {
  const conversation = state.conversations[row.conversation_sid];
  if (!conversation || (conversation.last_message?.index ?? -1) > row.index) return state;
  const next = {
    ...conversation,
    last_index: Math.max(conversation.last_index, row.index),
    window: reopened(conversation.window, row),
    last_message: {
      index: row.index,
      author_kind: row.author.kind,
      body: row.body,
      date_created: row.date_created,
    },
  };
  return { ...state, conversations: { ...state.conversations, [row.conversation_sid]: next } };
}

/**
 * @param {Record<string, number>} cursors
 * @param {Record<string, number>} heads
 */
function isBehind(cursors, heads) {
  return Object.entries(heads).some(([audience, head]) => head > (cursors[audience] ?? 0));
}
