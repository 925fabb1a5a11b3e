// Searching with a photo: choosing, pasting or dropping one sends it; a part of it is chosen by dragging or by keys.

import { pictureIn, shrunk } from "./pictures.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.02;
const LEAST = 0.04; // of the photo's side
const LARGEST_BYTES = 10 * 1024 * 1024;

export function mount(words) {
  const forms = [...document.querySelectorAll("[data-photo-form]")];
  for (const form of forms) takePhotos(form, words);
  if (forms.length) listenToPage(forms[0], words);
  const crop = document.querySelector("[data-photo-crop]");
  if (crop) cropping(crop, document.querySelector("[data-photo-frame]"));
}

// --- sending one

function takePhotos(form, words) {
  const input = form.elements.photo;
  form.querySelector("[data-photo-send]").hidden = true;
  input.addEventListener("change", () => input.files[0] && send(form, input.files[0], words));
}

async function send(form, file, words) {
  const say = form.querySelector("[data-photo-say]");
  const blob = await shrunk(file);
  if (!blob || blob.size > LARGEST_BYTES) {
    say.textContent = blob ? words.photoTooLarge : words.photoUnreadable;
    form.reset();
    return;
  }
  say.textContent = words.photoLooking;
  const chosen = new DataTransfer();
  chosen.items.add(new File([blob], "photo.jpg", { type: blob.type }));
  form.elements.photo.files = chosen.files;
  form.submit();
}

function listenToPage(form, words) {
  const ours = (event) => !event.target.closest?.("[data-chat]");
  document.addEventListener("paste", (event) => {
    const file = ours(event) && pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    send(form, file, words);
  });
  document.addEventListener("dragover", (event) => {
    if (!ours(event) || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping-photo");
  });
  const leave = () => document.body.classList.remove("dropping-photo");
  document.addEventListener("dragleave", (event) => event.relatedTarget || leave());
  document.addEventListener("drop", (event) => {
    leave();
    const file = ours(event) && pictureIn(event.dataTransfer);
    if (!file) return;
    event.preventDefault();
    send(form, file, words);
  });
  // A page that is come back to has sent its photo.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    form.reset();
    form.querySelector("[data-photo-say]").textContent = "";
  });
}

// --- choosing a part

function cropping(form, stage) {
  const at = (name) => form.querySelector(`[data-crop-${name}]`);
  const [begin, end, help, acts, say] = ["begin", "end", "help", "acts", "say"].map(at);
  const frame = document.createElement("div");
  let [left, top, right, bottom] = form.elements.box.value.split(",").map(Number);
  if (!(right > left)) [left, top, right, bottom] = [0.2, 0.15, 0.8, 0.85];
  let from = null; // where a drag began

  frame.className = "crop-frame";
  frame.tabIndex = 0;
  frame.hidden = true;
  frame.setAttribute("role", "group");
  frame.ariaLabel = help.textContent;
  stage.append(frame);
  form.hidden = false;

  function show(tell = true) {
    const percent = (share) => `${share * 100}%`;
    Object.assign(frame.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    form.elements.box.value = [left, top, right, bottom].map((edge) => edge.toFixed(3)).join(",");
    if (!tell) return;
    const named = { left, top, right, bottom };
    say.textContent = say.dataset.words.replace(/\{(\w+)\}/g, (_, name) => Math.round(named[name] * 100));
  }

  function choosing(on) {
    frame.hidden = help.hidden = acts.hidden = !on;
    begin.hidden = on;
    stage.classList.toggle("choosing", on);
    if (on) show();
    (on ? frame : begin).focus();
  }

  const within = (value) => Math.min(1, Math.max(0, value));

  function where(event) {
    const area = stage.getBoundingClientRect();
    return [within((event.clientX - area.left) / area.width), within((event.clientY - area.top) / area.height)];
  }

  function stretch([x, y]) {
    left = Math.min(from[0], x);
    top = Math.min(from[1], y);
    right = Math.max(from[0], x, left + LEAST);
    bottom = Math.max(from[1], y, top + LEAST);
    [left, right] = right > 1 ? [1 - LEAST, 1] : [left, right];
    [top, bottom] = bottom > 1 ? [1 - LEAST, 1] : [top, bottom];
  }

  stage.addEventListener("pointerdown", (event) => {
    if (frame.hidden || event.button) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    from = where(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    stretch(where(event));
    show(false);
  });
  stage.addEventListener("pointerup", () => {
    if (!from) return;
    from = null;
    show();
    frame.focus();
  });
  stage.addEventListener("pointercancel", () => (from = null));
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter") return form.requestSubmit();
    if (event.key === "Escape") return choosing(false);
    const way = KEYS[event.key];
    if (!way) return;
    event.preventDefault();
    const [dx, dy] = [way[0] * STEP, way[1] * STEP];
    if (event.shiftKey) {
      right = Math.min(1, Math.max(left + LEAST, right + dx));
      bottom = Math.min(1, Math.max(top + LEAST, bottom + dy));
    } else {
      const [x, y] = [Math.max(-left, Math.min(1 - right, dx)), Math.max(-top, Math.min(1 - bottom, dy))];
      [left, right, top, bottom] = [left + x, right + x, top + y, bottom + y];
    }
    show();
  });
  begin.addEventListener("click", () => choosing(true));
  end.addEventListener("click", () => choosing(false));
}
