// Says that a document is being read: that takes some seconds. Without this script the browser says so in its own way.

for (const form of document.querySelectorAll("[data-busy]")) {
  form.addEventListener("submit", () => {
    const told = form.querySelector("[data-busy-told]");
    told.textContent = form.dataset.busy;
    told.hidden = false;
    form.querySelector("button").disabled = true;
  });
}
addEventListener("pageshow", (event) => event.persisted && location.reload());
