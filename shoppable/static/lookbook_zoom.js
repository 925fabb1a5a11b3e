// The open pages large enough for small print: by a button, + and −, two quick taps or two fingers. Places lead where they
// always do.

const STEP = 1.5;
const MOST = 6;
const ENLARGED = 1.2; // by two fingers: from here on it is meant

const whole = new WeakSet();

// The picture itself instead of one for the size of the screen, once it is there: nothing goes blank meanwhile.
async function sharpen(img) {
  if (whole.has(img)) return;
  whole.add(img);
  const coming = new Image();
  coming.src = img.src;
  try {
    await coming.decode();
    img.removeAttribute("srcset");
  } catch {
    whole.delete(img); // the smaller one stays, and another time may be better
  }
}

export function offerZoom(book, pages, turner) {
  const dialog = document.querySelector("[data-zoomed]");
  const table = dialog.querySelector("[data-zoom-pages]");
  let scale = 1; // times the height of the window

  // What is in the middle, or at the finger, stays there.
  const resize = (to, at = { x: table.clientWidth / 2, y: table.clientHeight / 2 }) => {
    const next = Math.max(1, Math.min(MOST, to));
    const grown = next / scale;
    scale = next;
    const [x, y] = [(table.scrollLeft + at.x) * grown - at.x, (table.scrollTop + at.y) * grown - at.y];
    table.style.setProperty("--zoom", String(scale));
    table.scrollTo({ left: x, top: y, behavior: "instant" });
  };

  // `at`: where on which picture somebody pressed, as fractions.
  const open = (at = null) => {
    table.replaceChildren(...turner.inSight().map((place) => pages[place].querySelector(".lookbook-sheet").cloneNode(true)));
    table.querySelectorAll("img").forEach(sharpen);
    dialog.showModal();
    scale = 1;
    resize(innerWidth < innerHeight ? 1.2 : 2);
    table.scrollTo({ left: 0, top: 0, behavior: "instant" });
    const chosen = at && [...table.querySelectorAll("img")].find((img) => img.src === at.img.src);
    if (chosen) {
      const box = chosen.getBoundingClientRect();
      table.scrollBy({ left: box.left + box.width * at.x - innerWidth / 2, top: box.top + box.height * at.y - innerHeight / 2, behavior: "instant" });
    }
    table.focus();
  };

  const press = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, .chat-corner")) return;
    const step = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 0 }[event.key];
    if (step === undefined) return;
    if (dialog.open) resize(scale * step);
    else if (step > 1 && !document.querySelector("dialog[open]")) open();
    else return;
    event.preventDefault();
  };

  document.addEventListener("keydown", press);
  const opener = book.querySelector("[data-zoom]");
  opener.hidden = false;
  opener.addEventListener("click", () => open());
  book.addEventListener("dblclick", (event) => {
    const img = event.target.closest(".lookbook-sheet")?.querySelector("img");
    if (!img) return;
    const box = img.getBoundingClientRect();
    open({ img, x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  });
  dialog.querySelector("[data-larger]").addEventListener("click", () => resize(scale * STEP));
  dialog.querySelector("[data-smaller]").addEventListener("click", () => resize(scale / STEP));
  dialog.addEventListener("close", () => table.replaceChildren());

  // Two fingers enlarge the window itself, and what was chosen for its screen would be blurred.
  visualViewport.addEventListener("resize", () => {
    if (visualViewport.scale > ENLARGED) for (const place of turner.inSight()) sharpen(pages[place].querySelector("img"));
  });

  // A mouse moves the paper; a finger scrolls it by itself.
  let held = null;
  table.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && !event.target.closest("a")) held = { x: event.clientX, y: event.clientY };
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    table.scrollBy({ left: held.x - event.clientX, top: held.y - event.clientY, behavior: "instant" });
    held = { x: event.clientX, y: event.clientY };
  });
  addEventListener("pointerup", () => (held = null));
  table.addEventListener("dragstart", (event) => event.preventDefault());
  table.addEventListener("dblclick", (event) => resize(scale * STEP, { x: event.clientX - table.offsetLeft, y: event.clientY - table.offsetTop }));
}
