/** Copies a secret that is shown once; a reload must lead on, not make another one. */

const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-next]"));
const button = /** @type {HTMLElement | null} */ (document.getElementById("cc-copy"));
const secret = document.getElementById("cc-secret");

if (page?.dataset.next) history.replaceState(null, "", page.dataset.next);

button?.addEventListener("click", async () => {
  const text = secret?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.copied ?? "";
  } catch {
    // Without https there is no clipboard: select it, so that Ctrl-C does it.
    if (secret) getSelection()?.selectAllChildren(secret);
  }
});
