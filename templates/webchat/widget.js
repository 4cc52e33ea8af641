/*
 * The chat for your site, in one line:
 *   <script src="https://…/chat/widget.js" data-deployment="demo" async></script>
 * Further attributes: data-language ("en", "es"), data-position ("right", "left"), data-color (any CSS colour on
 * which white can be read).
 * Needs nothing else, sets no cookies and touches nothing of your page: it lives in a shadow root.
 */
(() => {
  "use strict";
  const script = document.currentScript;
  const boot = {{ boot|safe }};
  const deployment = script?.dataset.deployment;
  if (!script || document.querySelector("[data-contact-chat]")) return;
  if (!deployment) return console.error(`Contact chat: ${boot.words.unnamed}`);

  const base = new URL(script.src, location.href);
  const words = boot.words;
  const { language, color } = script.dataset;
  const named = (name) => `contact-chat:${deployment}:${name}`;
  const keys = { open: named("open"), begun: named("begun") };
  /* What the frame has us keep where the browser closes storage to it. */
  const kept = [named("token"), named("outbox")];

  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    .button { position: fixed; z-index: 2147483000; inset: auto var(--edge-right) max(20px, env(safe-area-inset-bottom)) var(--edge-left);
      display: grid; place-items: center; width: 60px; height: 60px; padding: 0; border: 0; border-radius: 50%;
      color: #fff; background: var(--color); cursor: pointer; box-shadow: 0 2px 6px rgb(0 0 0 / .16), 0 10px 28px rgb(0 0 0 / .22);
      transition: transform .16s ease-out, box-shadow .16s ease-out; }
    .button:hover { transform: translateY(-2px); }
    .button:active { transform: scale(.95); }
    .button:focus-visible { outline: 3px solid var(--color); outline-offset: 3px; }
    .button svg { grid-area: 1 / 1; width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 1.9;
      stroke-linecap: round; stroke-linejoin: round; transition: opacity .16s, transform .16s; }
    .cross { opacity: 0; transform: rotate(-45deg) scale(.6); }
    .is-open .cross { opacity: 1; transform: none; }
    .is-open .bubble { opacity: 0; transform: rotate(45deg) scale(.6); }
    .badge { position: absolute; inset: -3px -3px auto auto; min-width: 22px; height: 22px; padding: 0 6px; border: 2px solid #fff;
      border-radius: 11px; background: #d92d20; color: #fff; font: 600 12px/18px system-ui, sans-serif; text-align: center; }
    .badge[hidden] { display: none; }
    .panel { position: fixed; z-index: 2147483000; inset: auto var(--edge-right) calc(max(20px, env(safe-area-inset-bottom)) + 76px) var(--edge-left);
      width: min(392px, calc(100vw - 40px)); height: min(640px, calc(100dvh - 128px)); overflow: hidden; border-radius: 18px;
      background: Canvas; box-shadow: 0 0 0 1px rgb(0 0 0 / .06), 0 18px 60px rgb(0 0 0 / .28); visibility: hidden; opacity: 0;
      transform: translateY(12px) scale(.985); transform-origin: bottom right;
      transition: opacity .16s ease-out, transform .16s ease-out, visibility 0s .16s; }
    .panel.is-open { visibility: visible; opacity: 1; transform: none; transition-delay: 0s; }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
    @media (max-width: 520px) {
      .panel { inset: 0; width: 100vw; height: 100dvh; border-radius: 0; }
      .button.is-open { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .button, .button svg, .panel { transition: none; } }
    @media print { .button, .panel { display: none; } }
  `;

  /* Storage may be closed to us; then the chat merely forgets whether it was open. */
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => {
    try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* forgotten, then */ }
  };

  const svg = (name, path) => {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    picture.setAttribute("class", name);
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    picture.append(line);
    return picture;
  };

  const make = (tag, className, attributes = {}) => {
    const element = document.createElement(tag);
    element.className = className;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  const host = make("div", "", { "data-contact-chat": deployment });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const left = script.dataset.position === "left";
  host.style.setProperty("--edge-right", left ? "auto" : "20px");
  host.style.setProperty("--edge-left", left ? "20px" : "auto");
  host.style.setProperty("--color", "#4f46e5");
  if (color && window.CSS.supports("color", color)) host.style.setProperty("--color", color);

  const button = make("button", "button", { type: "button", "aria-expanded": "false", "aria-controls": "panel" });
  const badge = make("span", "badge", { "aria-hidden": "true", hidden: "" });
  button.append(
    svg("bubble", "M12 20.5c5 0 9-3.6 9-8s-4-8-9-8-9 3.6-9 8c0 2 .8 3.8 2.2 5.2L4.5 21l4.3-1.1c1 .4 2.1.6 3.2.6ZM8 12.5h.01M12 12.5h.01M16 12.5h.01"),
    svg("cross", "M6 9.5l6 6 6-6"),
    badge,
  );
  const panel = make("div", "panel", { id: "panel" });
  root.append(panel, button);

  let frame = null;
  let ready = false;
  let open = false;
  let unread = 0;

  function load() {
    if (frame) return;
    const url = new URL(boot.frame, base);
    url.searchParams.set("deployment", deployment);
    url.searchParams.set("parent", location.origin);
    if (language) url.searchParams.set("language", language);
    if (color) url.searchParams.set("color", color);
    frame = make("iframe", "", { src: url.href, title: words.title, allow: "clipboard-write" });
    panel.append(frame);
  }

  /* Only ever to the chat's own origin. */
  function tell(type, data = {}) {
    if (ready) frame.contentWindow.postMessage({ type: `contact-chat:${type}`, ...data }, base.origin);
  }

  function show(wanted, { focus = true } = {}) {
    open = wanted;
    if (open) load();
    button.classList.toggle("is-open", open);
    panel.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
    remember(keys.open, open && "1");
    tell("shown", { shown: open, focus });
    if (!open && focus) button.focus();
    label();
  }

  function label() {
    const text = open ? words.close : unread ? words.unread.replace("{count}", String(unread)) : words.open;
    button.setAttribute("aria-label", text);
    button.title = open ? "" : words.open;
    badge.hidden = open || !unread;
    badge.textContent = unread > 9 ? "9+" : String(unread);
  }

  /* Visitors are not shown what they cannot use; whoever made this page reads why. */
  function refuse(reason) {
    host.remove();
    ready = false;
    remember(keys.open, "");
    console.error(`Contact chat: ${reason}`);
  }

  window.addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const { type, count, key, value, reason } = event.data ?? {};
    ready = true;
    if (type === "contact-chat:ready") tell("shown", { shown: open, focus: open && root.activeElement === button });
    else if (type === "contact-chat:close") show(false);
    else if (type === "contact-chat:begun") remember(keys.begun, "1");
    else if (type === "contact-chat:recall") tell("kept", { values: Object.fromEntries(kept.map((name) => [name, recall(name)])) });
    else if (type === "contact-chat:keep" && kept.includes(key)) remember(key, value);
    else if (type === "contact-chat:refused") refuse(reason);
    else if (type === "contact-chat:unread" && Number.isInteger(count)) {
      unread = count;
      label();
    }
  });
  /* Another tab of this site; a frame with storage of its own hears of it by itself. */
  window.addEventListener("storage", ({ key, newValue }) => {
    if (kept.includes(key)) tell("changed", { key, value: newValue });
  });
  button.addEventListener("click", () => show(!open));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) show(false);
  });

  const start = () => {
    document.body.append(host);
    label();
    if (recall(keys.begun)) load();
    if (recall(keys.open) && innerWidth > 520) show(true, { focus: false });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
