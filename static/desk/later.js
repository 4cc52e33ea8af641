/** Times at which something may be said later: the same span as `conversations/core/scheduling.py`; the server decides. */
import { gettext } from "./i18n.js";

const SOONEST_MS = 300_000;
const FARTHEST_MS = 35 * 86_400_000;
/** So much is left over, that a choice made at leisure is still far enough away when it arrives. */
const LEISURE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** @param {number} now epoch milliseconds @param {number} days @param {number} hour of the agent's own clock */
function dayAt(now, days, hour) {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  day.setHours(hour, 0, 0, 0);
  return day.getTime();
}

/**
 * Times that are likely meant, the soonest first.
 *
 * @param {number} now epoch milliseconds, the server's
 * @param {number} until what comes later is left out
 * @returns {{name: string, at: number}[]}
 */
export function choices(now, until = Infinity) {
  const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
  return [
    { name: gettext("In an hour"), at: Math.ceil((now + HOUR_MS) / 60_000) * 60_000 },
    { name: gettext("This evening"), at: dayAt(now, 0, 18) },
    { name: gettext("Tomorrow morning"), at: dayAt(now, 1, 9) },
    ...(toMonday > 1 ? [{ name: gettext("Monday morning"), at: dayAt(now, toMonday, 9) }] : []),
  ].filter(({ at }) => at >= now + SOONEST_MS + LEISURE_MS && at < until);
}

/**
 * What is wrong with a time, in words, or "".
 *
 * @param {number} at epoch milliseconds; NaN for none
 * @param {number} now
 * @param {number} until
 */
export function problem(at, now, until = Infinity) {
  if (Number.isNaN(at)) return gettext("Choose a day and a time.");
  if (at - now < SOONEST_MS) return gettext("Choose a time at least 5 minutes from now.");
  if (at - now > FARTHEST_MS) return gettext("Choose a time within 35 days.");
  return at >= until ? gettext("By then the window for free text is closed: choose an earlier time, or a template.") : "";
}

/** For a field of day and time, in the agent's own zone: 2030-01-02T15:04. @param {number} at epoch milliseconds */
export function toField(at) {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** @param {string} text of such a field @returns {number} epoch milliseconds, or NaN */
export function fromField(text) {
  return text ? new Date(text).getTime() : NaN;
}
