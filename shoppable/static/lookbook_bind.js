// On a wide screen the pages are bound: the cover lies alone, then two side by side. What does not lie open is there
// neither for the eye nor for keys and screen readers. Pages turn by themselves, or under a finger or a mouse.

import { lift, mayMove, middleOf } from "./lookbook_leaf.js";

const EDGE_FRAC = 0.14; // of a page's width, at its outer edge: where a mouse takes hold of it
const BEGINS_PX = 8;
const ENOUGH_PX = 60;
const QUICK_PX_PER_MS = 0.5;
const SLIDES = { duration: 450, easing: "ease-in-out" };

// Places of the pages that lie open together, one spread after the other.
function spreadsOf(track, pages) {
  if (!track.classList.contains("is-in-pairs")) return pages.map((_, place) => [place]);
  const spreads = [[0]];
  for (let place = 1; place < pages.length; place += 2) spreads.push([place, place + 1].filter((each) => each < pages.length));
  return spreads;
}

export function bind(track, pages, seen) {
  const spreads = spreadsOf(track, pages);
  const pairs = spreads.some((spread) => spread.length > 1);
  const spreadOf = (place) => spreads.findIndex((spread) => spread.includes(place));
  // The first page of a book is on the right.
  const sides = (at) => ({
    left: pages[spreads[at].find((place) => place % 2 === 1)] ?? null,
    right: pages[spreads[at].find((place) => place % 2 === 0)] ?? null,
  });
  let at = 0;
  let leaf = null; // the one that is turning
  let sliding = null;
  const over = new AbortController(); // ends what listens

  track.classList.add("is-book");
  track.classList.toggle("is-single", !pairs);
  pages.forEach((page, place) => {
    page.classList.add(place % 2 ? "is-left" : "is-right");
    page.classList.toggle("is-alone", spreads[spreadOf(place)].length === 1);
    page.tabIndex = -1;
  });

  const open = (next) => {
    at = next;
    pages.forEach((page, place) => {
      const isOpen = spreads[at].includes(place);
      page.classList.toggle("is-open", isOpen);
      page.inert = !isOpen;
      if (Math.abs(spreadOf(place) - at) < 2) page.querySelector("img").loading = "eager"; // so that a leaf is not blank
    });
    seen(spreads[at]);
  };

  // The book is where it is going to be at once, and what moves is laid over it: turning quickly never waits.
  const turnTo = (next) => {
    still();
    const [from, isForward, before] = [sides(at), next > at, middleOf(sides(at))];
    open(next);
    if (!pairs || !mayMove()) return;
    leaf = lift(track, from, sides(at), isForward, middleOf(sides(at)), "cubic-bezier(0.45, 0.05, 0.35, 1)");
    leaf.over();
    slide(before);
  };

  // A closed book lies in the middle of the table, an open one too: its back moves when it is opened.
  const slide = (before) => {
    const shift = before.x - middleOf(sides(at)).x;
    if (Math.abs(shift) < 1) return;
    sliding = track.animate([{ transform: `translateX(${shift}px)` }, { transform: "none" }], SLIDES);
  };

  const still = () => {
    leaf?.drop();
    sliding?.cancel();
  };

  const on = (name, listener) => track.addEventListener(name, listener, { signal: over.signal });

  const isAtEdge = (event) => {
    const sheet = event.target.closest(".lookbook-sheet")?.getBoundingClientRect();
    if (!sheet) return false;
    const [fromLeft, fromRight] = [event.clientX - sheet.left, sheet.right - event.clientX];
    return Math.min(fromLeft, fromRight) < sheet.width * EDGE_FRAC;
  };

  // A finger that has turned a page has not chosen what it came to lie on.
  const unclick = (click) => {
    click.preventDefault();
    click.stopPropagation();
  };

  let held = null; // where and when a finger came down, and what it moves

  on("pointerdown", (event) => {
    if (held || !event.isPrimary) return letGo(false);
    if (event.button || !event.target.closest(".lookbook-sheet") || (event.pointerType === "mouse" && !isAtEdge(event))) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, at: event.timeStamp, moved: 0, next: null };
  });

  on("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    held.moved = event.clientX - held.x;
    held.took = event.timeStamp - held.at;
    if (held.next === null) {
      if (Math.abs(held.moved) < BEGINS_PX) return;
      const next = at + (held.moved < 0 ? 1 : -1);
      if (Math.abs(held.moved) < Math.abs(event.clientY - held.y) || !spreads[next]) return letGo(false);
      held.next = next;
      track.setPointerCapture(event.pointerId);
      still();
      leaf = pairs && mayMove() ? lift(track, sides(at), sides(next), next > at, middleOf(sides(at)), "linear") : null;
    }
    const width = middleOf(sides(at)).width;
    const far = Math.max(0, Math.min(1, (held.next > at ? -held.moved : held.moved) / (2 * width)));
    leaf?.to(Math.acos(1 - 2 * far) / Math.PI); // its edge stays under the finger
  });

  const letGo = async (mayTurn) => {
    const { next = null, moved = 0, took = 1 } = held ?? {};
    held = null;
    if (next === null) return;
    const far = next > at ? -moved : moved;
    const turns = mayTurn && (far > ENOUGH_PX || far / took > QUICK_PX_PER_MS);
    const mine = leaf;
    if (mine && !(await (turns ? mine.over() : mine.back()))) return; // another one was taken meanwhile
    if (!turns) return;
    const before = middleOf(sides(at));
    open(next);
    if (mine) slide(before);
  };
  on("pointerup", (event) => {
    if (held?.id !== event.pointerId) return;
    if (held.next !== null) addEventListener("click", unclick, { capture: true, once: true, signal: AbortSignal.timeout(50) });
    letGo(true);
  });
  on("pointercancel", () => letGo(false));
  on("dragstart", (event) => event.preventDefault()); // a picture is not to be taken away

  return {
    show(place, { still: isStill = false } = {}) {
      const next = spreadOf(place);
      if (isStill || next === at) open(next);
      else turnTo(next);
    },
    next: (step) => spreads[Math.max(0, Math.min(spreads.length - 1, at + step))][0],
    target: () => spreads[at][0],
    stop() {
      over.abort();
      still();
      track.classList.remove("is-book", "is-single");
      for (const page of pages) {
        page.classList.remove("is-open", "is-left", "is-right", "is-alone");
        page.inert = false;
      }
    },
  };
}
