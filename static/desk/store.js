/** What the screen shows, as signals: what the server told us (`state`), what we want (`outbox`), what is ours alone. */
import { batch, computed, effect, signal } from "@preact/signals";

import { apply, empty, mergeMessages, mergeScheduled } from "./apply.js";
import { sample, serverNow } from "./clock.js";
import { answered, pendingPosts, without, withoutAccepted, withoutArrived } from "./outbox.js";
import { OPEN_RESERVATION } from "./protocol.js";
import { unread } from "./window.js";

/** @typedef {import("./protocol.js").Conversation} Conversation */
/** @typedef {import("./protocol.js").Reservation} Reservation */
/**
 * @typedef {object} WorkItem  One line of the work list.
 * @property {string} key      the conversation's sid, or the reservation's when the task has no conversation
 * @property {Reservation|null} reservation
 * @property {Conversation|null} conversation
 */
/** @typedef {{end: number|null, hasMore: boolean, loading: boolean, failed: boolean}} Pane */

export const state = signal(empty());
export const outbox = signal(/** @type {import("./protocol.js").Command[]} */ ([]));
export const link = signal(
  /** @type {{name: import("./socket.js").LinkName, lostAt: number}} */ ({ name: "connecting", lostAt: 0 }),
);
/** Is anything known yet? Until the first welcome an empty list means nothing. */
export const known = signal(false);
export const selected = signal("");
export const pane = signal(/** @type {"list"|"conversation"|"customer"} */ ("list"));
export const drafts = signal(/** @type {Record<string, string>} */ ({}));
/** Files that wait for the next message, per conversation; `attachments.js` is the only writer. */
export const attachments = signal(/** @type {Record<string, import("./protocol.js").Attachment[]>} */ ({}));
export const typing = signal(/** @type {Record<string, {name: string, until: number}>} */ ({}));
export const panes = signal(/** @type {Record<string, Pane>} */ ({}));
export const toasts = signal(/** @type {{id: number, text: string}[]} */ ([]));

/** An acknowledged command whose event does not come (nothing had to change) counts as done after so long. */
const SETTLED_MS = 3_000;
/** A typing blip is shown for so long unless another one comes. */
const TYPING_MS = 6_000;

const open = computed(() =>
  Object.values(state.value.reservations)
    .filter((row) => OPEN_RESERVATION.includes(row.reservation_status))
    .sort((a, b) => a.date_created.localeCompare(b.date_created)),
);

export const offers = computed(() => open.value.filter((row) => row.reservation_status === "pending"));

/** Accepted work and the conversations that the agent takes part in without a task; the newest words first. */
export const active = computed(() => {
  const held = open.value.filter((row) => row.reservation_status === "accepted").map(itemOf);
  const taken = new Set(Object.values(state.value.reservations).filter(isHeldOrDone).map(conversationSid));
  const others = Object.values(state.value.conversations)
    .filter((row) => row.state === "open" && !taken.has(row.sid))
    .map((conversation) => ({ key: conversation.sid, reservation: null, conversation }));
  return [...held, ...others].sort((a, b) => startedAt(a).localeCompare(startedAt(b)));
});

export const wrapping = computed(() => open.value.filter((row) => row.reservation_status === "wrapping").map(itemOf));

/** The work item on the screen, or null: nothing chosen, or it is gone. */
export const current = computed(() => {
  const key = selected.value;
  const found = [...active.value, ...wrapping.value].find((item) => item.key === key);
  if (found) return found;
  const offer = open.value.find((row) => itemOf(row).key === key);
  return offer ? itemOf(offer) : closedItem(key);
});

export const unreadTotal = computed(() =>
  [...active.value, ...wrapping.value].reduce((sum, item) => sum + unreadOf(item.conversation), 0),
);

/** Its conversation shows with the work, or is about to leave the desk with it. @param {Reservation} row */
function isHeldOrDone(row) {
  return [...OPEN_RESERVATION, "completed", "canceled"].includes(row.reservation_status);
}

/** @param {Reservation} row @returns {string} "" for a task without a conversation */
export function conversationSid(row) {
  return row.task.attributes.conversation_sid ?? "";
}

/** @param {Reservation} reservation @returns {WorkItem} */
function itemOf(reservation) {
  const sid = conversationSid(reservation);
  return { key: sid || reservation.sid, reservation, conversation: state.value.conversations[sid] ?? null };
}

/** @param {string} key @returns {WorkItem|null} a conversation that has ended while it was being read */
function closedItem(key) {
  const conversation = state.value.conversations[key];
  return conversation ? { key, reservation: null, conversation } : null;
}

/** The list keeps its order while one works: by when the work began, never by who wrote last. @param {WorkItem} item */
function startedAt(item) {
  return item.reservation?.date_created ?? item.conversation?.date_created ?? "";
}

/** @param {string} key */
export function rowsOf(key) {
  return state.value.messages[key] ?? [];
}

/** @param {string} key */
export function pendingOf(key) {
  const seen = new Set(rowsOf(key).map((row) => row.ref));
  return pendingPosts(outbox.value, key).filter((entry) => !seen.has(entry.ref));
}

/** What is still to be said there, or could not be, the soonest first. @param {string} key */
export function scheduledIn(key) {
  return Object.values(state.value.scheduled)
    .filter((row) => row.conversation_sid === key && ["scheduled", "failed"].includes(row.status))
    .sort((a, b) => a.due_at.localeCompare(b.due_at));
}

/** @param {Conversation|null} conversation @returns {number} */
export function readIndex(conversation) {
  const me = state.value.worker?.sid;
  return (
    conversation?.participants.find((person) => person.worker_sid === me)?.read_index ?? conversation?.last_index ?? 0
  );
}

