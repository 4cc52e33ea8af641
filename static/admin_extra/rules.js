/** Adds, moves, folds and removes the rows of a workflow's form. The server reads rows in the order in which they stand. */

let made = 0;
const PLACES = ["name", "id", "data-says", "data-crew"];
const FOLD_FROM = 8;

/**
 * A fresh row from the page's blank one.
 * @param {Element} root the whole editor
 * @param {"filter" | "target"} kind
 * @param {string} filter the id of the filter that the row is, or stands in
 * @returns {Element}
 */
function blank(root, kind, filter) {
  const template = /** @type {HTMLTemplateElement} */ (root.querySelector(`template[data-blank="${kind}"]`));
  const row = /** @type {Element} */ (template.content.firstElementChild?.cloneNode(true));
  made += 1;
  for (const attribute of PLACES) {
    for (const field of row.querySelectorAll(`[${attribute}]`)) {
      const place = field.getAttribute(attribute) ?? "";
      field.setAttribute(attribute, place.replace("FILTER", filter).replace("TARGET", `new${made}`));
    }
  }
  if (kind === "filter") row.setAttribute("data-id", filter);
  return row;
}

/** @param {Element} row */
function enter(row) {
  /** @type {HTMLElement | null} */ (row.querySelector("input:not([type=hidden]), select"))?.focus();
}

/**
 * @param {Element | null} filter
 * @param {boolean} folded
 */
function fold(filter, folded) {
  filter?.toggleAttribute("data-folded", folded);
  filter?.querySelector('[data-do="fold"]')?.setAttribute("aria-expanded", String(!folded));
}

/** @type {Record<string, (root: Element, button: Element) => void>} */
const verbs = {
  "add-filter"(root) {
    made += 1;
    const row = blank(root, "filter", `new${made}`);
    root.querySelector('[data-list="filter"]')?.append(row);
    enter(row);
  },
  "add-target"(root, button) {
    const filter = button.closest('[data-item="filter"]');
    const row = blank(root, "target", filter?.getAttribute("data-id") ?? "");
    filter?.querySelector('[data-list="target"]')?.append(row);
    enter(row);
  },
  up(_root, button) {
    const row = button.closest("[data-item]");
    row?.previousElementSibling?.before(row);
    /** @type {HTMLElement} */ (button).focus();
  },
  down(_root, button) {
    const row = button.closest("[data-item]");
    row?.nextElementSibling?.after(row);
    /** @type {HTMLElement} */ (button).focus();
  },
  remove(_root, button) {
    const row = button.closest("[data-item]");
    const near = row?.nextElementSibling ?? row?.previousElementSibling;
    const add = row?.parentElement?.parentElement?.querySelector(':scope [data-do^="add-"]');
    row?.remove();
    if (near) enter(near);
    else /** @type {HTMLElement | null | undefined} */ (add)?.focus();
  },
};

/**
 * Every field of the rows by its name, in the order of the page.
 * @param {Element} root
 * @returns {Record<string, string>}
 */
export function rows(root) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const field of fields(root)) found[field.name] = field.value;
  return found;
}

/**
 * @param {Element} root
 * @returns {NodeListOf<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>}
 */
function fields(root) {
  return root.querySelectorAll("input[name], textarea[name], select[name]");
}

/**
 * Another state of the rows, as the server shows it.
 * @param {Element} root
 * @param {string} html
 */
export function replace(root, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  root.replaceChildren(...(template.content.firstElementChild?.childNodes ?? []));
  foldMany(root);
}

/** Many filters are shown by their heads alone, save those with a mistake. @param {Element} root */
function foldMany(root) {
  const filters = root.querySelectorAll('[data-item="filter"]');
  if (filters.length < FOLD_FROM) return;
  for (const filter of filters) fold(filter, !filter.querySelector("[aria-invalid]"));
}

/** @param {Element | null} place */
function reveal(place) {
  fold(place?.closest('[data-item="filter"]') ?? null, false);
  place?.closest("details")?.setAttribute("open", "");
  place?.scrollIntoView({ block: "center" });
  if (place?.matches("input, textarea, select")) /** @type {HTMLElement} */ (place).focus({ preventScroll: true });
  else if (place) enter(place);
}

/**
 * Of the rows and the document the one is sent that was changed last; the other follows it. The rows are sent as one
 * field, for there is a limit to their number.
 * @param {HTMLFormElement} form
 * @param {HTMLElement} root
 */
function pack(form, root) {
  const text = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("[data-document]"));
  form.addEventListener("input", ({ target }) => {
    if (target === text) root.dataset.edited = "document";
    else if (target instanceof Node && root.contains(target)) root.dataset.edited = "rules";
  });
  form.addEventListener("formdata", ({ formData }) => {
    for (const name of Object.keys(rows(root))) formData.delete(name);
    if (root.dataset.edited === "rules") formData.set(root.dataset.rules ?? "", JSON.stringify(rows(root)));
    if (root.dataset.edited !== "document" && text) formData.delete(text.name);
  });
}

for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-rules]"))) {
  foldMany(root);
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (!button) return;
    const verb = button.getAttribute("data-do") ?? "";
    const filter = button.closest('[data-item="filter"]');
    if (verb === "fold") return fold(filter, !filter?.hasAttribute("data-folded"));
    verbs[verb]?.(root, button);
    root.querySelector("input")?.dispatchEvent(new Event("input", { bubbles: true }));
  });
  if (root.closest("form")) pack(/** @type {HTMLFormElement} */ (root.closest("form")), root);
  const named = () => location.hash.startsWith("#row-") && reveal(document.getElementById(location.hash.slice(1)));
  addEventListener("hashchange", named);
  if (!named()) reveal(root.querySelector("[aria-invalid]"));
}
