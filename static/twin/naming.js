/** The small dialogue that asks for a name. */

const dialog = /** @type {HTMLDialogElement} */ (document.querySelector(".naming"));
const form = dialog.querySelector("form");
const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
const problem = dialog.querySelector(".naming__error");

/** @type {((name: string) => Promise<void>)|null} */
let save = null;

/**
 * @param {string} title
 * @param {string} present
 * @param {(name: string) => Promise<void>} keep may throw; the words are shown and the dialogue stays
 */
export function askName(title, present, keep) {
  dialog.querySelector("h2").textContent = title;
  problem.textContent = "";
  field.value = present;
  save = keep;
  dialog.showModal();
  field.select();
}

dialog.querySelector(".naming__cancel").addEventListener("click", () => dialog.close());
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await save(field.value);
    dialog.close();
  } catch (error) {
    problem.textContent = error.message;
  }
});
