/** A business calendar's page: blocks and exceptions come and go, and the next two weeks follow what is typed. */

const PAUSE_MS = 300;
const pages = location.pathname.replace(/calendar\/.*/, "calendar/");
let made = 0;
let asked = 0;
let chosen = 0;
let timer = 0;

/** @param {string} selector @param {ParentNode} [root] */
const all = (selector, root = document) => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector));

/**
 * A fresh block in a day or an exception.
 * @param {HTMLElement} blocks
 * @param {string[]} [ends] from and until
 */
function addBlock(blocks, ends = []) {
  const template = /** @type {HTMLTemplateElement} */ (blocks.querySelector("template"));
  const block = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (block.querySelectorAll("input"));
  made += 1;
  inputs.forEach((input, index) => {
    input.name = `${blocks.dataset.blocks}-new${made}-${input.name.split("-").pop()}`;
    input.value = ends[index] ?? "";
  });
  blocks.querySelector(".cc-closed")?.before(block);
  return inputs[0];
}

/**
 * One day's blocks are another's.
 * @param {Element | null | undefined} from
 * @param {Element | null | undefined} to
 */
function copy(from, to) {
  const blocks = /** @type {HTMLElement | null | undefined} */ (to?.querySelector("[data-blocks]"));
  if (!from || !to || !blocks) return;
  for (const block of all("[data-item=block]", to)) block.remove();
  for (const block of all("[data-item=block]", from)) {
    const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (block.querySelectorAll("input"));
    addBlock(blocks, [...inputs].map((input) => input.value));
  }
}

/** @type {Record<string, (button: HTMLElement) => void>} */
const verbs = {
  "add-block"(button) {
    addBlock(/** @type {HTMLElement} */ (button.closest("[data-blocks]"))).focus();
  },
  "add-override"(button) {
    const root = /** @type {HTMLElement} */ (button.closest("[data-hours]"));
    const template = /** @type {HTMLTemplateElement} */ (root.querySelector("template[data-blank=override]"));
    const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    made += 1;
    for (const field of all("[name]", row)) field.setAttribute("name", named(field.getAttribute("name")));
    for (const blocks of all("[data-blocks]", row)) blocks.dataset.blocks = named(blocks.dataset.blocks);
    root.querySelector("[data-list=override]")?.append(row);
    row.querySelector("input")?.focus();
  },
  "as-before"(button) {
    const day = button.closest("[data-day]");
    copy(day?.previousElementSibling, day);
  },
  workdays(button) {
    const monday = button.closest("[data-day]");
    let day = monday?.nextElementSibling;
    for (let count = 0; count < 4; count += 1) {
      copy(monday, day);
      day = day?.nextElementSibling;
    }
  },
  remove(button) {
    button.closest("[data-item]")?.remove();
  },
};

/** @param {string | null | undefined} name */
function named(name) {
  return (name ?? "").replace("ROW", `new${made}`);
}

async function look() {
  const plan = document.getElementById("cc-plan");
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("calendar_form"));
  if (!plan || !form) return;
  asked += 1;
  const mine = asked;
  const answer = await fetch(`${pages}preview/`, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (answer?.ok && mine === asked) plan.innerHTML = await answer.text();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE_MS);
}

/** The parts and holidays of the chosen country; what was ticked stays ticked where it still stands. */
async function choose() {
  const root = document.querySelector(".cc-holidays");
  const country = /** @type {HTMLSelectElement | null | undefined} */ (root?.querySelector("[data-country]"));
  const part = /** @type {HTMLSelectElement | null | undefined} */ (root?.querySelector("[data-part]"));
  const choices = root?.querySelector("[data-choices]");
  if (!root || !country || !choices) return;
  const query = new URLSearchParams({ country: country.value, subdivision: part?.value ?? "" });
  for (const box of boxes(root)) if (box.checked || box.type === "hidden") query.append("worked", box.value);
  chosen += 1;
  const mine = chosen;
  const answer = await fetch(`${pages}holidays/?${query}`).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  if (!text || mine !== chosen) return;
  // What was ticked while the answer was on its way counts.
  const ticks = new Map([...boxes(root)].map((box) => [box.value, box.checked]));
  choices.innerHTML = text;
  for (const box of boxes(root)) box.checked = ticks.get(box.value) ?? box.checked;
  soon();
}

/** @param {Element} root */
function boxes(root) {
  return /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("input[name$=worked_holidays]"));
}

/** Countries in the reader's language, which browsers know and we do not. */
function nameCountries() {
  const country = /** @type {HTMLSelectElement | null} */ (document.querySelector("[data-country]"));
  if (!country) return;
  const names = new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "region" });
  const options = [...country.options].slice(1);
  for (const option of options) option.textContent = names.of(option.value) ?? option.textContent;
  options.sort((one, other) => (one.textContent ?? "").localeCompare(other.textContent ?? ""));
  const before = country.value;
  country.append(...options);
  country.value = before;
}

/** A new calendar begins in the zone of the person who makes it. */
function suggestZone() {
  const zone = /** @type {HTMLSelectElement | null} */ (document.getElementById("id_time_zone"));
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && location.pathname.endsWith("/add/") && !document.querySelector(".errorlist, .cc-error")) {
    if ([...zone.options].some((option) => option.value === here)) zone.value = here;
  }
}

for (const root of all("[data-hours]")) {
  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (event.target instanceof Element && event.target.closest("[data-do]"));
    if (!button) return;
    verbs[button.dataset.do ?? ""]?.(button);
    soon();
  });
}
document.addEventListener("input", soon);
document.addEventListener("change", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-country], [data-part]")) choose();
});
nameCountries();
suggestZone();
if (document.getElementById("cc-plan")) look();
