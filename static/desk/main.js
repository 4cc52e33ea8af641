/** Boot: read what the page says, open the socket, mount the screen. */
import { h, render } from "preact";

import { attachmentsAt } from "./attachments.js";
import { startTicking } from "./clock.js";
import { faulted, flush, pump, sendBy } from "./commands.js";
import { contactsAt } from "./contacts.js";
import { historyAt } from "./history.js";
import { setLanguage } from "./i18n.js";
import { listenToKeys } from "./keys.js";
import { unlockSound } from "./notify.js";
import { followAddress } from "./route.js";
import { DeskSocket } from "./socket.js";
import { keepInTab, link, receive, state } from "./store.js";
import { templatesAt } from "./templates.js";
import { App } from "./views/app.js";
import { StatusBar } from "./views/status_bar.js";
import { startWatching } from "./watch.js";

/** @param {string} path */
function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** Does the page itself send us to sign in? A refused handshake does not say why. */
async function signedOut() {
  try {
    const answer = await fetch(location.pathname, { method: "HEAD", redirect: "manual", cache: "no-store" });
    return answer.type === "opaqueredirect" || answer.status === 401;
  } catch {
    return false;
  }
}

/** @param {import("./protocol.js").ServerFrame} frame */
function onFrame(frame) {
  receive(frame);
  if (frame.t === "ok" || frame.t === "error") pump(frame.ref);
}

/** @param {import("./socket.js").LinkName} name */
function onLink(name) {
  const lostAt = link.value.name === "online" ? Date.now() : link.value.lostAt;
  link.value = { name, lostAt: name === "online" ? 0 : lostAt };
}

function boot() {
  const data = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
  if (!data.worker) return;
  setLanguage(data.language);
  historyAt(data.messages_url);
  attachmentsAt(data);
  templatesAt(data.templates_url);
  contactsAt(data.contacts_url, data.csrf_token);
  keepInTab(data.worker.sid);
  const socket = new DeskSocket(socketUrl(data.socket_path), {
    cursors: () => state.value.cursors,
    onFrame,
    isBehind: () => state.value.behind,
    onLink,
    onReady: flush,
    onFault: faulted,
    signedOut,
  });
  sendBy((frame) => socket.send(frame));
  followAddress();
  listenToKeys();
  unlockSound();
  startTicking();
  startWatching();
  mount("status", StatusBar, {});
  mount("desk", App, { retry: () => socket.retry() });
  socket.start();
}

/** @param {string} id @param {any} view @param {object} props */
function mount(id, view, props) {
  const place = document.getElementById(id);
  if (place) render(h(view, props), place);
}

boot();
