/** Keeps a part of a page fresh while somebody looks at it; a part that says `data-over` has the whole page read anew. */

const EVERY_MS = 3000;
const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-live]"));

async function refresh() {
  if (!place?.dataset.live || document.hidden) return;
  const answer = await fetch(place.dataset.live).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const text = await answer.text();
  if (!place.contains(document.activeElement)) place.innerHTML = text;
  if (place.querySelector("[data-over]")) location.reload();
}

setInterval(refresh, Number(place?.dataset.every ?? EVERY_MS));
document.addEventListener("visibilitychange", refresh);
