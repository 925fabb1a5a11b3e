// The inbox: answers go out without a new page, ready-made replies are put in where one writes, keys do the rest.
// What is typed stays in this tab until it is sent. Without this script every form leads to a page of its own.

const DRAFT = "vitrine-inbox-draft:";
const announce = document.querySelector("[data-announce]");
const box = () => document.querySelector("[data-inbox-answer]");
const text = () => document.querySelector("[data-inbox-text]");

function toTheEnd() {
  for (const log of document.querySelectorAll("[data-scroll]")) log.scrollTop = log.scrollHeight;
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (fresh) box().replaceWith(fresh);
  const told = fresh?.querySelector("[data-told]")?.textContent.trim();
  if (announce && told) announce.textContent = told;
}

function fill(words) {
  const area = text();
  if (!area) return;
  const before = area.value.trim() ? `${area.value.replace(/\s+$/, "")}\n` : "";
  area.value = before + words;
  area.focus();
  const gap = /\{[a-z_]+\}/.exec(area.value);
  if (gap) area.setSelectionRange(gap.index, gap.index + gap[0].length);
  else area.setSelectionRange(area.value.length, area.value.length);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.matches("[data-inbox-send]")) {
    event.preventDefault();
    const key = DRAFT + text().dataset.inboxText;
    const given = new FormData(form, event.submitter);
    const withPhoto = given.get("photo")?.size > 0;
    if (!withPhoto) given.delete("photo");
    const body = withPhoto ? given : new URLSearchParams(given);
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Part": "inbox-answer" } });
      if (!answer.ok) throw new Error(String(answer.status));
      put(await answer.text());
      if (!box().querySelector(".told.bad")) sessionStorage.removeItem(key);
      text()?.focus();
      document.dispatchEvent(new Event("vitrine-changed"));
    } catch {
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      form.submit(); // whatever is wrong, the page that comes says it
    }
  } else if (form.matches("[data-inbox-canned]")) {
    event.preventDefault();
    const written = text()?.value ?? "";
    const address = new URL(location.href);
    address.searchParams.set("canned", new FormData(form).get("canned"));
    const answer = await fetch(address, { headers: { "X-Part": "inbox-answer" }, cache: "no-store" });
    if (!answer.ok) return location.reload();
    put(await answer.text());
    const words = text().value;
    text().value = written;
    fill(words);
  }
});

document.addEventListener("input", (event) => {
  const area = event.target.closest("[data-inbox-text]");
  if (area) sessionStorage.setItem(DRAFT + area.dataset.inboxText, area.value);
});

document.addEventListener("keydown", (event) => {
  const field = event.target.matches("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("[data-ctrl-enter]")) {
    event.preventDefault();
    event.target.form.requestSubmit(event.target.form.querySelector("button[type=submit]"));
    return;
  }
  if (event.key === "Escape" && field) return event.target.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey) return;
  const go = (target) => {
    if (!target) return;
    event.preventDefault();
    target.focus();
  };
  const key = event.key.toLowerCase();
  if (key === "/") go(document.querySelector("[data-inbox-search]"));
  else if (key === "r") go(text());
  else if (key === "n") {
    const summary = document.querySelector("[data-inbox-note]");
    if (!summary) return;
    summary.parentElement.open = true;
    go(summary.parentElement.querySelector("textarea"));
  } else {
    const button = document.querySelector(`[data-inbox-press="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  }
});

const kept = text() && sessionStorage.getItem(DRAFT + text().dataset.inboxText);
if (kept && !text().value) text().value = kept;
if (new URLSearchParams(location.search).get("done") === "sent") sessionStorage.removeItem(DRAFT + text()?.dataset.inboxText);
toTheEnd();
