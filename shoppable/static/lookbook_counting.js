// What the shop may count of reading: sent in small bundles, the last one when the page is left. Without the reader's
// consent it names nobody.

const SEND_EVERY_MS = 5_000;
const A_BUNDLE = 50;
const SEEN_AFTER_MS = 250; // what only flies past has not been looked at
const LONGEST_LOOK_MS = 600_000;

// In a frame of another site a browser knows nobody, and may refuse to be asked.
export const isFramed = top !== window;

// Not crypto.randomUUID(): that one is missing where the shop is not served by HTTPS.
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function countReading(book) {
  const isCounted = !("preview" in book.dataset);
  const mayAsk = isCounted && !isFramed && navigator.doNotTrack !== "1";
  const consented = () => mayAsk && localStorage.getItem("vitrine-reading") === "yes";
  const consent = book.querySelector("[data-consent]");
  consent.closest("[data-consent-row]").hidden = !mayAsk;
  consent.checked = consented();
  consent.addEventListener("change", () => localStorage.setItem("vitrine-reading", consent.checked ? "yes" : "no"));

  let waiting = [];
  let coming = 0; // pages that have just come into sight
  let isOpened = false;
  const since = new Map(); // page in sight: from when

  const tell = (did, more = {}) => isCounted && waiting.push({ id: newId(), did, page: [...since.keys()][0] ?? 0, ...more });

  const send = () => {
    while (waiting.length) {
      const source = new URLSearchParams(location.search).get("utm_source") ?? "";
      const body = JSON.stringify({ events: waiting.splice(0, A_BUNDLE), consent: consented(), source });
      const address = `/l/${book.dataset.lookbook}/events`;
      if (!navigator.sendBeacon?.(address, new Blob([body], { type: "application/json" }))) {
        fetch(address, { method: "POST", body, headers: { "Content-Type": "application/json" }, keepalive: true }).catch(() => {});
      }
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
