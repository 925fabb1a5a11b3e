// Keeps the cart fresh: a change made elsewhere (the chat, another tab, a phone) shows within two seconds, and one's own
// changes need no new page. Without this script everything works by forms.

const LOOK_EVERY_MS = 1_000;
const part = document.querySelector("[data-cart]");
const marked = () => part.querySelector("[data-mark]")?.dataset ?? {};

export function showCount(units) {
  for (const badge of document.querySelectorAll("[data-cart-count]")) {
    badge.textContent = units || "";
    badge.hidden = !units;
  }
}

// On a product's page: into the cart without leaving it.
for (const form of document.querySelectorAll("[data-add]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [button, told] = [form.querySelector("button"), form.parentElement.querySelector("[data-added]")];
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Part": "cart" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
      showCount(Number(shown.querySelector("[data-units]").dataset.units));
      told.hidden = false;
      told.querySelector("span").textContent = shown.querySelector("[role=status]").textContent.trim();
    } catch {
      form.submit(); // the page that comes says what is wrong
    } finally {
      button.disabled = false;
    }
  });
}

if (part) {
  document.documentElement.classList.add("scripted");
  let known = null; // what the server said last, for a cheap "nothing new"
  let busy = false;

  const put = (html) => {
    const focused = document.activeElement;
    const typed = focused?.id && part.contains(focused) ? { id: focused.id, value: focused.value } : null;
    part.innerHTML = html; // our own page, made by the same template, with the same escaping
    showCount(Number(marked().units));
    const again = typed && document.getElementById(typed.id);
    if (again?.tagName === "INPUT") again.value = typed.value;
    again?.focus({ preventScroll: true });
  };

  const fetchPart = async (address, options = {}) => {
    const answer = await fetch(address, { ...options, headers: { "X-Part": "cart" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    put(await answer.text());
  };

  const look = async () => {
    if (busy || document.hidden) return;
    try {
      const answer = await fetch("/api/v1/carts/mark", { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
      if (answer.status !== 200) return;
      known = answer.headers.get("ETag");
      const { mark } = await answer.json();
      if (mark !== marked().mark && !busy) await fetchPart("/cart");
    } catch {
      known = null; // no connection: look again at the next turn
    }
  };

  part.addEventListener("change", (event) => {
    const list = event.target.closest("[data-quantity]");
    if (list) list.form.requestSubmit(list.form.querySelector("[value=set]"));
  });
  part.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.getAttribute("action") === "/cart/telegram") return; // leads elsewhere
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await fetchPart(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
    } catch {
      location.assign("/cart"); // whatever is wrong, the page that comes says it
    } finally {
      busy = false;
    }
  });
  setInterval(look, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", look);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
