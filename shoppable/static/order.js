// Shows what happens to an order without a reload: looks every two seconds while the page is in sight.

const LOOK_EVERY_MS = 2_000;
const part = document.querySelector("[data-order]");
const ASK_AGAIN_EVERY = 4; // looks: while a payment is awaited, the page itself asks the provider
let known = null;
let looks = 0;

async function show() {
  const fresh = await fetch(location.href, { headers: { "X-Part": "order" }, cache: "no-store" });
  if (fresh.ok) part.innerHTML = await fresh.text(); // our own page, made by the same template, with the same escaping
}

async function look() {
  if (document.hidden) return;
  try {
    const waits = part.querySelector("[data-ask-again]");
    if (waits && ++looks % ASK_AGAIN_EVERY === 0) await show();
    const answer = await fetch(part.dataset.order, { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
    if (answer.status !== 200) return;
    known = answer.headers.get("ETag");
    const { mark } = await answer.json();
    if (mark === part.querySelector("[data-mark]").dataset.mark) return;
    await show();
  } catch {
    known = null; // no connection: look again at the next turn
  }
}

setInterval(look, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", look);
addEventListener("pageshow", (event) => event.persisted && location.reload());
