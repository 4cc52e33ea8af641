/** The agent's verbs. Each goes into the outbox first; from there a few at a time go on the line, in order. */
import { isUploading, readyOf, takeReady } from "./attachments.js";
import { serverNow } from "./clock.js";
import { command, frameOf, unanswered, without, withoutMoot } from "./outbox.js";
import { gettext } from "./i18n.js";
import { filled } from "./templates.js";
import { outbox, readIndex, receive, rowsOf, setDraft, state } from "./store.js";

/** At most one typing blip in so many milliseconds. */
const TYPING_EVERY_MS = 3_000;

/** So many commands may be under way at once: the server takes a flood for an attack. */
const UNDER_WAY = 16;
/** A command during which the server stumbled so often is its cause, and is given up. */
const FAULTS = 3;

/** @type {Set<string>} refs sent on this line and not answered yet */
const sent = new Set();
/** @type {Map<string, number>} */
const faults = new Map();

/** @type {(frame: object) => boolean} */
let send = () => false;

/** @param {(frame: object) => boolean} sender says whether the frame went out */
export function sendBy(sender) {
  send = sender;
}

/** @param {string} name @param {Record<string, any>} args @returns {string} the command's ref */
function give(name, args) {
  const entry = command(name, args, new Date(serverNow()).toISOString());
  outbox.value = [...outbox.value, entry];
  pump();
  return entry.ref;
}

/** On a new line: everything unanswered anew, in order. The server knows a repeated ref again. */
export function flush() {
  asked.clear();
  sent.clear();
  outbox.value = withoutMoot(outbox.value, state.value);
  pump();
}

/** Send what may be sent now. @param {string} [answered] ref that makes room */
export function pump(answered = "") {
  sent.delete(answered);
  for (const entry of unanswered(outbox.value)) {
    if (sent.size >= UNDER_WAY) return;
    if (sent.has(entry.ref)) continue;
    if (!send(frameOf(entry))) return;
    sent.add(entry.ref);
  }
}

/** The server stumbled while these were under way. */
export function faulted() {
  for (const ref of sent) {
    faults.set(ref, (faults.get(ref) ?? 0) + 1);
    if (faults.get(ref) === FAULTS)
      receive({ t: "error", ref, code: "fault", message: gettext("The server cannot take this.") });
  }
}

/** @param {string} activity sid */
export const setActivity = (activity) => give("activity.set", { activity });
/** @param {string} reservation sid */
export const accept = (reservation) => give("reservation.accept", { reservation });
/** @param {string} reservation sid */
export const reject = (reservation) => give("reservation.reject", { reservation });
/** @param {string} message sid */
export const resend = (message) => give("message.resend", { message });
/** A customer's file that could not be fetched. @param {string} media sid */
export const fetchAgain = (media) => give("media.fetch", { media });
/** @param {string} task sid */
export const wrapUp = (task) => give("task.wrap_up", { task });

/**
 * @param {string} task sid
 * @param {{disposition?: string, note?: string}} [report]
 */
export function complete(task, report = {}) {
  const filled = Object.entries(report).filter(([, text]) => text);
  return give("task.complete", { task, ...Object.fromEntries(filled) });
}

/** @param {string} conversation sid @param {string} text */
export function post(conversation, text) {
  const body = text.trim();
  if (isUploading(conversation) || (!body && !readyOf(conversation).length)) return "";
  const media = takeReady(conversation);
  setDraft(conversation, "");
  return give("message.post", { conversation, body, ...(media.length ? { media } : {}) });
}

/**
 * The words are for this screen, until the server's stand there.
 *
 * @param {string} conversation sid
 * @param {import("./templates.js").Template} template
 * @param {Record<string, string>} values
 */
export function postTemplate(conversation, template, values) {
  const body = filled(template.body, values);
  return give("message.post", { conversation, content_sid: template.sid, content_variables: values, body });
}

/**
 * Say it later. Free text stays in the composer until the server has it.
 *
 * @param {string} conversation sid
 * @param {string} dueAt ISO 8601
 * @param {{body: string}|{content_sid: string, content_variables: Record<string, string>}} words
 */
export const schedule = (conversation, dueAt, words) => give("message.schedule", { conversation, due_at: dueAt, ...words });

/** @param {string} scheduled sid @param {string} dueAt ISO 8601 @param {string} [body] other words */
export const changeScheduled = (scheduled, dueAt, body) =>
  give("scheduled.change", { scheduled, due_at: dueAt, ...(body === undefined ? {} : { body }) });

/** @param {string} scheduled sid */
export const cancelScheduled = (scheduled) => give("scheduled.cancel", { scheduled });

/** Send a refused post anew, as a new command. @param {import("./protocol.js").Command} entry */
export function postAgain(entry) {
  discard(entry.ref);
  return give("message.post", entry.args);
}

/** @param {string} ref */
export function discard(ref) {
  outbox.value = without(outbox.value, ref);
}

/** Read pointers under way. Not in the outbox: what is read is known again from the screen after a reconnect. */
const asked = new Map();

/** @param {string} sid of a conversation whose newest row is on the screen */
export function markRead(sid) {
  const conversation = state.value.conversations[sid];
  const index = rowsOf(sid).at(-1)?.index ?? 0;
  if (!conversation || index <= Math.max(readIndex(conversation), asked.get(sid) ?? 0)) return;
  const entry = command("conversation.read", { conversation: sid, index }, "");
  if (send(frameOf(entry))) asked.set(sid, index);
}

let typedAt = 0;

/** @param {string} conversation sid */
export function sayTyping(conversation) {
  if (Date.now() - typedAt < TYPING_EVERY_MS) return;
  if (send({ do: "typing", conversation })) typedAt = Date.now();
}
