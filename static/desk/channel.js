/** What the channel lets through now: the same rules as `conversations/core/policy.py`; the server decides. */

/** @typedef {import("./protocol.js").Conversation} Conversation */

const WINDOW_MS = 24 * 3_600_000;
/** So long before its end the composer tells how long the window stays open. */
const SOON_MS = 4 * 3_600_000;

/**
 * @param {Conversation} conversation
 * @param {number} now epoch milliseconds, the server's
 * @returns {""|"blocked"|"opted-out"|"window-closed"}
 */
export function refusal(conversation, now) {
  if (conversation.blocked) return "blocked";
  if (conversation.opted_out) return "opted-out";
  return conversation.window && windowLeft(conversation, now) <= 0 ? "window-closed" : "";
}

/** A template passes the closed window of WhatsApp, and of no other channel. @param {Conversation} conversation @param {number} now */
export function takesTemplate(conversation, now) {
  const why = refusal(conversation, now);
  if (conversation.channel === "whatsapp") return !["blocked", "opted-out"].includes(why);
  return ["sms", "rcs", "messenger"].includes(conversation.channel) && !why;
}

/** Milliseconds; 0 for a customer who never wrote. @param {Conversation} conversation @param {number} now */
export function windowLeft({ window }, now) {
  return window?.closes_at ? Math.max(0, Date.parse(window.closes_at) - now) : 0;
}

/** @param {Conversation} conversation @param {number} now */
export function endsSoon(conversation, now) {
  return Boolean(conversation.window) && windowLeft(conversation, now) <= SOON_MS;
}

/**
 * The customer's words open the window anew.
 *
 * @param {Conversation["window"]} window
 * @param {import("./protocol.js").Message} row
 */
export function reopened(window, row) {
  if (!window || row.direction !== "inbound") return window;
  const until = new Date(Date.parse(row.date_created) + WINDOW_MS).toISOString();
  return window.closes_at && Date.parse(window.closes_at) >= Date.parse(until) ? window : { closes_at: until };
}
