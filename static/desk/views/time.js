/** Times that move by themselves. They read the one tick of `clock.js`, so only they are drawn again. */
import { useEffect, useRef } from "preact/hooks";

import { now, timeLeft } from "../clock.js";
import { html } from "../html.js";
import { dateTime, fill, gettext, minutesAndSeconds, span } from "../i18n.js";

/** How long ago, in short. @param {{at: string}} props */
export function Ago({ at }) {
  return html`<time class="ago" datetime=${at} title=${dateTime(at)}>${span(now.value - Date.parse(at))}</time>`;
}

/** How long someone has been waiting, as in 2:05. @param {{since: string}} props */
export function Waiting({ since }) {
  const seconds = Math.floor(Math.max(0, now.value - Date.parse(since)) / 1000);
  const text = seconds < 3600 ? minutesAndSeconds(seconds) : span(seconds * 1000);
  return html`<time class="waiting" datetime=${since} title=${dateTime(since)}>${text}</time>`;
}

/**
 * A ring that empties towards the server's deadline, with the seconds in it.
 *
 * @param {{from: string, deadline: string}} props
 */
export function Countdown({ from, deadline }) {
  const ring = useRef(/** @type {HTMLElement|null} */ (null));
  const { seconds, fraction } = timeLeft(from, deadline, now.value);
  useEffect(() => ring.current?.style.setProperty("--left", String(fraction)), [fraction]);
  const whole = Math.ceil(seconds);
  const label = fill(gettext("%(time)s left to answer"), { time: minutesAndSeconds(whole) });
  return html`
    <time class="countdown ${whole <= 10 ? "is-short" : ""}" datetime=${deadline} ref=${ring} title=${label}>
      <svg viewBox="0 0 36 36" aria-hidden="true">
        <circle class="countdown-track" cx="18" cy="18" r="15.500" />
        <circle class="countdown-left" cx="18" cy="18" r="15.500" pathLength="1" />
      </svg>
      <span class="countdown-text">${whole < 100 ? whole : minutesAndSeconds(whole)}</span>
    </time>
  `;
}
