// A catalogue that is open: turning its pages by keys and buttons, what a place leads to, today's prices, and what the
// shop may count. Without this script everything is a page with links.

import { showCount } from "./cart.js";
import { choose, consented, mayAsk, tell as sendOff } from "./reading.js";

const LOOK_EVERY_MS = 2_000;
const SEND_EVERY_MS = 5_000;
const book = document.querySelector("[data-lookbook]");
const track = book.querySelector("[data-track]");
const pages = [...track.querySelectorAll("[data-page]")];
const dialog = document.querySelector("[data-sheet]");
const where = book.querySelector("[data-where]");
const slug = book.dataset.lookbook;

// --- turning

let at = 0; // place of the page in sight

const show = (place) => {
  const page = pages[Math.max(0, Math.min(pages.length - 1, place))];
  track.scrollTo({ left: page.offsetLeft - track.offsetLeft - parseFloat(getComputedStyle(track).scrollPaddingLeft || "0") });
};

const isSpread = () => pages.length > 1 && pages[1].getBoundingClientRect().right <= innerWidth + 1 && pages[0].offsetLeft !== pages[1].offsetLeft && pages[0].offsetWidth * 2 < track.clientWidth;

const turn = (step) => show(at + step * (isSpread() ? 2 : 1));

for (const button of book.querySelectorAll("[data-turn]")) {
  button.hidden = pages.length < 2;
  button.addEventListener("click", () => turn(Number(button.dataset.turn)));
}
document.addEventListener("keydown", (event) => {
  if (dialog.open || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, textarea, select")) return;
  const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (event.key === "Home") show(0);
  else if (event.key === "End") show(pages.length - 1);
  else if (step) turn(step);
  else return;
  event.preventDefault();
});

// --- what the shop may count: sent in small bundles, the last one when the page is left

const isFramed = top !== window;
const consent = book.querySelector("[data-consent]");
consent.closest("[data-consent-row]").hidden = !mayAsk;
consent.checked = consented();
consent.addEventListener("change", () => choose(consent.checked, "catalogue"));

let waiting = [];
let enteredAt = performance.now();

const tell = (did, more = {}) => {
  waiting.push({ id: crypto.randomUUID(), did, page: Number(pages[at]?.dataset.page ?? 0), ...more });
};

const send = () => {
  if (!waiting.length) return;
  const source = new URLSearchParams(location.search).get("utm_source") ?? "";
  sendOff(`/l/${slug}/events`, { events: waiting.splice(0, 50), consent: consented(), source });
};

const stayed = () => {
  const dwell = Math.round(performance.now() - enteredAt);
  if (dwell > 300) tell("page", { dwell_ms: Math.min(dwell, 600_000) });
  enteredAt = performance.now();
};

// The chat begins on the page that is open.
const lead = (page) => {
  const number = page.dataset.page;
  const ask = book.querySelector("[data-ask]");
  ask.href = `/chat?catalogue=${slug}&page=${number}`;
  ask.dataset.chatAction = ask.dataset.chatAction.replace(/:\d+:/, `:${number}:`);
  ask.dataset.chatLabel = page.querySelector("img").alt;
  const bot = book.querySelector("[data-bot]");
  if (bot) bot.href = bot.href.replace(/start=l_0_\d+_/, `start=l_0_${number}_`);
};

const inSight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) entry.target.dataset.seen = String(entry.intersectionRatio);
    const best = pages.reduce((one, other) => (Number(other.dataset.seen ?? 0) > Number(one.dataset.seen ?? 0) + 0.01 ? other : one));
    const place = pages.indexOf(best);
    where.textContent = `${best.dataset.page} / ${pages.length}`;
    if (place === at) return;
    stayed();
    at = place;
    tell("page");
    lead(best);
    history.replaceState(null, "", `#page-${best.dataset.page}`);
  },
  { root: track, threshold: [0, 0.25, 0.5, 0.75, 1] },
);
for (const page of pages) inSight.observe(page);
tell("opened");
tell("page");
setInterval(send, SEND_EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stayed();
    send();
  } else {
    enteredAt = performance.now();
    look();
  }
});

// --- what a place leads to

track.addEventListener("click", async (event) => {
  const spot = event.target.closest("[data-spot]");
  if (!spot || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  tell("hotspot", { product: Number(spot.dataset.product), page: Number(spot.closest("[data-page]").dataset.page) });
  try {
    await fill(spot.dataset.spot);
    dialog.showModal();
  } catch {
    location.assign(spot.getAttribute("href"));
  }
});

async function fill(address) {
  const answer = await fetch(address, { headers: { "X-Part": "sheet" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const chosen = dialog.querySelector("input:checked")?.value;
  const focused = dialog.querySelector(":focus")?.value;
  dialog.innerHTML = await answer.text(); // our own page, made by the same template, with the same escaping
  dialog.dataset.address = address;
  const again = (value) => dialog.querySelector(`input[name=variant][value="${CSS.escape(value ?? "")}"]`);
  if (again(chosen)) again(chosen).checked = true;
  again(focused)?.focus();
}

const tellCart = () => {
  const { product, page } = dialog.querySelector("[data-product]").dataset;
  tell("cart", { product: Number(product), page: Number(page) });
  send();
};

dialog.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-add")) return;
  if (isFramed) {
    tellCart(); // browsers keep no cart in a frame of another site: the shop's own page opens with it
    return;
  }
  event.preventDefault();
  const told = dialog.querySelector("[data-added]");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Part": "cart" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    showCount(Number(shown.querySelector("[data-units]").dataset.units));
    told.hidden = false;
    told.querySelector("span").textContent = shown.querySelector("[role=status]").textContent.trim();
    tellCart();
  } catch {
    form.submit();
  }
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="/chat"], [data-bot]')) {
    tell("chat");
    send();
  }
});

// --- today's prices

let known = null;

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/l/${slug}/facts`, { headers: known ? { "If-None-Match": known } : {} });
    if (answer.status !== 200) return;
    known = answer.headers.get("ETag");
    const { mark } = await answer.json();
    if (mark === book.dataset.mark) return;
    const fresh = await fetch(location.pathname, { headers: { "X-Part": "facts" } });
    if (!fresh.ok) return;
    const shown = new DOMParser().parseFromString(await fresh.text(), "text/html");
    for (const list of shown.querySelectorAll("[data-list]")) {
      const old = track.querySelector(`[data-list="${list.dataset.list}"]`);
      if (!old) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.dataset.spot : null;
      old.innerHTML = list.innerHTML;
      if (focused) old.querySelector(`[data-spot="${focused}"]`)?.focus({ preventScroll: true });
    }
    for (const fact of shown.querySelectorAll("[data-fact]")) {
      const spot = track.querySelector(`[data-fact="${fact.dataset.fact}"]`);
      spot?.setAttribute("aria-label", fact.getAttribute("aria-label"));
      spot?.setAttribute("class", fact.className);
    }
    book.dataset.mark = mark;
    if (dialog.open && dialog.querySelector("[data-added]").hidden) await fill(dialog.dataset.address);
  } catch {
    known = null; // no connection: look again at the next turn
  }
}

setInterval(look, LOOK_EVERY_MS);
if (location.hash.startsWith("#page-")) show(Math.max(0, pages.findIndex((page) => `#${page.id}` === location.hash)));
addEventListener("pageshow", (event) => event.persisted && location.reload());
