/** Keeps the figures of the overview fresh while somebody looks at them. */

const EVERY_MS = 3000;
const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-live]"));

async function refresh() {
  if (!place?.dataset.live || document.hidden) return;
  const answer = await fetch(place.dataset.live).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const text = await answer.text();
  if (!place.contains(document.activeElement)) place.innerHTML = text;
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
