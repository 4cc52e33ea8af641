/** Every broken state of the line has its own words and its own way out. */
import { now, offset } from "../clock.js";
import { html } from "../html.js";
import { fill, gettext, spanInWords } from "../i18n.js";
import { known, link, state } from "../store.js";
import { interruption } from "../remedies.js";
import { Icon } from "./icons.js";

/** @param {{age: string, retry: () => void}} props */
function Offline({ age, retry }) {
  if (!known.value) return html`<${Unreached} retry=${retry} />`;
  const text = gettext("What you see is %(age)s old. You can go on writing: it is sent once the line is back.");
  return html`
    <p><strong role="alert">${gettext("You are offline.")}</strong> ${fill(text, { age })}</p>
    <button type="button" class="button button-small" onClick=${retry}>${gettext("Try now")}</button>
  `;
}

/** @param {{retry: () => void}} props */
function Unreached({ retry }) {
  return html`
    <p><strong role="alert">${gettext("The server cannot be reached.")}</strong> ${gettext("The desk tries again by itself.")}</p>
    <button type="button" class="button button-small" onClick=${retry}>${gettext("Try now")}</button>
  `;
}

/** @param {{age: string}} props */
function Restarting({ age }) {
  const text = gettext("The desk comes back by itself. What you see is %(age)s old; what you write is sent then.");
  return html`<p><strong role="alert">${gettext("The server is restarting.")}</strong> ${fill(text, { age })}</p>`;
}

function Ended() {
  const back = encodeURIComponent(location.pathname + location.hash);
  return html`
    <p><strong role="alert">${gettext("Your session has ended.")}</strong> ${gettext("Sign in again in this tab: unsent messages are kept.")}</p>
    <a class="button button-small" href="/login/?next=${back}">${gettext("Sign in again")}</a>
  `;
}

function Denied() {
  return html`<p><strong role="alert">${gettext("You have no access to the desk any more.")}</strong> ${gettext("Ask a supervisor.")}</p>`;
}

/** The provider is out of order: what was written waits. It stands beside the line's own banner. */
export function CarrierBanner() {
  const { interrupted_at: since, code } = state.value.carrier;
  if (!since) return null;
  const age = spanInWords(now.value - Date.parse(since));
  const text = gettext("For %(age)s nothing can be sent to customers. What you write waits and goes out by itself.");
  return html`
    <div class="banner banner-carrier">
      <${Icon} name="clock" />
      <p><strong role="alert">${gettext("Messages are waiting.")}</strong> ${fill(text, { age })} ${interruption(code)}</p>
    </div>
  `;
}

/** @param {{retry: () => void}} props */
export function Banner({ retry }) {
  const { name, lostAt } = link.value;
  const Body = { offline: Offline, restarting: Restarting, ended: Ended, denied: Denied }[String(name)];
  if (!Body) return null;
  const age = spanInWords(lostAt ? now.value - offset() - lostAt : 0);
  return html`<div class="banner banner-${name}"><${Icon} name="offline" /><${Body} age=${age} retry=${retry} /></div>`;
}
