/** Instead of the chat: tell the embedding script why there is none. Nothing here is a secret, so any page may hear it. */
const reason = JSON.parse(document.getElementById("reason")?.textContent ?? '""');
if (window.parent !== window) window.parent.postMessage({ type: "contact-chat:refused", reason }, "*");
