/**
 * What agents' and visitors' uploads have in common: the channel's limits, and a request that tells how far it has come.
 *
 * @typedef {{at_once: number, total: number, largest: Record<string, number>}} Limits of one message: how many files, how
 *   many bytes together (0: no such limit), how many bytes each by its type or the part before the slash
 * @typedef {{code: "many"|"empty"|"kind"|"large"|"total", limit: number}} Misfit `limit`: files or bytes
 */

/**
 * What is wrong with a file, as far as a browser can tell; the server looks at its bytes.
 *
 * @param {{type: string, size: number}} file
 * @param {Limits} limits
 * @param {{phase: string, size: number}[]} others already attached
 * @returns {Misfit|null}
 */
export function misfit(file, limits, others) {
  const good = others.filter((each) => each.phase !== "refused");
  if (good.length >= limits.at_once) return { code: "many", limit: limits.at_once };
  if (!file.size) return { code: "empty", limit: 0 };
  const most = file.type ? (limits.largest[file.type] ?? limits.largest[file.type.split("/")[0]]) : Infinity;
  if (most === undefined || file.type === "image/svg+xml") return { code: "kind", limit: 0 };
  if (file.size > most) return { code: "large", limit: most };
  const total = good.reduce((sum, each) => sum + each.size, file.size);
  return limits.total && total > limits.total ? { code: "total", limit: limits.total } : null;
}

/** Whether a browser shows the file as a picture before anybody has looked at it. @param {string} type */
export function isPicture(type) {
  return /^image\/(png|jpeg|gif|webp)$/.test(type);
}

/**
 * `fetch` does not tell how far an upload has come.
 *
 * @param {string} method
 * @param {string} url
 * @param {{headers: Record<string, string>, body?: FormData|null, onProgress?: (progress: number) => void}} how
 * @returns {Promise<{status: number, said: any}>} rejected when there was no answer
 */
export function send(method, url, { headers, body = null, onProgress = () => {} }) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open(method, url);
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) asked.setRequestHeader(name, value);
    asked.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    asked.addEventListener("load", () => (asked.status >= 502 ? reject() : resolve({ status: asked.status, said: parsed(asked) })));
    asked.addEventListener("error", reject);
    asked.addEventListener("abort", reject);
    asked.send(body);
  });
}

/** @param {XMLHttpRequest} asked */
function parsed(asked) {
  try {
    return JSON.parse(asked.responseText);
  } catch {
    return null;
  }
}
