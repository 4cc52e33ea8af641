/** Files of the conversation. The token goes in a header, so they are fetched and shown as blobs. */

/** @type {Map<string, Promise<string>>} */
const fetched = new Map();

/** @param {string} url @param {import("./chat.js").Chat} chat @returns {Promise<string>} a blob's address */
function blobUrl(url, chat) {
  const known = fetched.get(url);
  if (known) return known;
  const headers = { [chat.boot.token_header]: chat.store.token };
  const coming = fetch(url, { headers, credentials: "omit" }).then(async (answer) => {
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return URL.createObjectURL(await answer.blob());
  });
  coming.catch(() => fetched.delete(url));
  fetched.set(url, coming);
  return coming;
}

/**
 * @param {import("./state.js").Media} media
 * @param {import("./chat.js").Chat} chat
 * @returns {HTMLElement}
 */
export function mediaNode(media, chat) {
  const { words } = chat.boot;
  const box = document.createElement("p");
  box.className = "file";
  box.textContent = media.status === "failed" ? words.file_failed : media.name || words.file_pending;
  if (media.status !== "stored") return box;
  blobUrl(media.thumbnail_url || media.url, chat).then(
    (address) => box.replaceChildren(shown(media, address, chat)),
    () => (box.textContent = words.file_failed),
  );
  return box;
}

/** @param {import("./state.js").Media} media @param {string} address @param {import("./chat.js").Chat} chat */
function shown(media, address, chat) {
  if (media.content_type.startsWith("image/")) return small(media, address, chat);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = media.name || "";
  anchor.textContent = media.name || chat.boot.words.file;
  return anchor;
}

/** The small picture; pressed, it shows the whole one. @param {import("./state.js").Media} media @param {string} address @param {import("./chat.js").Chat} chat */
function small(media, address, chat) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "picture";
  button.title = chat.boot.words.picture_whole;
  button.append(picture(address, media.name || chat.boot.words.picture));
  button.addEventListener("click", () => whole(media, chat));
  return button;
}

/** @param {import("./state.js").Media} media @param {import("./chat.js").Chat} chat */
async function whole(media, chat) {
  const address = await blobUrl(media.url, chat).catch(() => "");
  if (!address) return;
  const dialog = document.createElement("dialog");
  dialog.className = "whole";
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", chat.boot.words.picture_close);
  close.append(picture(address, media.name || chat.boot.words.picture));
  close.addEventListener("click", () => dialog.close());
  // Escape closes the picture, not the chat around it.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(close);
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string} address @param {string} alt */
function picture(address, alt) {
  const image = document.createElement("img");
  image.src = address;
  image.alt = alt;
  return image;
}
