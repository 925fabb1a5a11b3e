// What pages do beyond plain HTML: the chat in a corner, and sharing one's position to see the nearest stores.

import { mount as mountPhotos } from "./photo.js";

const words = JSON.parse(document.getElementById("chat-words").textContent);
const launcher = document.querySelector("[data-chat-launcher]");
const corner = document.getElementById("chat-corner");
const OPEN = "vitrine-chat-open"; // an open corner stays open from page to page

async function start(root) {
  const { mount } = await import(root.dataset.module);
  return mount(root, words);
}

mountPhotos(words);

let corned = null;

async function openCorner(first) {
  corner.hidden = false;
  launcher.setAttribute("aria-expanded", "true");
  sessionStorage.setItem(OPEN, "1");
  corned ??= start(corner.querySelector("[data-chat]"));
  const chat = await corned;
  chat.resume();
  if (first?.action) chat.say({ action: first.action }, first.label);
  return chat;
}

async function closeCorner() {
  corner.hidden = true;
  launcher.setAttribute("aria-expanded", "false");
  sessionStorage.removeItem(OPEN);
  launcher.focus();
  (await corned)?.pause();
}

if (launcher && corner) {
  launcher.setAttribute("role", "button");
  launcher.setAttribute("aria-controls", corner.id);
  launcher.setAttribute("aria-expanded", "false");
  launcher.addEventListener("keydown", (event) => {
    if (event.key === " ") launcher.click();
  });
  document.addEventListener("click", async (event) => {
    const opener = event.target.closest("[data-chat-launcher], [data-chat-open]");
    if (!opener || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const { chatAction: action, chatLabel: label } = opener.dataset;
    const chat = await openCorner({ action, label });
    chat.focus();
  });
  corner.querySelector("[data-chat-close]").addEventListener("click", closeCorner);
  corner.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeCorner();
  });
  if (sessionStorage.getItem(OPEN) && matchMedia("(min-width: 34rem)").matches) openCorner();
}

const whole = document.querySelector(".chat-full");
if (whole) {
  const chat = await start(whole.querySelector("[data-chat]"));
  const { openingAction: action, openingLabel: label } = whole.dataset;
  if (action) {
    history.replaceState(null, "", location.pathname); // a reload must not ask again
    chat.say({ action }, label);
  }
  if (matchMedia("(pointer: fine)").matches) chat.focus();
}

// The number beside "Cart" follows what was done in the chat or in another window.
const badges = document.querySelectorAll("[data-cart-count]");
let counting = 0;
async function countCart() {
  try {
    const { units } = await (await fetch("/api/v1/carts/mark", { cache: "no-store" })).json();
    for (const badge of badges) {
      badge.textContent = units || "";
      badge.hidden = !units;
    }
  } catch {
    // the next page shows it
  }
}
document.addEventListener("vitrine-told", () => {
  clearTimeout(counting);
  counting = setTimeout(countCart, 300);
});
document.addEventListener("visibilitychange", () => document.hidden || countCart());

const locate = document.querySelector("[data-locate]");
if (locate && "geolocation" in navigator) {
  locate.hidden = false;
  locate.addEventListener("click", () => {
    locate.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const form = locate.form;
        form.elements.near.value = `${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`; // about 100 m is enough
        form.requestSubmit();
      },
      () => {
        locate.disabled = false;
        locate.form.elements.near.placeholder = words.noPlace;
        locate.form.elements.near.focus();
      },
      { timeout: 10_000, maximumAge: 300_000 },
    );
  });
}
