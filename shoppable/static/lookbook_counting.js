// What the shop may count of reading: sent in small bundles, the last one when the page is left. Without the reader's
// consent it names nobody.

import { choose, consented, isFramed, mayAsk, newId, tell as sendOff } from "./reading.js";

const SEND_EVERY_MS = 5_000;
const A_BUNDLE = 50;
const SEEN_AFTER_MS = 250; // what only flies past has not been looked at
const LONGEST_LOOK_MS = 600_000;

export { isFramed } from "./reading.js";

export function countReading(book) {
  const isCounted = !("preview" in book.dataset);
  const consent = book.querySelector("[data-consent]");
  consent.closest("[data-consent-row]").hidden = !(isCounted && mayAsk);
  consent.checked = consented();
  consent.addEventListener("change", () => choose(consent.checked, "catalogue"));

  let waiting = [];
  let coming = 0; // pages that have just come into sight
  let isOpened = false;
  const since = new Map(); // page in sight: from when

  const tell = (did, more = {}) => isCounted && waiting.push({ id: newId(), did, page: [...since.keys()][0] ?? 0, ...more });

  const send = () => {
    while (waiting.length) {
      const source = new URLSearchParams(location.search).get("utm_source") ?? (isFramed ? "embed" : "");
      sendOff(`/l/${book.dataset.lookbook}/events`, { events: waiting.splice(0, A_BUNDLE), consent: consented(), source });
    }
  };

  const stayed = (page) => {
    const dwell = Math.round(performance.now() - since.get(page));
    if (dwell > SEEN_AFTER_MS) tell("page", { page, dwell_ms: Math.min(dwell, LONGEST_LOOK_MS) });
  };

  const settle = (pages) => {
    for (const page of [...since.keys()].filter((page) => !pages.includes(page))) {
      stayed(page);
      since.delete(page);
    }
    for (const page of pages.filter((page) => !since.has(page))) {
      since.set(page, performance.now());
      if (!isOpened) tell("opened");
      isOpened = true;
      tell("page", { page });
    }
  };

  setInterval(send, SEND_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    for (const page of since.keys()) {
      if (document.hidden) stayed(page);
      else since.set(page, performance.now());
    }
    if (document.hidden) send();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest('a[href^="/chat"], [data-bot]')) return;
    tell("chat");
    send();
  });

  // `see`: the pages that are in sight now, each of which counts.
  const see = (pages) => {
    clearTimeout(coming);
    if (isOpened) coming = setTimeout(settle, SEEN_AFTER_MS, pages);
    else settle(pages);
  };
  return { tell, send, see };
}
