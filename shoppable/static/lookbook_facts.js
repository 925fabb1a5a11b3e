// Today's prices and stock on a page that stays open. The shop says when something has changed; where it has no place
// left for another listener, the page asks.

const LOOK_EVERY_MS = 2_000;
const LISTEN_AGAIN_MS = 60_000; // places go round

export function followFacts(book, sheet) {
  const lang = document.documentElement.lang; // in a frame of another site no cookie says it
  const address = `/l/${book.dataset.lookbook}/facts?lang=${lang}`;
  let known = null; // ETag of what was heard last
  let source = null;
  let again = 0;

  async function put(mark) {
    if (mark === book.dataset.mark) return;
    const fresh = await fetch(`/l/${book.dataset.lookbook}?lang=${lang}`, { headers: { "X-Part": "facts" } });
    if (!fresh.ok) return;
    const shown = new DOMParser().parseFromString(await fresh.text(), "text/html");
    for (const list of shown.querySelectorAll("[data-list]")) {
      const old = book.querySelector(`[data-list="${list.dataset.list}"]`);
      if (!old || old.innerHTML === list.innerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.dataset.spot : null;
      old.innerHTML = list.innerHTML;
      if (focused) old.querySelector(`[data-spot="${focused}"]`)?.focus({ preventScroll: true });
    }
    for (const fact of shown.querySelectorAll("[data-fact]")) {
      for (const spot of document.querySelectorAll(`.lookbook-spots [data-fact="${fact.dataset.fact}"]`)) {
        spot.setAttribute("aria-label", fact.getAttribute("aria-label"));
        spot.setAttribute("class", fact.className);
      }
    }
    book.dataset.mark = mark;
    await sheet.refresh();
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(address, { headers: known ? { "If-None-Match": known } : {} });
      if (answer.status !== 200) return;
      await put((await answer.json()).mark);
      known = answer.headers.get("ETag");
    } catch {
      known = null; // no connection: look again at the next turn
    }
  }

  function listen() {
    clearTimeout(again);
    source?.close();
    source = new EventSource(address);
    source.addEventListener("mark", (event) => put(event.data).catch(() => {}));
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
      source = null;
      again = setTimeout(listen, LISTEN_AGAIN_MS);
    });
  }

  setInterval(() => source?.readyState !== EventSource.OPEN && look(), LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      look();
      listen();
      return;
    }
    clearTimeout(again);
    source?.close(); // a browser has only a few connections for all its windows
    source = null;
  });
  if (!document.hidden) listen();
}
