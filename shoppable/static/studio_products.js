// Choosing products without waiting: a tick is taken over at once, what is chosen is moved with the mouse or by its
// buttons, and a search changes what was found alone. The form is the truth: without this script it does the same.

const form = document.querySelector("[data-chooser]");
const template = form.querySelector("[data-new-line]");
const announce = document.querySelector("[data-announce]");
const list = () => form.querySelector("[data-chosen]");
const lines = () => [...list().children];
const tickOf = (product) => form.querySelector(`[name="tick"][value="${CSS.escape(product)}"]`);
const lineOf = (product) => list().querySelector(`[data-product="${CSS.escape(product)}"]`);
const titleOf = (line) => line.querySelector(".studio-line-title").firstChild.textContent.trim();

function count() {
  const number = lines().length;
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = String(number);
  form.querySelector("[data-none]").hidden = number > 0;
}

function add(tick) {
  const line = template.content.firstElementChild.cloneNode(true);
  const { title, picture } = tick.dataset;
  line.dataset.product = tick.value;
  line.querySelector("[name=chosen]").value = tick.value;
  if (picture) line.querySelector("img").src = picture;
  line.querySelector(".studio-line-title").textContent = title;
  for (const name of ["up", "down", "drop"]) {
    line.querySelector(`[value^="${name}-"]`).setAttribute("aria-label", template.dataset[name].replace("{title}", title));
  }
  list().append(line);
}

function drop(line) {
  const next = line.nextElementSibling ?? line.previousElementSibling;
  const tick = tickOf(line.dataset.product);
  line.remove();
  if (tick && !lineOf(tick.value)) tick.checked = false;
  count();
  (next?.querySelector('[value^="drop-"]') ?? form.querySelector("#chosen-title")).focus();
}

function tell(line) {
  const place = lines().indexOf(line) + 1;
  announce.textContent = template.dataset.moved.replace("{title}", titleOf(line)).replace("{place}", String(place)).replace("{count}", String(lines().length));
}

form.addEventListener("change", (event) => {
  const tick = event.target;
  if (tick.name !== "tick") return;
  const chosen = list().querySelectorAll(`[data-product="${CSS.escape(tick.value)}"]`);
  if (tick.checked && !chosen.length) add(tick);
  if (!tick.checked) for (const line of chosen) line.remove();
  count();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-all]")) {
    event.preventDefault();
    for (const tick of form.querySelectorAll("[name=tick]:not(:checked)")) {
      tick.checked = true;
      if (!lineOf(tick.value)) add(tick);
    }
    count();
    return;
  }
  const line = button?.closest("[data-chosen] > li");
  if (!line) return;
  event.preventDefault();
  const what = button.value.split("-")[0];
  if (what === "drop") return drop(line);
  if (what === "up") line.previousElementSibling?.before(line);
  else line.nextElementSibling?.after(line);
  button.focus();
  tell(line);
});

// --- with the mouse

let dragged = null;
form.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-chosen] > li") ?? null;
  dragged?.classList.add("chosen");
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
form.addEventListener("dragover", (event) => {
  const over = event.target.closest("[data-chosen] > li");
  if (!dragged || !over) return;
  event.preventDefault();
  if (over === dragged) return;
  const box = over.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) over.before(dragged);
  else over.after(dragged);
});
form.addEventListener("drop", (event) => dragged && event.preventDefault());
form.addEventListener("dragend", () => {
  dragged?.classList.remove("chosen");
  if (dragged) tell(dragged);
  dragged = null;
});

// --- asking

let leaving = false;
form.addEventListener("submit", async (event) => {
  const by = event.submitter;
  if (by?.value === "make") {
    leaving = true;
    const told = form.querySelector("[data-busy-told]");
    told.textContent = by.dataset.busy;
    told.hidden = false;
    return;
  }
  event.preventDefault();
  const data = new FormData(form, by);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = shown.querySelector("[data-told]");
    document.querySelector("[data-told]")?.remove();
    if (told) form.before(told);
    const fresh = shown.querySelector("[data-chooser]");
    const found = ":scope > section:first-of-type";
    form.querySelector(found).innerHTML = fresh.querySelector(found).innerHTML;
    if (by?.value === "paste") list().innerHTML = fresh.querySelector("[data-chosen]").innerHTML;
    // Whatever was chosen while the answer was on its way stays so.
    for (const tick of form.querySelectorAll("[name=tick]")) tick.checked = Boolean(lineOf(tick.value));
    count();
    (told ?? form.querySelector("#found-title")).focus();
    if (by?.name === "page") form.querySelector("#found-title").scrollIntoView({ block: "start" });
  } catch {
    // The browser's own way does as well.
    const button = document.createElement("input");
    button.type = "hidden";
    button.name = by?.name ?? "page";
    button.value = by?.value ?? "1";
    form.append(button);
    leaving = true;
    form.submit();
  }
});

const before = lines().length;
addEventListener("beforeunload", (event) => !leaving && lines().length !== before && event.preventDefault());
addEventListener("pageshow", (event) => event.persisted && location.reload());
