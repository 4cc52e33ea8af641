/** Shows who matches a queue's expression while it is typed. */

const PAUSE_MS = 250;
const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("[data-match]"));
const shown = document.getElementById("cc-match");
const workspace = /** @type {HTMLSelectElement | null} */ (document.getElementById("id_workspace"));
let timer = 0;
let asked = 0;

async function look() {
  if (!box || !shown) return;
  asked += 1;
  const mine = asked;
  const url = new URL(location.pathname.replace(/taskqueue\/.*/, "taskqueue/match/"), location.origin);
  url.searchParams.set("expression", box.value);
  url.searchParams.set("workspace", workspace?.value ?? shown.dataset.workspace ?? "");
  const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok && mine === asked) shown.innerHTML = await answer.text();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE_MS);
}

box?.addEventListener("input", soon);
workspace?.addEventListener("change", soon);
if (shown && !shown.childElementCount) look();
