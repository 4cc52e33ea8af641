/** Names and what stands for them. */
import { html } from "../html.js";

/** @param {{rows: [string, any][]}} props names and what to show; rows with nothing to show are left out */
export function Facts({ rows }) {
  const filled = rows.filter(([, value]) => value);
  if (!filled.length) return null;
  return html`<dl class="facts">${filled.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
