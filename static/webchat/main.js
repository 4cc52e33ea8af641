/** Boot: read what the page says, join the host's page, open the chat. */
import { Chat } from "./chat.js";
import { Host } from "./host.js";
import { Store } from "./store.js";
import { View } from "./view.js";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
const asked = new URLSearchParams(location.search);
const color = asked.get("color");
if (color && CSS.supports("color", color)) document.documentElement.style.setProperty("--brand", color);

const host = new Host(asked.get("parent"));
const chat = new Chat(boot, new Store(boot.deployment, host), host);
const view = new View(chat);

host.listen(({ shown, focus }) => view.shown({ shown, focus }));
document.addEventListener("visibilitychange", () => chat.changed());
chat.start();
view.draw();
