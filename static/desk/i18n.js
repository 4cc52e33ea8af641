/**
 * Words, dates and numbers in the agent's language. Texts come from Django's JavaScript catalogue, a classic script that
 * runs before the modules; without it the English msgids are shown.
 */

/** @typedef {{gettext?: (msgid: string) => string, ngettext?: (one: string, many: string, n: number) => string}} Catalogue */

const catalogue = /** @type {Catalogue} */ (/** @type {unknown} */ (globalThis));

let language = localeFor(document.documentElement.lang || "en");

/** @param {string} code a BCP 47 language tag */
export function setLanguage(code) {
  language = localeFor(code);
}

/** The browser's own region where it speaks the chosen language: 14:05 in Britain, 2:05 PM in America. @param {string} code */
function localeFor(code) {
  return navigator.languages.find((each) => each.split("-")[0] === code.split("-")[0]) ?? code;
}

/** @param {string} msgid @returns {string} */
export function gettext(msgid) {
  return catalogue.gettext ? catalogue.gettext(msgid) : msgid;
}

/** @param {string} one @param {string} many @param {number} n @returns {string} */
export function ngettext(one, many, n) {
  if (catalogue.ngettext) return catalogue.ngettext(one, many, n);
  return n === 1 ? one : many;
}

/**
 * Named placeholders, as in Django: `fill("%(name)s waits", {name})`.
 *
 * @param {string} text
 * @param {Record<string, string|number>} values
 */
export function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function format(options) {
  const key = language + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, known);
  return known;
}

/** @param {string} iso @returns {string} as in 14:05 */
export function timeOfDay(iso) {
  return format({ timeStyle: "short" }).format(new Date(iso));
}

/** @param {string} day as in 2026-01-31 @returns {string} a day that is of no time zone */
export function calendarDay(day) {
  const at = new Date(`${day}T00:00`);
  return Number.isNaN(at.getTime()) ? day : format({ dateStyle: "medium" }).format(at);
}

/** @param {string} iso @returns {string} date and time, for a tooltip or a fact */
export function dateTime(iso) {
  return format({ dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** A language's own place among the agent's words: en reads English. @param {string} code @returns {string} */
export function languageName(code) {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code.replace("_", "-")) ?? code;
  } catch {
    return code;
  }
}

/**
 * The day of a message: today and yesterday by name.
 *
 * @param {string} iso
 * @param {number} now epoch milliseconds
 */
export function dayName(iso, now) {
  const day = new Date(iso);
  const distance = Math.round((midnight(now) - midnight(day.getTime())) / 86_400_000);
  if (distance === 0) return gettext("Today");
  if (distance === 1) return gettext("Yesterday");
  const sameYear = day.getFullYear() === new Date(now).getFullYear();
  return format({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(
    day,
  );
}

/** @param {number} at epoch milliseconds */
function midnight(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/**
 * How long, in two or three characters and a unit, as in a list: now, 4 min, 3 h, 2 d.
 *
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 1) return gettext("now");
  if (minutes < 60) return fill(gettext("%(n)s min"), { n: minutes });
  if (minutes < 1440) return fill(gettext("%(n)s h"), { n: Math.floor(minutes / 60) });
  return fill(gettext("%(n)s d"), { n: Math.floor(minutes / 1440) });
}

/**
 * How long, in words that stand in a sentence: less than a minute, 4 minutes, 3 hours.
 *
 * @param {number} milliseconds
 */
export function spanInWords(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 1) return gettext("less than a minute");
  if (minutes < 60) return fill(ngettext("%(n)s minute", "%(n)s minutes", minutes), { n: minutes });
  const hours = Math.floor(minutes / 60);
  return fill(ngettext("%(n)s hour", "%(n)s hours", hours), { n: hours });
}

/** @param {number} seconds @returns {string} as in 1:05 */
export function minutesAndSeconds(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {number} bytes */
export function fileSize(bytes) {
  const kilobytes = bytes / 1024;
  const [value, unit] = kilobytes < 1000 ? [kilobytes, "kilobyte"] : [kilobytes / 1024, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}
