// Turning the pages: by keys, by buttons, by an address that names one. How they lie depends on the width.

import { bind } from "./lookbook_bind.js";
import { roll } from "./lookbook_roll.js";

const WIDE = "(min-width: 820px)"; // lookbook.css says the same
const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };

// `onSight` is told the places of the pages in sight whenever they change.
export function turning(book, pages, onSight) {
  const track = book.querySelector("[data-track]");
  const where = book.querySelector("[data-where]");
  const buttons = [...book.querySelectorAll("[data-turn]")];
  const wide = matchMedia(WIDE);
  let way = null;
  let sight = [];

  const named = () => pages.findIndex((page) => `#${page.id}` === location.hash);
  const numbers = (places) => places.map((place) => pages[place].dataset.page).join("–");

  const seen = (places) => {
    if (String(places) === String(sight)) return;
    if (sight.length) history.replaceState(history.state, "", `#${pages[places[0]].id}`);
    sight = places;
    where.textContent = `${numbers(sight)} / ${pages.length}`;
    for (const button of buttons) {
      const isEnd = sight.includes(Number(button.dataset.turn) < 0 ? 0 : pages.length - 1);
      button.setAttribute("aria-disabled", String(isEnd));
    }
    onSight(sight);
  };

  const go = (place, how = {}) => {
    const held = track.contains(document.activeElement) && document.activeElement !== track;
    way.show(Math.max(0, Math.min(pages.length - 1, place)), how);
    // Who was on a page goes on where the pages are now, and not at the top of the document.
    if (held && how.keepFocus) pages[way.target()].focus({ preventScroll: true });
  };
  const turn = (step, how) => go(way.next(step), how);

  const lay = () => {
    const place = sight[0] ?? Math.max(0, named());
    way?.stop();
    way = (wide.matches && pages.length > 1 ? bind : roll)(track, pages, seen);
    way.show(place, { still: true });
  };
  lay();
  wide.addEventListener("change", lay);
  addEventListener("hashchange", () => named() >= 0 && go(named()));

  for (const button of buttons) {
    button.hidden = pages.length < 2;
    button.addEventListener("click", () => turn(Number(button.dataset.turn)));
  }
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input:not([type=checkbox]), textarea, select, .chat-corner")) return;
    const how = { keepFocus: true };
    if (event.key === "Home") go(0, how);
    else if (event.key === "End") go(pages.length - 1, how);
    else if (event.key in STEPS) turn(STEPS[event.key], how);
    else return;
    event.preventDefault();
  });
  return { go, inSight: () => sight };
}
