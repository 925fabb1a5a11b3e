// Placing, moving and resizing the places of a page with mouse, finger and keys. The numbers of the form are the truth:
// whatever is drawn is written there, and whatever is typed there is drawn.

const SMALLEST = 1; // percent
const EDGE = 2; // percent around the lower right corner that resizes
const editor = document.querySelector("[data-editor]");
const template = document.querySelector("[data-new-spot]");
const NS = "http://www.w3.org/2000/svg";
let changed = false;

const field = (item, name) => item.querySelector(`[name="${name}"]`);
const box = (item) => Object.fromEntries(["x", "y", "width", "height"].map((name) => [name, Number(field(item, name).value.replace(",", "."))]));

function write(item, next) {
  const width = Math.min(Math.max(next.width, SMALLEST), 100);
  const height = Math.min(Math.max(next.height, SMALLEST), 100);
  const values = { width, height, x: Math.min(Math.max(next.x, 0), 100 - width), y: Math.min(Math.max(next.y, 0), 100 - height) };
  for (const [name, value] of Object.entries(values)) field(item, name).value = String(Math.round(value * 100) / 100);
  draw(item);
  changed = true;
}

function draw(item) {
  const rect = item.rect;
  for (const [name, value] of Object.entries(box(item))) if (Number.isFinite(value)) rect.setAttribute(name, String(value));
}

function choose(item, scroll = false) {
  for (const each of editor.querySelectorAll(".chosen")) each.classList.remove("chosen");
  item.classList.add("chosen");
  item.rect.classList.add("chosen");
  if (scroll) item.scrollIntoView({ block: "nearest" });
}

function mount(item, rect) {
  item.rect = rect;
  rect.item = item;
  item.addEventListener("focusin", () => choose(item));
  item.addEventListener("input", () => {
    draw(item);
    changed = true;
  });
  item.addEventListener("keydown", (event) => {
    if (event.target !== item) return; // arrows inside a field are the field's
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const by = event.altKey ? 0.2 : 1;
    const at = box(item);
    write(item, event.shiftKey ? { ...at, width: at.width + step[0] * by, height: at.height + step[1] * by } : { ...at, x: at.x + step[0] * by, y: at.y + step[1] * by });
  });
  item.querySelector("[data-drop]")?.addEventListener("click", () => {
    rect.remove();
    item.remove();
  });
  item.setAttribute("tabindex", "0");
}

for (const page of editor.querySelectorAll("[data-page]")) {
  const svg = page.querySelector("svg");
  const list = page.querySelector("[data-spots]");
  for (const item of list.querySelectorAll("[data-spot]")) mount(item, svg.querySelector(`[data-of="${item.dataset.spot}"]`));

  const at = (event) => {
    const area = svg.getBoundingClientRect();
    return { x: ((event.clientX - area.left) / area.width) * 100, y: ((event.clientY - area.top) / area.height) * 100 };
  };

  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const from = at(event);
    let item = event.target.item;
    let before;
    let resizes = false;
    if (item) {
      before = box(item);
      resizes = from.x > before.x + before.width - EDGE && from.y > before.y + before.height - EDGE;
    } else {
      const copy = template.content.firstElementChild.cloneNode(true);
      field(copy, "spot").value = `new-${crypto.randomUUID()}`;
      field(copy, "page").value = page.dataset.page;
      list.append(copy);
      const rect = document.createElementNS(NS, "rect");
      svg.append(rect);
      item = copy;
      mount(item, rect);
      before = { x: from.x, y: from.y, width: SMALLEST, height: SMALLEST };
      write(item, before);
      resizes = true;
    }
    choose(item, true);
    svg.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const to = at(moved);
      const by = { x: to.x - from.x, y: to.y - from.y };
      write(item, resizes ? { ...before, width: before.width + by.x, height: before.height + by.y } : { ...before, x: before.x + by.x, y: before.y + by.y });
    };
    const end = () => {
      svg.removeEventListener("pointermove", move);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      const last = box(item);
      if (item.querySelector("[data-drop]") && last.width <= SMALLEST * 2 && last.height <= SMALLEST * 2 && !field(item, "named").value) {
        item.rect.remove(); // a slip of the finger is no place
        item.remove();
        return;
      }
      field(item, "named").focus({ preventScroll: true });
    };
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  });
}

editor.addEventListener("submit", () => (changed = false));
addEventListener("beforeunload", (event) => changed && event.preventDefault());
