/** Adds, moves and removes the rows of a workflow's form. The server reads rows in the order in which they stand. */

let made = 0;

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
  for (const field of row.querySelectorAll("[name]")) {
    const name = field.getAttribute("name") ?? "";
    field.setAttribute("name", name.replace("FILTER", filter).replace("TARGET", `new${made}`));
  }
  if (kind === "filter") row.setAttribute("data-id", filter);
  return row;
}

/** @param {Element} row */
function enter(row) {
  /** @type {HTMLElement | null} */ (row.querySelector("input:not([type=hidden]), select"))?.focus();
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

for (const root of document.querySelectorAll("[data-rules]")) {
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (button) verbs[button.getAttribute("data-do") ?? ""]?.(root, button);
  });
}
