// Shows the brand as it would be while its form is filled in. Without this script saving shows it.
const form = document.querySelector("[data-brand]");
const picture = document.querySelector("[data-preview]");
const faint = document.querySelector("[data-faint]");
const told = document.querySelector("[data-contrasts]");
const WAIT_MS = 500;
let waiting = 0;

const linear = (level) => (level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4);
const luminance = (colour) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => sum + weight * linear(parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16) / 255), 0);
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function changed() {
  const [ink, paper, accent] = ["ink", "paper", "accent"].map((name) => form.elements[name].value.toLowerCase());
  if (![ink, paper, accent].every((colour) => /^#[0-9a-f]{6}$/.test(colour))) return;
  const ratios = [contrast(ink, paper), contrast(accent, paper)];
  ratios.forEach((ratio, at) => {
    const shown = told.querySelector(`[data-contrast="${at}"] strong`);
    shown.textContent = (Math.floor(ratio * 10) / 10).toLocaleString(document.documentElement.lang);
    shown.classList.toggle("studio-faint", ratio < Number(told.dataset.least));
  });
  const readable = ratios.every((ratio) => ratio >= Number(told.dataset.least));
  faint.hidden = readable;
  if (!readable) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrf", "no-logo"].includes(name)));
    picture.src = `/studio/brand/preview.jpg?${asked}`;
  }, WAIT_MS);
}

for (const well of form.querySelectorAll("[data-for]")) {
  const field = form.elements[well.dataset.for];
  well.addEventListener("input", () => { field.value = well.value; changed(); });
  field.addEventListener("input", () => { if (/^#[0-9a-fA-F]{6}$/.test(field.value)) well.value = field.value.toLowerCase(); });
}
form.addEventListener("input", changed);
