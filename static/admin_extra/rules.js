/** Adds, moves, folds and removes the rows of a workflow's form. The server reads rows in the order in which they stand. */

let made = 0;
let rearranged = false;
const PLACES = ["name", "data-says", "data-crew"];
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
    button.closest("[data-item]")?.remove();
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
 * Whether the rows say something else than when the page came.
 * @param {Element} root
 */
function touched(root) {
  if (rearranged) return true;
  return [...fields(root)].some((field) =>
    field instanceof HTMLSelectElement
      ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.value !== shown(field)
      : field.value !== field.defaultValue,
  );
}

/** @param {HTMLSelectElement} field */
function shown(field) {
  return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
}

/**
 * The rows are sent as one field, for there is a limit to their number; and what nobody has touched is not sent, for a
 * document may be as large as one request.
 * @param {HTMLFormElement} form
 * @param {Element} root
 */
function pack(form, root) {
  const name = root.getAttribute("data-rules") ?? "";
  const document = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("[data-document]"));
  const again = form.querySelector("[data-again]") !== null;
  form.addEventListener("formdata", ({ formData }) => {
    for (const key of Object.keys(rows(root))) formData.delete(key);
    if (again || touched(root)) formData.set(name, JSON.stringify(rows(root)));
    if (!again && document && document.value === document.defaultValue) formData.delete(document.name);
  });
}

for (const root of document.querySelectorAll("[data-rules]")) {
  const filters = root.querySelectorAll('[data-item="filter"]');
  if (filters.length >= FOLD_FROM) for (const filter of filters) fold(filter, !filter.querySelector("[aria-invalid], .cc-error"));
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (!button) return;
    const verb = button.getAttribute("data-do") ?? "";
    const filter = button.closest('[data-item="filter"]');
    if (verb === "fold") return fold(filter, !filter?.hasAttribute("data-folded"));
    rearranged = true;
    verbs[verb]?.(root, button);
    root.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const form = root.closest("form");
  if (form) pack(form, root);
}
