// Keeps pages of the counter fresh and quick: looks once a second whether something has changed, puts the new part in
// place without taking away what somebody is typing, rings when something new comes, and counts waiting times up.
// Without this script everything works by forms and reloads.

const LOOK_EVERY_MS = 1_000;
const LOOK_HIDDEN_EVERY_MS = 5_000; // a tablet whose tab is not in front still rings
const SOUND = "vitrine-counter-sound";
const announce = document.querySelector("[data-announce]");
document.documentElement.classList.add("scripted");

const say = (words) => {
  if (announce && words) announce.textContent = words;
};

// --- a menu closes by Escape, and when somebody goes elsewhere

for (const menu of document.querySelectorAll("[data-menu]")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// --- sound: two short notes, made here; browsers allow it after the first press

let audio = null;
const soundIsOn = () => localStorage.getItem(SOUND) === "on";

function ring() {
  if (!soundIsOn()) return;
  audio ??= new AudioContext();
  for (const [at, hertz] of [[0, 880], [0.18, 1175]]) {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, audio.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.3, audio.currentTime + at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.17);
  }
}

for (const button of document.querySelectorAll("[data-sound]")) {
  const show = () => button.setAttribute("aria-pressed", String(soundIsOn()));
  button.hidden = false;
  button.addEventListener("click", () => {
    localStorage.setItem(SOUND, soundIsOn() ? "off" : "on");
    show();
    ring();
  });
  show();
}

// --- waiting times: <time data-since="2026-03-10T09:12:00Z">

function count() {
  for (const each of document.querySelectorAll("[data-since]")) {
    const minutes = Math.max(0, Math.floor((clockNow() - Date.parse(each.dataset.since)) / 60_000));
    const shown = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
    if (each.textContent !== shown) each.textContent = shown;
    each.classList.toggle("late", minutes >= Number(each.dataset.late ?? Infinity));
  }
}

// The shop's clock, not this machine's: what the page said when it was made, plus what has passed since.
const made = Date.parse(document.querySelector("[data-now]")?.dataset.now ?? "") || Date.now();
const since = performance.now();
let shift = 0;
const clockNow = () => made + (performance.now() - since) + shift;

// --- parts that follow the shop: <div data-live="board" data-mark="…">, or several of one page, each with a data-part

const parts = [...document.querySelectorAll("[data-live]")];
let known = null;
let busy = false;

const cardsOf = (root) => new Map([...root.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, card]));

/** The new part takes the old one's place; the card in which somebody types stays as it is, and so does what is open. */
function put(part, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!fresh) return;
  const [before, after] = [cardsOf(part), cardsOf(fresh)];
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const card = focused?.closest("[data-card]");
  const typing = focused?.matches("input:not([type=hidden]), textarea, select") && focused.value;
  for (const [key, old] of before) {
    const now = after.get(key);
    if (!now) continue;
    if (old === card && typing) {
      now.replaceWith(old);
      continue;
    }
    for (const open of old.querySelectorAll("details[open][data-key]")) {
      now.querySelector(`details[data-key="${open.dataset.key}"]`)?.setAttribute("open", "");
    }
  }
  const [key, name] = [card?.dataset.card, focused?.dataset.name ?? focused?.name];
  const selection = typing && focused.selectionStart !== undefined ? focused.selectionStart : null;
  const scrolled = new Map([...part.querySelectorAll("[data-scroll]")].map((each) => [each.dataset.scroll, each]));
  for (const each of fresh.querySelectorAll("[data-scroll]")) {
    const old = scrolled.get(each.dataset.scroll);
    if (old) each.dataset.keep = old.scrollHeight - old.scrollTop - old.clientHeight < 40 ? "end" : String(old.scrollTop);
  }
  part.replaceChildren(...fresh.childNodes);
  part.dataset.mark = fresh.dataset.mark;
  for (const each of part.querySelectorAll("[data-keep]")) {
    each.scrollTop = each.dataset.keep === "end" ? each.scrollHeight : Number(each.dataset.keep);
  }
  if (typing) {
    focused.focus({ preventScroll: true });
    if (selection !== null) focused.setSelectionRange?.(selection, selection);
  } else if (focused) {
    const again = key && part.querySelector(`[data-card="${CSS.escape(key)}"]`);
    (again?.querySelector(name ? `[data-name="${CSS.escape(name)}"]` : null) ?? again ?? part).focus({ preventScroll: true });
  }
  const news = [...cardsOf(part)].filter(([each, node]) => !before.has(each) && node.hasAttribute("data-rings"));
  if (news.length) {
    ring();
    say(news.map(([, node]) => node.dataset.rings).join(". "));
  }
  count();
}

async function refresh(part) {
  const answer = await fetch(location.href, { headers: { "X-Part": part.dataset.part ?? part.dataset.live }, cache: "no-store" });
  if (answer.status === 401) location.reload(); // signed out: the page that comes says so
  if (answer.ok) put(part, await answer.text());
}

async function look() {
  if (busy) return;
  try {
    const answer = await fetch("/staff/live", { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (answer.status !== 200) return;
    known = answer.headers.get("ETag");
    const { marks, badges, now } = await answer.json();
    shift += Date.parse(now) - clockNow();
    for (const each of document.querySelectorAll("[data-badge]")) {
      each.textContent = badges[each.dataset.badge] || "";
      each.hidden = !badges[each.dataset.badge];
    }
    for (const part of parts) if (String(marks[part.dataset.live]) !== part.dataset.mark && !busy) await refresh(part);
  } catch {
    known = null; // no connection: look again at the next turn
  }
}

// A script of one page has changed something.
document.addEventListener("vitrine-changed", () => parts.forEach(refresh));

// --- forms inside a part change it in place

for (const part of parts) {
  part.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.hasAttribute("data-leaves") || busy) return;
    event.preventDefault();
    busy = true;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    document.activeElement?.blur?.();
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Part": part.dataset.part ?? part.dataset.live } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      put(part, await answer.text());
      const told = part.querySelector("[data-told]");
      say(told?.textContent.trim());
      (part.querySelector(`[data-card="${CSS.escape(form.dataset.of ?? "")}"]`) ?? told)?.focus({ preventScroll: true });
    } catch {
      location.reload(); // whatever is wrong, the page that comes says it
    } finally {
      busy = false;
    }
  });
}

// --- keys, only while a card has the focus: letters press the button that names them, arrows go from card to card

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.key === "Escape") event.target.closest("[data-card]")?.focus();
    return;
  }
  const card = event.target.closest("[data-card]");
  const cards = [...document.querySelectorAll("[data-card]")];
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step && cards.length && (card || event.target === document.body || event.target.id === "main")) {
    event.preventDefault();
    const at = card ? cards.indexOf(card) + step : step > 0 ? 0 : cards.length - 1;
    cards[Math.min(cards.length - 1, Math.max(0, at))].focus();
    return;
  }
  const button = card?.querySelector(`[data-press="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  if (button.tagName === "SUMMARY") {
    button.parentElement.open = true;
    button.parentElement.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
  } else {
    button.click();
  }
});

count();
setInterval(count, 10_000);
let next = 0;
setInterval(() => {
  if (document.hidden && performance.now() < next) return;
  next = performance.now() + LOOK_HIDDEN_EVERY_MS;
  if (parts.length || document.querySelector("[data-badge]")) look();
}, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || look());
addEventListener("pageshow", (event) => event.persisted && location.reload());

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
for (const input of document.querySelectorAll("[data-send-at-once]")) {
  input.addEventListener("change", () => input.files.length && input.form.submit());
}
