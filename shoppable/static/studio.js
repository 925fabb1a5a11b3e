// Says that a document is being read: that takes some seconds. Without this script the browser says so in its own way.

for (const form of document.querySelectorAll("[data-busy]")) {
  form.addEventListener("submit", () => {
    const told = form.querySelector("[data-busy-told]");
    told.textContent = form.dataset.busy;
    told.hidden = false;
    form.querySelector("button").disabled = true;
  });
}

// A look for posts from elsewhere: how far it is, until it is over.

const looking = document.querySelector("[data-looking]");
if (looking?.hasAttribute("data-busy-now")) {
  const timer = setInterval(async () => {
    const answer = await fetch("/studio/posts/looking", { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return;
    const { busy, said } = await answer.json();
    if (busy && looking.textContent !== said) looking.textContent = said;
    if (busy) return;
    clearInterval(timer);
    location.reload();
  }, 1000);
}

// The address of a post, for whoever writes another post; what stands in a field of a campaign.

for (const button of document.querySelectorAll("[data-copy], [data-copy-of]")) {
  if (!navigator.clipboard) break; // browsers give it to safe addresses alone; the address stands beside it
  button.hidden = false;
  button.addEventListener("click", async () => {
    const before = button.textContent;
    const field = document.getElementById(button.dataset.copyOf);
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? field.value);
    } catch {
      // Not allowed: one key is left to press.
      return field ? field.select() : getSelection().selectAllChildren(button.previousElementSibling);
    }
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = before), 2000);
  });
}

// The order of posts: the buttons move one step without loading the page, the grip is dragged with mouse or finger.

const order = document.querySelector("[data-order]");
const moved = document.querySelector("[data-moved]");

async function settle(item) {
  const items = [...order.children];
  const [first, count] = [Number(order.dataset.first), Number(order.dataset.count)];
  for (const [at, each] of items.entries())
    for (const button of each.querySelectorAll("[data-by]")) {
      const to = first + at + 1 + Number(button.dataset.by);
      button.value = String(to);
      button.disabled = to < 1 || to > count;
    }
  const place = first + items.indexOf(item) + 1;
  const form = item.querySelector("[data-move]");
  const body = new URLSearchParams(new FormData(form));
  body.set("to", String(place));
  const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Part": "order" } }).catch(() => null);
  if (!answer?.ok) return location.reload();
  moved.textContent = moved.dataset.words.replace("{name}", item.dataset.name).replace("{place}", String(place));
}

for (const form of order?.querySelectorAll("[data-move]") ?? []) {
  const item = form.closest("li");
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    const other = button.dataset.by === "1" ? item.nextElementSibling : item.previousElementSibling;
    if (!other) return; // to the page before or after this one: the form is sent
    event.preventDefault();
    if (button.dataset.by === "1") other.after(item);
    else other.before(item);
    settle(item);
    (button.disabled ? form.querySelector("[data-by]:not([disabled])") : button)?.focus();
    item.scrollIntoView({ block: "nearest" });
  });
  const grip = form.querySelector("[data-grip]");
  grip.hidden = false;
  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const first = [...order.children].indexOf(item);
    item.classList.add("lifted");
    const drag = (move) => {
      for (const each of order.children) {
        if (each === item) continue;
        const { top, height } = each.getBoundingClientRect();
        if (move.clientY < top || move.clientY > top + height) continue;
        if (move.clientY < top + height / 2) each.before(item);
        else each.after(item);
        break;
      }
      if (move.clientY < 60) scrollBy(0, -12);
      else if (move.clientY > innerHeight - 60) scrollBy(0, 12);
    };
    const drop = () => {
      over.abort();
      item.classList.remove("lifted");
      if ([...order.children].indexOf(item) !== first) settle(item);
    };
    // Of the window: an element that is moved about loses a pointer that it has captured.
    const over = new AbortController();
    addEventListener("pointermove", drag, { signal: over.signal });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, { signal: over.signal });
  });
}
addEventListener("pageshow", (event) => event.persisted && location.reload());
