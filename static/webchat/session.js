/** Becoming somebody: the first words of a newcomer fetch a token. */

/** The server says why not. */
export class Refused extends Error {}

/**
 * The token that stands after this; of several tabs that ask at once, one asks the server. Locks exist on secure origins
 * only, and are refused where storage is closed to us: there two tabs at the same moment may become two visitors.
 *
 * @param {import("./store.js").Store} store
 * @param {string} url
 * @param {{deployment: string, name: string, answers: Record<string, string>}} who
 * @returns {Promise<string>}
 */
export async function begin(store, url, who) {
  const asking = () => ask(store, url, who);
  if (!navigator.locks) return asking();
  return navigator.locks.request(store.tokenKey, asking).catch((error) => {
    if (error.name !== "SecurityError") throw error;
    return asking();
  });
}

/** @param {import("./store.js").Store} store @param {string} url @param {{deployment: string, name: string, answers: Record<string, string>}} who */
async function ask(store, url, who) {
  if (store.token) return store.token;
  const answer = await fetch(url, {
    method: "POST",
    // Refusals come in the chat's language, whatever the browser prefers.
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify(who),
    credentials: "omit",
  });
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  const data = await answer.json();
  if (!answer.ok) throw new Refused(data.message);
  store.token = data.token;
  return data.token;
}

/** A UUID. `crypto.randomUUID` exists only on secure origins, and a trial on a LAN address is not one. */
export function newRef() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
