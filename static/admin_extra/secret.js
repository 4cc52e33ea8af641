/** Copies the parts of a secret that is shown once; a reload must lead on, not make another one. */

const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-next]"));

if (page?.dataset.next) history.replaceState(null, "", page.dataset.next);

page?.addEventListener("click", async (event) => {
  const button = /** @type {HTMLElement} */ (event.target);
  const secret = button.dataset.copied && button.closest(".cc-secret")?.querySelector("code");
  if (!secret) return;
  try {
    await navigator.clipboard.writeText(secret.textContent ?? "");
    button.textContent = button.dataset.copied ?? "";
  } catch {
    // Without https there is no clipboard: select it, so that Ctrl-C does it.
    getSelection()?.selectAllChildren(secret);
  }
});
