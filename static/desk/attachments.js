/**
 * Files that the agent attaches: checked against the channel's limits, uploaded at once, one after the other, and kept
 * until the message is sent. What was uploaded outlives a reload of the tab; the server forgets it after a day.
 *
 * @typedef {import("./protocol.js").Attachment} Attachment
 * @typedef {import("../shared/uploads.js").Limits} Limits
 */
import { isPicture, misfit, send } from "../shared/uploads.js";
import { fileSize, fill, gettext } from "./i18n.js";
import { newRef } from "./outbox.js";
import { attachments } from "./store.js";

let filesUrl = "";
let fileUrl = "";
let token = "";
/** @type {Record<string, Limits>} */
let limits = {};
/** @type {Map<string, File>} what is still to be uploaded, by id */
const held = new Map();
let uploading = false;

/** @param {{files_url: string, file_url: string, csrf_token: string, file_limits: Record<string, Limits>}} boot */
export function attachmentsAt(boot) {
  [filesUrl, fileUrl, token, limits] = [boot.files_url, boot.file_url, boot.csrf_token, boot.file_limits];
}

/** @param {string} key the conversation's sid @returns {Attachment[]} */
export function attachmentsOf(key) {
  return attachments.value[key] ?? [];
}

/** @param {string} key */
export function isUploading(key) {
  return attachmentsOf(key).some((file) => file.phase === "uploading" || file.phase === "waiting");
}

/** @param {string} key @returns {Attachment[]} those that the next message takes along */
export function readyOf(key) {
  return attachmentsOf(key).filter((file) => file.phase === "ready");
}

/**
 * @param {string} key the conversation's sid
 * @param {string} channel
 * @param {Iterable<File>} files
 */
export function attach(key, channel, files) {
  for (const file of files) {
    const error = complaint(file, limits[channel], attachmentsOf(key));
    const made = taken(file, error);
    if (!error) held.set(made.id, file);
    put(key, [...attachmentsOf(key), made]);
  }
  uploadNext();
}

/** Once more, after the line broke. @param {string} key @param {string} id */
export function attachAgain(key, id) {
  change(key, id, { phase: "waiting", progress: 0, error: "" });
  uploadNext();
}

/** @param {string} key @param {string} id */
export function detach(key, id) {
  const file = attachmentsOf(key).find((each) => each.id === id);
  if (!file) return;
  forget(file);
  put(key, attachmentsOf(key).filter((each) => each.id !== id));
  if (file.sid) request("DELETE", fileUrl.replace("{sid}", encodeURIComponent(file.sid)), null, () => {}).catch(() => {});
}

/** They belong to a message from now on. @param {string} key @returns {string[]} the files' sids */
export function takeReady(key) {
  const ready = readyOf(key);
  ready.forEach(forget);
  put(key, attachmentsOf(key).filter((file) => file.phase !== "ready"));
  return ready.map((file) => file.sid);
}

/**
 * What is wrong with a file, as far as a browser can tell; the server looks at its bytes.
 *
 * @param {{name: string, type: string, size: number}} file
 * @param {Limits|undefined} its the channel's limits
 * @param {{phase: string, size: number}[]} others already attached
 * @returns {string} "" if nothing
 */
export function complaint(file, its, others) {
  const wrong = its ? misfit(file, its, others) : null;
  if (!wrong) return "";
  const size = { limit: fileSize(wrong.limit) };
  if (wrong.code === "many")
    return fill(gettext("At most %(limit)s files go out at once. Send the others afterwards."), { limit: wrong.limit });
  if (wrong.code === "empty") return gettext("This file is empty.");
  if (wrong.code === "kind")
    return gettext("This channel does not carry files of this kind. Send a JPEG or PNG picture, or a PDF.");
  if (wrong.code === "large")
    return fill(gettext("Larger than %(limit)s, the most that this channel takes. Make it smaller, or send a link."), size);
  return fill(gettext("Together larger than %(limit)s, the most for one message. Send it in the next one."), size);
}

/** @param {File} file @param {string} error @returns {Attachment} */
function taken(file, error) {
  const shown = !error && isPicture(file.type);
  return {
    id: newRef(),
    sid: "",
    name: file.name,
    type: file.type,
    size: file.size,
    preview: shown ? URL.createObjectURL(file) : "",
    phase: error ? "refused" : "waiting",
    progress: 0,
    error,
  };
}

/** One at a time, in the order in which they were attached. */
async function uploadNext() {
  if (uploading) return;
  const next = Object.entries(attachments.value)
    .flatMap(([key, files]) => files.map((file) => ({ key, file })))
    .find(({ file }) => file.phase === "waiting" && held.has(file.id));
  if (!next) return;
  uploading = true;
  await upload(next.key, next.file);
  uploading = false;
  uploadNext();
}

/** @param {string} key @param {Attachment} file */
async function upload(key, file) {
  change(key, file.id, { phase: "uploading" });
  const body = new FormData();
  body.append("file", /** @type {File} */ (held.get(file.id)), file.name);
  try {
    const address = filesUrl.replace("{sid}", encodeURIComponent(key));
    const answer = await request("POST", address, body, (progress) => change(key, file.id, { progress }));
    if (answer.status === 201) uploaded(key, file.id, answer.said.file);
    else change(key, file.id, { phase: "refused", error: answer.said?.message ?? refusalOf(answer.status) });
  } catch {
    change(key, file.id, { phase: "lost", error: gettext("The line broke. The file is not there yet.") });
  }
}

/** @param {string} key @param {string} id @param {{sid: string, name: string, content_type: string, size: number, thumbnail_url: string}} row */
function uploaded(key, id, row) {
  const file = attachmentsOf(key).find((each) => each.id === id);
  // Removed while it was on its way: the server need not keep it.
  if (!file) return void request("DELETE", fileUrl.replace("{sid}", row.sid), null, () => {}).catch(() => {});
  forget(file);
  change(key, id, { sid: row.sid, name: row.name, type: row.content_type, preview: row.thumbnail_url, phase: "ready" });
}

/** @param {number} status without words of its own */
function refusalOf(status) {
  if (status === 413) return gettext("The file is too large.");
  return gettext("The server did not take the file. Load the page again and try once more.");
}

/**
 * @param {string} method
 * @param {string} url
 * @param {FormData|null} body
 * @param {(progress: number) => void} onProgress
 */
function request(method, url, body, onProgress) {
  return send(method, url, { headers: { "X-CSRFToken": token }, body, onProgress });
}

/** @param {Attachment} file its bytes are not needed any more */
function forget(file) {
  held.delete(file.id);
  if (file.preview.startsWith("blob:")) URL.revokeObjectURL(file.preview);
}

/** @param {string} key @param {string} id @param {Partial<Attachment>} with_ */
function change(key, id, with_) {
  put(key, attachmentsOf(key).map((file) => (file.id === id ? { ...file, ...with_ } : file)));
}

/** @param {string} key @param {Attachment[]} files */
function put(key, files) {
  const { [key]: _old, ...others } = attachments.value;
  attachments.value = files.length ? { ...others, [key]: files } : others;
}
