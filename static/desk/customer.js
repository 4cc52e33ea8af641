/** Who the customer of a piece of work is: from the conversation once we take part in it, before that from the task. */
import { gettext } from "./i18n.js";
import { plainAddress } from "./words.js";

/**
 * @param {import("./protocol.js").Reservation|null} reservation
 * @param {import("./protocol.js").Conversation|null} conversation
 * @returns {{name: string, address: string, shown: string, channel: string, ourName: string}} `shown`: the address as people
 *   read it
 */
export function customerOf(reservation, conversation) {
  const task = reservation?.task.attributes ?? {};
  const channel = conversation?.channel ?? task.channel ?? reservation?.task.task_channel ?? "default";
  // A web chat's address is a name of ours for the browser; it tells the agent nothing.
  const address = channel === "webchat" ? "" : plainAddress(conversation?.customer_address ?? task.from ?? task.customer_address);
  const shown = (address && (conversation ?? task).customer_shown) || address;
  return {
    name: conversation?.contact?.name || task.name || shown || gettext("Unknown customer"),
    address,
    shown,
    channel,
    ourName: conversation?.our_name || plainAddress(conversation?.our_address ?? task.to),
  };
}

/**
 * What a bot or a colleague has left for the agent.
 *
 * @param {import("./protocol.js").Reservation|null} reservation
 * @param {import("./protocol.js").Conversation|null} conversation
 * @returns {{summary: string, by: string, context: Record<string, unknown>, transcript: {author: string, body: string, at?: string}[]}|null}
 */
export function handoffOf(reservation, conversation) {
  const handoff = conversation?.attributes?.handoff ?? reservation?.task.attributes.handoff ?? null;
  const summary = handoff?.summary ?? reservation?.task.attributes.summary ?? "";
  if (!handoff && !summary) return null;
  return { summary, by: byName(handoff?.by), context: handoff?.context ?? {}, transcript: handoff?.transcript ?? [] };
}

/** @param {any} by a name, or an object that has one */
function byName(by) {
  return typeof by === "string" ? by : (by?.name ?? "");
}