/** @param {Conversation|null} conversation */
export function unreadOf(conversation) {
  if (!conversation) return 0;
  const me = state.value.worker?.sid ?? "";
  return unread(rowsOf(conversation.sid), readIndex(conversation), me, conversation.last_index);
}

/** @param {string} key @returns {Pane} */
export function paneOf(key) {
  return panes.value[key] ?? { end: null, hasMore: (rowsOf(key)[0]?.index ?? 0) > 1, loading: false, failed: false };
}

/** @param {string} key @param {Partial<Pane>} change */
export function setPane(key, change) {
  panes.value = { ...panes.value, [key]: { ...paneOf(key), ...change } };
}

/** @param {import("./protocol.js").ServerFrame} frame */
export function receive(frame) {
  batch(() => {
    if ("now" in frame && frame.now) sample(frame.now);
    state.value = apply(state.value, frame);
    if (frame.t === "welcome") welcomed(frame);
    if (frame.t === "ok" || frame.t === "error") answer(frame);
    if (frame.t === "event") happened(frame);
    if (frame.t === "blip") blip(frame);
    outbox.value = withoutArrived(outbox.value, state.value);
  });
}

/** @param {import("./protocol.js").Welcome} frame */
function welcomed(frame) {
  known.value = true;
  panes.value = Object.fromEntries(Object.entries(panes.value).map(([key, row]) => [key, { ...row, failed: false }]));
  if (!frame.snapshot) return;
  outbox.value = withoutAccepted(withoutArrived(outbox.value, state.value));
  panes.value = {};
}

/** @param {import("./protocol.js").Ok|import("./protocol.js").Failure} frame */
function answer(frame) {
  const entry = outbox.value.find((row) => row.ref === frame.ref);
  outbox.value = answered(outbox.value, frame);
  if (frame.t === "ok" && isMessage(frame.data?.message))
    state.value = mergeMessages(state.value, [frame.data.message]);
  if (entry?.do === "message.schedule" && frame.t === "ok") {
    state.value = mergeScheduled(state.value, [frame.data?.scheduled].filter(Boolean));
    clearScheduled(entry);
  }
  if (!entry || entry.do === "message.post") return;
  if (frame.t === "error") toast(frame.message);
  else setTimeout(() => (outbox.value = without(outbox.value, frame.ref)), SETTLED_MS);
}

/**
 * The words stayed in the composer until the server had them, as its answer or its event says, whichever comes first.
 *
 * @param {import("./protocol.js").Command} entry
 */
function clearScheduled({ args }) {
  if (drafts.value[args.conversation]?.trim() === args.body) setDraft(args.conversation, "");
}

/** @param {any} data @returns {data is import("./protocol.js").Message} */
function isMessage(data) {
  return Boolean(data?.conversation_sid) && Number.isInteger(data?.index);
}

/** @param {import("./protocol.js").EventFrame} frame */
function happened(frame) {
  const entry = frame.ref && outbox.value.find((row) => row.ref === frame.ref);
  if (entry && entry.do !== "message.post") outbox.value = without(outbox.value, entry.ref);
  if (entry && entry.do === "message.schedule") clearScheduled(entry);
  quiet(frame);
}

/** Who has sent is not typing any more. @param {import("./protocol.js").EventFrame} frame */
function quiet(frame) {
  if (frame.type !== "message.added") return;
  const { [frame.data.conversation_sid]: _done, ...others } = typing.value;
  typing.value = others;
}

/** @param {import("./protocol.js").Blip} frame */
function blip(frame) {
  const mine = frame.author.kind === "agent" && frame.author.name === state.value.worker?.friendly_name;
  if (frame.kind !== "typing" || mine) return;
  typing.value = { ...typing.value, [frame.conversation]: { name: frame.author.name, until: serverNow() + TYPING_MS } };
}

/** @param {import("./protocol.js").Message[]} rows @param {import("./protocol.js").Scheduled[]} [later] */
export function takePage(rows, later = []) {
  batch(() => {
    state.value = mergeScheduled(mergeMessages(state.value, rows), later);
    outbox.value = withoutArrived(outbox.value, state.value);
  });
}

let lastToast = 0;

/** A short notice that goes by itself. @param {string} text */
export function toast(text) {
  lastToast += 1;
  const id = lastToast;
  toasts.value = [...toasts.value, { id, text }];
  setTimeout(() => dismiss(id), 8_000);
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((row) => row.id !== id);
}

/** @param {string} key @param {string} text */
export function setDraft(key, text) {
  const { [key]: _old, ...others } = drafts.value;
  drafts.value = text ? { ...others, [key]: text } : others;
}

/**
 * Drafts, uploaded files and outbox outlive a reload of this tab, per worker, so that nobody sends another one's words.
 *
 * @param {string} workerSid
 */
export function keepInTab(workerSid) {
  outbox.value = stored(`desk:outbox:${workerSid}`) ?? [];
  drafts.value = stored(`desk:drafts:${workerSid}`) ?? {};
  attachments.value = stored(`desk:files:${workerSid}`) ?? {};
  effect(() => store(`desk:outbox:${workerSid}`, outbox.value));
  effect(() => store(`desk:files:${workerSid}`, uploadedOnly(attachments.value)));
  effect(() => store(`desk:drafts:${workerSid}`, drafts.value));
}

/** What a reload can keep: the bytes of the others are gone. @param {Record<string, import("./protocol.js").Attachment[]>} all */
function uploadedOnly(all) {
  const ready = Object.entries(all).map(([key, files]) => [key, files.filter((file) => file.phase === "ready")]);
  return Object.fromEntries(ready.filter(([, files]) => files.length));
}

/** @param {string} key @returns {any} */
function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {unknown} value */
function store(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    /* storage is full or forbidden: the tab works on, only a reload would forget */
  }
}
