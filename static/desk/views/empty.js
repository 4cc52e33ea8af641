/** What stands where there is nothing: why, and what to do. */
import { setActivity } from "../commands.js";
import { html } from "../html.js";
import { fill, gettext, ngettext } from "../i18n.js";
import { active, known, offers, state } from "../store.js";
import { Icon } from "./icons.js";

/** The work list is empty: is it the agent, or is it quiet? */
export function NoWork() {
  const worker = state.value.worker;
  return worker?.available ? html`<${Quiet} />` : html`<${Away} />`;
}

function Quiet() {
  return html`
    <div class="empty">
      <span class="empty-mark empty-good"><${Icon} name="inbox" /></span>
      <h2>${gettext("All quiet")}</h2>
      <p>${gettext("You are available. The next conversation is offered to you here.")}</p>
    </div>
  `;
}

function Away() {
  return html`
    <div class="empty">
      <span class="empty-mark"><${Icon} name="away" /></span>
      <h2>${gettext("You are away")}</h2>
      <p>${nothingOffered()}</p>
      <${BackToWork} look="button-primary" />
    </div>
  `;
}

/** Above work that is still open: an agent whom a missed offer sent away would otherwise wait for nothing. */
export function AwayNotice() {
  if (state.value.worker?.available !== false) return null;
  return html`
    <div class="work-away">
      <p>${nothingOffered()}</p>
      <${BackToWork} />
    </div>
  `;
}

function nothingOffered() {
  const words = gettext("Your activity is %(activity)s: nothing is offered to you.");
  return fill(words, { activity: state.value.worker?.activity_name ?? "" });
}

/** @param {{look?: string}} props */
function BackToWork({ look = "" }) {
  const free = state.value.activities.find((row) => row.available);
  if (!free) return null;
  return html`
    <button type="button" class="button ${look}" onClick=${() => setActivity(free.sid)}>
      ${fill(gettext("Switch to %(activity)s"), { activity: free.friendly_name })}
    </button>
  `;
}

/** @param {{keys: string[], text: string}} props */
function Shortcut({ keys, text }) {
  return html`<div><dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${text}</dd></div>`;
}

function Shortcuts() {
  return html`
    <dl class="shortcuts">
      <${Shortcut} keys=${["Alt", "A"]} text=${gettext("Accept the first offer")} />
      <${Shortcut} keys=${["Alt", "J"]} text=${gettext("Next conversation")} />
      <${Shortcut} keys=${["Alt", "K"]} text=${gettext("Previous conversation")} />
      <${Shortcut} keys=${["Enter"]} text=${gettext("Send")} />
    </dl>
  `;
}

/** What waits on the left, in a sentence. */
function hint() {
  const n = offers.value.length;
  if (n) return fill(ngettext("%(n)s offer waits for you.", "%(n)s offers wait for you.", n), { n });
  if (active.value.length) return gettext("Choose one on the left to read and answer.");
  return gettext("Accepted conversations open here.");
}

/** @param {{words: string}} props */
function Busy({ words }) {
  return html`<div class="empty" aria-busy="true"><span class="spinner"></span><p>${words}</p></div>`;
}

/** The middle pane while nothing is chosen. */
export function NothingChosen() {
  if (!known.value) return html`<${Busy} words=${gettext("Connecting to the desk…")} />`;
  return html`
    <div class="empty empty-wide">
      <span class="empty-mark"><${Icon} name="sms" /></span>
      <h2>${gettext("No conversation open")}</h2>
      <p>${hint()}</p>
      <${Shortcuts} />
    </div>
  `;
}

/** @param {{name: string}} props */
export function Joining({ name }) {
  return html`<${Busy} words=${fill(gettext("Opening the conversation with %(name)s…"), { name })} />`;
}

/** The chosen work is no longer ours. */
export function Gone() {
  return html`
    <div class="empty">
      <span class="empty-mark empty-good"><${Icon} name="check" /></span>
      <h2>${gettext("Done here")}</h2>
      <p>${gettext("This piece of work is no longer on your desk.")}</p>
    </div>
  `;
}
