/** Names in the agent's language: channels, statuses, and what a carrier's error code means. */
import { fill, gettext } from "./i18n.js";

/** @param {string} channel @returns {string} */
export function channelName(channel) {
  const names = {
    sms: gettext("SMS"),
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
  return (address ?? "").replace(/^(whatsapp|messenger|webchat):/, "");
}

/**
 * What a carrier's code means for the agent; https://www.twilio.com/docs/api/errors
 *
 * @param {string|number|null} code
 * @returns {string} "" for a code that we have no words for
 */
function meaning(code) {
  /** @type {Record<string, () => string>} */
  const meanings = {
    20429: () => gettext("Too many messages at once. Send it again in a moment."),
    21211: () => gettext("The customer's number is not valid."),
    21408: () => gettext("Messages to the customer's country are not switched on."),
    21610: () => gettext("The customer has unsubscribed (STOP)."),
    21614: () => gettext("The customer's number cannot receive texts."),
    11200: () => gettext("The carrier could not fetch the file from us."),
    11751: () => gettext("The file is too large for this channel."),
    12300: () => gettext("This channel does not carry files of this kind."),
    21620: () => gettext("The carrier did not accept the file."),
    21623: () => gettext("Too many files for one message."),
    30001: () => gettext("The carrier's queue was full. Send it again in a moment."),
    30002: () => gettext("The provider account is suspended."),
    30003: () => gettext("The customer's phone is switched off or cannot be reached."),
    30004: () => gettext("The customer or the carrier blocks messages from us."),
    30005: () => gettext("The customer's number does not exist any more."),
    30006: () => gettext("The customer's number is a landline or cannot be reached."),
    30007: () => gettext("The carrier filtered the message out."),
    30008: () => gettext("The carrier gives no reason."),
    30034: () => gettext("Our number is not registered with the carriers yet."),
    63027: () => gettext("This template does not exist any more. Choose another one."),
    63028: () => gettext("The template's values do not fit it. Send it anew with a text for each."),
    63040: () => gettext("This template is not approved by WhatsApp. Choose another one."),
    63041: () => gettext("This template is not approved by WhatsApp. Choose another one."),
    63042: () => gettext("This template is not approved by WhatsApp. Choose another one."),
    63016: () => gettext("More than 24 hours since the customer's last message: the channel takes only templates now."),
    63024: () => gettext("The customer's WhatsApp number is not valid."),
  };
  return meanings[String(code)]?.() ?? "";
}

/**
 * Why a message did not arrive, in plain words.
 *
 * @param {{status: string, error_code: string|number|null, error_message: string|null}} message
 */
export function whyFailed({ status, error_code: code, error_message: words }) {
  if (status === "unknown") return gettext("The line broke while sending. The customer may have it already.");
  return meaning(code) || (words && gettext(words)) || gettext("The provider gives no reason.");
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
