// A button that orders is pressed once; the shop would not order twice anyway, but nobody has to wonder.
for (const form of document.querySelectorAll("[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    form.querySelector("button:not([type=button])").setAttribute("aria-disabled", "true");
  });
}
addEventListener("pageshow", (event) => event.persisted && location.reload()); // back from the provider: as things stand now
