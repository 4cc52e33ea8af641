/** Names in the agent's language: channels, statuses, endings. */
import { fill, gettext } from "./i18n.js";
import { remedy } from "./remedies.js";

/** @param {string} channel @returns {string} */
export function channelName(channel) {
  const names = {
    sms: gettext("SMS"),
    rcs: gettext("RCS"),
    whatsapp: gettext("WhatsApp"),
    messenger: gettext("Messenger"),
    webchat: gettext("Web chat"),
    chat: gettext("Web chat"),
    voice: gettext("Call"),
  };
  return names[/** @type {keyof typeof names} */ (channel)] ?? gettext("Task");
}

/** An address without the channel's prefix: `whatsapp:+1555…` reads +1555…. @param {string|undefined} address */
export function plainAddress(address) {
  return (address ?? "").replace(/^(rcs|whatsapp|messenger|webchat):/, "");
}

/**
 * Why a message did not arrive and what to do about it, in plain words.
 *
 * @param {{status: string, error_code: string|number|null, error_message: string|null}} message
 */
export function whyFailed({ status, error_code: code, error_message: words }) {
  const said = remedy(code);
  if (status === "unknown") return said || gettext("The line broke while sending. The customer may have it already.");
  return said || (words && gettext(words)) || gettext("The provider gives no reason.");
}

/** Why a customer's file is not here. @param {string|undefined} code the carrier's, or a word of ours */
export function whyNotFetched(code) {
  if (code === "too-large") return gettext("The file is larger than we take (16 MB).");
  if (/^http-4/.test(code ?? "")) return gettext("The carrier does not have the file any more.");
  if (code === "foreign-host" || code === "redirects") return gettext("The file's address is not the carrier's: it was not asked.");
  if (code === "worker-died") return gettext("The file could not be looked at.");
  return gettext("The carrier could not be reached in time.");
}

/** @param {string} status of an outbound message */
export function deliveryName(status) {
  const names = {
    waiting: gettext("Waiting to be sent"),
    accepted: gettext("Queued"),
    queued: gettext("Queued"),
    sending: gettext("Sending"),
    sent: gettext("Sent"),
    delivered: gettext("Delivered"),
    read: gettext("Read"),
    failed: gettext("Not sent"),
    undelivered: gettext("Not delivered"),
    unknown: gettext("Not known whether it was sent"),
    canceled: gettext("Canceled"),
  };
  return names[/** @type {keyof typeof names} */ (status)] ?? status;
}

/** How an offer ended, when not by the agent. @param {string} status @param {string} name the customer's */
export function offerEnded(status, name) {
  if (status === "timeout")
    return fill(gettext("Time ran out: the offer of %(name)s went back to the queue."), { name });
  if (status === "rescinded") return fill(gettext("%(name)s was given to a colleague."), { name });
  if (status === "canceled") return fill(gettext("%(name)s needs no answer any more."), { name });
  return "";
}
