/** Files of the conversation. The token goes in a header, so they are fetched and shown as blobs. */

/** @type {Map<string, Promise<string>>} */
const fetched = new Map();

/** @param {string} url @param {string} header @param {string} token @returns {Promise<string>} a blob's address */
function blobUrl(url, header, token) {
  const known = fetched.get(url);
  if (known) return known;
  const coming = fetch(url, { headers: { [header]: token }, credentials: "omit" }).then(async (answer) => {
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
  const { words, token_header: header } = chat.boot;
  const box = document.createElement("p");
  box.className = "file";
  box.textContent = media.status === "failed" ? words.file_failed : words.file_pending;
  if (media.status !== "stored") return box;
  blobUrl(media.url, header, chat.store.token).then(
    (address) => box.replaceChildren(shown(media, address, words)),
    () => (box.textContent = words.file_failed),
  );
  return box;
}

/** @param {import("./state.js").Media} media @param {string} address @param {Record<string, string>} words */
function shown(media, address, words) {
  if (media.content_type.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = address;
    picture.alt = words.picture;
    return picture;
  }
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = "";
  anchor.textContent = words.file;
  return anchor;
}
