/**
 * What a carrier's error code means for the agent, and what to do about it. The same words and codes as
 * `carriers/twilio/errors.py`; https://www.twilio.com/docs/api/errors
 */
import { gettext } from "./i18n.js";

/** @type {[() => string, string][]} the words, and the codes that they are for */
const REMEDIES = [
  [() => gettext("The carrier could not fetch the file from us. Try again later, once."), "11200"],
  [() => gettext("The file is too large for this channel. Send a smaller one."), "11751"],
  [() => gettext("This channel does not carry files of this kind. Send another kind."), "12300"],
  [() => gettext("The account's credentials are not accepted. Tell a supervisor."), "20003 20006 http-401"],
  [() => gettext("The provider account is suspended. Tell a supervisor."), "20005 30002 63051"],
  [
    () => gettext("Something is not set up as it must be. Tell a supervisor."),
    "20404 21603 21604 21609 21664 21666 21667 21910 30010 35111 35114 35115 35117 35118 63020 bad-url",
  ],
  [() => gettext("Too much is being sent at once. Try again in a moment."), "20429 21611 30001 30022 63018"],
  [() => gettext("This address cannot receive messages. Check it with the customer."), "21211 21266 30005"],
  [
    () => gettext("Our number may not send this kind of message. Tell a supervisor."),
    "21212 21606 21608 21659 21660 21661 63007",
  ],
  [
    () => gettext("The provider does not deliver to numbers of this kind. Try another channel."),
    "21265 21268",
  ],
  [() => gettext("Messages to this country are not switched on. Tell a supervisor."), "21408"],
  [() => gettext("The message has neither text nor a file."), "21602"],
  [
    () => gettext("The customer has opted out. Only the customer can undo this, by writing START."),
    "21610 30004 63033",
  ],
  [() => gettext("This number cannot be reached from ours. Try another channel."), "21612 21614"],
  [() => gettext("The message is too long. Split it."), "21617"],
  [
    () => gettext("The file could not be taken. Send another kind or a smaller one."),
    "21620 21623 30011 63019",
  ],
  [() => gettext("This seems to be a landline. Call instead."), "21635 30006"],
  [() => gettext("The phone is off or out of reach. Try again later."), "30003"],
  [() => gettext("The carrier filtered the message. Rephrase it, without links."), "30007"],
  [() => gettext("The carrier gives no reason. Try again later, once."), "30008"],
  [() => gettext("Our number is not registered for this country. Tell a supervisor."), "30032 30034"],
  [() => gettext("The message waited too long and was dropped. Send it again if it still matters."), "30036"],
  [() => gettext("This customer must not be written to. Tell a supervisor."), "30450 30640"],
  [() => gettext("The law keeps this hour quiet for the customer. Send it later."), "30610"],
  [
    () => gettext("This template does not exist any more. Choose another one, or ask a supervisor."),
    "21655 63027",
  ],
  [() => gettext("The template's values do not fit it. Send it anew with a text for each."), "21656 63028"],
  [() => gettext("The channel does not accept our account. Tell a supervisor."), "63001 63022"],
  [() => gettext("The customer is not on this channel. Try another one."), "63003 63024 63036"],
  [
    () => gettext("The channel refused the content. Rephrase it, or send another kind of file."),
    "63005 63021",
  ],
  [() => gettext("The channel has trouble of its own. Try again later, once."), "63012"],
  [() => gettext("The channel takes it for a breach of its rules. Rephrase it; do not repeat it."), "63013"],
  [
    () => gettext("More than 24 hours have passed since the customer's last message. Only a template may be sent now."),
    "63016",
  ],
  [() => gettext("This WhatsApp user may not be written to now. Try another channel."), "63032"],
  [() => gettext("Today's limit of messages is reached. Send it tomorrow."), "63038"],
  [
    () => gettext("This template is not approved by WhatsApp. Choose another one, or ask a supervisor."),
    "63040 63041 63042",
  ],
  [() => gettext("The channel chose not to deliver it. Do not repeat it today."), "63049"],
  [
    () => gettext("The carrier cannot be reached. The message is tried again."),
    "dns refused connect-timeout",
  ],
  [() => gettext("The carrier's certificate is not accepted. Tell a supervisor."), "tls"],
  [
    () => gettext("The carrier did not answer. The message may have been sent; ask before you repeat it."),
    "read-timeout reset",
  ],
  [
    () => gettext("The carrier's answer could not be read. The message may have been sent; ask before you repeat it."),
    "bad-answer",
  ],
  [
    () => gettext("The sender stopped midway. The message may have been sent; ask before you repeat it."),
    "worker-died",
  ],
  [
    () => gettext("The carrier does not have it: most likely it was not sent. You can send it again."),
    "not-listed",
  ],
  [
    () => gettext("The same text was sent twice and the carrier has one of them. Ask before you repeat it."),
    "twins",
  ],
  [
    () => gettext("The carrier is out of order. The message may have been sent; ask before you repeat it."),
    "http-500 http-502 http-503 http-504",
  ],
];

/** @type {Map<string, () => string>} */
const BY_CODE = new Map(REMEDIES.flatMap(([words, codes]) => codes.split(" ").map((code) => [code, words])));

/**
 * @param {string|number|null} code
 * @returns {string} "" for a code that we have no words for
 */
export function remedy(code) {
  return BY_CODE.get(String(code ?? ""))?.() ?? "";
}

/**
 * What is out of order while nothing can be sent.
 *
 * @param {string} code
 */
export function interruption(code) {
  if (/^(20003|20006|http-401)$/.test(code)) return remedy("20003");
  if (/^(20005|30002)$/.test(code)) return remedy("30002");
  return gettext("The carrier does not answer as it should.");
}
