// Says on the page why the browser did not give a passkey; allauth's own scripts tell only the console.
(() => {
  const line = document.getElementById("passkey-error");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const unsafe = event.detail.exception?.name === "SecurityError" || !window.isSecureContext;
    line.textContent = unsafe ? line.dataset.unsafe : line.dataset.dismissed;
    line.hidden = false;
  });
})();
