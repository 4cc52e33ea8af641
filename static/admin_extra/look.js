/** Says beside each row of a workflow, while it is written, who serves it and what the checks find. */

import { replace, rows } from "./rules.js";

const PAUSE_MS = 400;
const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-rules]"));
const form = root?.closest("form");
const text = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("[data-document]"));
let timer = 0;
let asked = 0;

/**
 * @typedef {{says: Record<string, string>, crews: Record<string, string>, list: string, summary: string, wrong: string,
 *   stands: boolean, rules?: string, document?: string}} Told
 */
const workflow = /\/workflow\/(\d+)\//.exec(location.pathname)?.[1] ?? "";

function question() {
  const body = new FormData();
  const token = /** @type {HTMLInputElement | null} */ (form?.querySelector("[name=csrfmiddlewaretoken]"));
  const workspace = /** @type {HTMLSelectElement | null} */ (document.getElementById("id_workspace"));
  const timeout = /** @type {HTMLInputElement | null} */ (document.getElementById("id_task_reservation_timeout"));
  body.set("csrfmiddlewaretoken", token?.value ?? "");
  body.set("workflow", workflow);
  body.set("workspace", workspace?.value ?? "");
  if (timeout) body.set("timeout", timeout.value);
  if (root?.dataset.edited === "document" && text) body.set("configuration", text.value);
  else if (root) body.set("rules", JSON.stringify(rows(root)));
  return body;
}

/**
 * @param {Element} place
 * @param {string} html
 */
function put(place, html) {
  if (place.innerHTML !== html) place.innerHTML = html;
}

/** What was not edited follows what was. @param {Told} told */
function follow(told) {
  if (!root?.dataset.edited) return;
  if (told.rules !== undefined) replace(root, told.rules);
  if (told.document !== undefined && text) text.value = told.document;
  root.toggleAttribute("data-behind", told.rules === undefined && told.document === undefined);
}

/** @param {Told} told */
function show(told) {
  follow(told);
  for (const place of root?.querySelectorAll("[data-crew]") ?? []) {
    put(place, told.crews[place.getAttribute("data-crew") ?? ""] ?? "");
  }
  for (const place of root?.querySelectorAll("[data-says]") ?? []) {
    const html = told.says[place.getAttribute("data-says") ?? ""];
    if (html !== undefined || told.stands) put(place, html ?? "");
  }
  for (const field of root?.querySelectorAll("[name]") ?? []) {
    if (field.getAttribute("name") === told.wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  root?.toggleAttribute("data-stale", !told.stands);
  for (const list of document.querySelectorAll("[data-found]")) put(list, told.list);
  for (const line of document.querySelectorAll("[data-summary]")) put(line, told.summary);
}

async function look() {
  if (!root?.dataset.look) return;
  asked += 1;
  const mine = asked;
  const edited = root.dataset.edited;
  const answer = await fetch(root.dataset.look, { method: "POST", body: question() }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const told = /** @type {Told} */ (await answer.json());
  if (mine === asked && edited === root.dataset.edited) show(told);
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE_MS);
});
if (workflow || root?.dataset.edited) look();
