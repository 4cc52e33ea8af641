/**
 * The outbox: commands with a client-made `ref`, kept until the server has answered, so that what was typed while the
 * cable was out, or just before a reload, is sent once, later. Pure functions over a list; `store.js` holds the list.
 *
 * An acknowledged command stays as `accepted` until its event is seen, so that neither a pending row nor a pressed button
 * falls back in between; a refused post stays as `failed` until the agent sends it anew or discards it.
 */

/** @typedef {import("./protocol.js").Command} Command */

/**
 * @param {string} name
 * @param {Record<string, any>} args
 * @param {string} at ISO 8601
 * @param {string} [ref]
 * @returns {Command}
 */
export function command(name, args, at, ref = newRef()) {
  return { ref, do: name, args, at, phase: "waiting" };
}

/** A UUID. `crypto.randomUUID` exists only on secure origins, and a trial on a LAN address is not one. */
export function newRef() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** @param {Command} entry */
export function frameOf(entry) {
  return { do: entry.do, ref: entry.ref, ...entry.args };
}

/** Commands to send (again) after a welcome, in the order in which they were given. @param {Command[]} outbox */
export function unanswered(outbox) {
  return outbox.filter((entry) => entry.phase === "waiting");
}

/**
 * The outbox after an answer.
 *
 * @param {Command[]} outbox
 * @param {import("./protocol.js").Ok|import("./protocol.js").Failure} answer
 * @returns {Command[]}
 */
export function answered(outbox, answer) {
  return outbox.flatMap((entry) => {
    if (entry.ref !== answer.ref) return [entry];
    if (answer.t === "ok") return [{ ...entry, phase: /** @type {const} */ ("accepted") }];
    if (entry.do !== "message.post") return [];
    return [{ ...entry, phase: /** @type {const} */ ("failed"), error: answer.message }];
  });
}

/**
 * After a replay, the outbox without the commands that have taken effect, or cannot any more: repeating them would
 * only bring a refusal.
 *
 * @param {Command[]} outbox
 * @param {import("./protocol.js").State} state
 */
export function withoutMoot(outbox, state) {
  return outbox.filter((entry) => !isMoot(entry, state));
}

/** @param {Command} entry @param {import("./protocol.js").State} state */
function isMoot({ do: name, args }, { reservations }) {
  if (!name.startsWith("reservation.") && !name.startsWith("task.")) return false;
  const rows = Object.values(reservations).filter((row) => row.sid === args.reservation || row.task.sid === args.task);
  const from = name === "task.complete" ? ["accepted", "wrapping"] : [name === "task.wrap_up" ? "accepted" : "pending"];
  return !rows.some((row) => from.includes(row.reservation_status));
}

/** @param {Command[]} outbox @param {string} ref of a command whose effect is on the screen */
export function without(outbox, ref) {
  return outbox.filter((entry) => entry.ref !== ref);
}

/**
 * The outbox without the posts whose messages have arrived, in an event, a snapshot or a page of history.
 *
 * @param {Command[]} outbox
 * @param {import("./protocol.js").State} state
 * @returns {Command[]} the same list when nothing has arrived
 */
export function withoutArrived(outbox, state) {
  const left = outbox.filter((entry) => !hasArrived(entry, state));
  return left.length === outbox.length ? outbox : left;
}

/** @param {Command} entry @param {import("./protocol.js").State} state */
function hasArrived(entry, state) {
  if (entry.do !== "message.post") return false;
  const rows = state.messages[entry.args.conversation] ?? [];
  return rows.some((row) => row.ref === entry.ref);
}

/**
 * After a snapshot, a post that was acknowledged and is not among the last messages lies further up: not pending.
 *
 * @param {Command[]} outbox
 */
export function withoutAccepted(outbox) {
  return outbox.filter((entry) => entry.phase !== "accepted");
}

/**
 * The rows of one conversation that are not on the server yet, or not known to be.
 *
 * @param {Command[]} outbox
 * @param {string} conversation
 */
export function pendingPosts(outbox, conversation) {
  return outbox.filter((entry) => entry.do === "message.post" && entry.args.conversation === conversation);
}

/**
 * The command under way for an object, so that its buttons show that they were pressed.
 *
 * @param {Command[]} outbox
 * @param {string} name argument's name, as in "reservation"
 * @param {string} sid
 * @param {string} [verb] only this command
 */
export function underWay(outbox, name, sid, verb) {
  const isIt = (/** @type {Command} */ entry) => (verb ? entry.do === verb : entry.do !== "message.post");
  return outbox.find((entry) => entry.args[name] === sid && isIt(entry));
}
