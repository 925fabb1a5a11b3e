// Whether the shop may remember what is looked at in this browser: one answer for all pages, given by a tick under a
// catalogue or by the switch beside suggestions. Without it what is looked at only counts.

const KEY = "vitrine-reading";
// In a frame of another site a browser knows nobody, and may refuse to be asked.
export const isFramed = top !== window;
export const mayAsk = !isFramed && navigator.doNotTrack !== "1";
export const consented = () => mayAsk && localStorage.getItem(KEY) === "yes";

const keep = (yes) => !isFramed && localStorage.setItem(KEY, yes ? "yes" : "no");

// The shop is told too: a no counts at every door of this person.
export function choose(yes, where) {
  keep(yes);
  const body = new URLSearchParams({ allowed: yes ? "yes" : "no", where });
  return fetch("/for-you/choice", { method: "POST", body, headers: { "X-Part": "choice" }, keepalive: true }).catch(() => {});
}

// Not crypto.randomUUID(): that one is missing where the shop is not served by HTTPS.
export const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Sent even when the page is being left.
export function tell(address, body) {
  const text = JSON.stringify(body);
  if (!navigator.sendBeacon?.(address, new Blob([text], { type: "application/json" }))) {
    fetch(address, { method: "POST", body: text, headers: { "Content-Type": "application/json" }, keepalive: true }).catch(() => {});
  }
}

// Whoever said no in the chat or on another device has said it here.
if (document.querySelector('[data-reading-choice="refused"]')) keep(false);

for (const form of document.querySelectorAll("[data-choice]")) {
  form.addEventListener("submit", () => keep(new FormData(form).get("allowed") === "yes"));
}
