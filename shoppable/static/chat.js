// The conversation. What is said gets an id and is sent again until the shop has it; what is told comes as a stream, or
// by asking again where streams do not pass. Text from the shop is only ever put into the page as text.

import { pictureIn, redrawn, shrunk } from "./pictures.js";

const API = "/api/v1/chat";
const QUEUE = "vitrine-chat-queue"; // what was said and not acknowledged yet
const PHOTOS = "vitrine-chat-photos"; // small pictures of photos that were sent, for this browser tab alone
const LABELS = "vitrine-chat-labels"; // what was written on the buttons that were pressed
const LARGEST_BYTES = 10 * 1024 * 1024;
const TYPING_AT_MOST_MS = 25_000;
const LOOK_AFTER_MS = 4_000;

export function mount(root, words) {
  const at = (name) => root.querySelector(`[data-chat-${name}]`);
  const [log, form, text, status, state, preview, picker] = ["log", "form", "text", "status", "state", "preview", "photo"].map(at);
  const language = root.dataset.language;
  const bubbles = new Map(); // client_msg_id -> element
  const labels = new Map(Object.entries(stored(LABELS, {}))); // action -> label of the button that sends it
  const blobs = new Map(); // client_msg_id -> photo that is still to be uploaded
  let queue = stored(QUEUE, []).filter((entry) => !entry.photo); // a photo does not survive a reload
  let thumbs = stored(PHOTOS, {});
  let lastId = 0;
  let pumping = false;
  let source = null;
  let poll = null; // the loop that asks again, if one does; another one in its place ends it
  let typing = null;
  let typingTimer = 0;
  let lookTimer = 0;
  let photo = null;
  let paused = false;
  let wakeUp = () => {};

  // --- saying

  function say(what, label, blob = null) {
    const id = newId();
    if (blob) blobs.set(id, blob);
    queue.push({ id, what: { ...what, client_msg_id: id, language }, photo: Boolean(blob) });
    keep(QUEUE, queue);
    if (what.action) keepLabel(what.action, label);
    showSaid(id, { text: label ?? what.text ?? "", thumb: blob && URL.createObjectURL(blob), waiting: true });
    if (blob) rememberThumb(id, blob);
    pump();
  }

  function keepLabel(action, label) {
    labels.set(action, label);
    keep(LABELS, Object.fromEntries(Object.entries({ ...stored(LABELS, {}), [action]: label }).slice(-60)));
  }

  async function pump() {
    if (pumping) return;
    pumping = true;
    for (let tries = 0; queue.length && !paused; ) {
      const entry = queue[0];
      const outcome = await deliver(entry);
      if (outcome.wait_s === undefined) {
        queue.shift();
        keep(QUEUE, queue);
        tries = 0;
        settle(entry.id, outcome.problem);
        if (!outcome.problem) {
          if (outcome.person) tell(words.person); // in their own time: nobody is writing yet
          else showTyping();
          listen();
        }
      } else {
        mark(entry.id, words.unsent);
        tell(navigator.onLine ? words.ready : words.offline);
        await sleepUntilWoken(Math.max(outcome.wait_s, Math.min(30, 2 ** tries++)) * 1000);
      }
    }
    pumping = false;
  }

  // Resolves to {person} when the shop has it (whether one of the team answers), {problem} when it never will, {wait_s} when to try again.
  async function deliver(entry) {
    try {
      if (entry.photo) {
        const body = new FormData();
        body.append("photo", blobs.get(entry.id), "photo");
        const answer = await fetch(`${API}/uploads?lang=${language}`, { method: "POST", body });
        if (!answer.ok) return await refused(answer);
        entry.what.media = [(await answer.json()).token];
        entry.photo = false;
        keep(QUEUE, queue);
        blobs.delete(entry.id);
      }
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${API}/messages?lang=${language}`, { method: "POST", headers, body: JSON.stringify(entry.what) });
      return answer.ok ? { person: (await answer.json()).person } : await refused(answer);
    } catch {
      return { wait_s: 1 }; // no connection
    }
  }

  async function refused(answer) {
    if (answer.status === 429 || answer.status >= 500) return { wait_s: Number(answer.headers.get("Retry-After")) || 1 };
    const problem = await answer.json().catch(() => ({}));
    return { problem: problem.detail ?? words.failed };
  }

  function sleepUntilWoken(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => (clearTimeout(timer), resolve());
    });
  }

  // --- hearing

  async function catchUp() {
    for (;;) {
      const answer = await fetch(`${API}/events?after=${lastId}&lang=${language}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const { events, last_id } = await answer.json();
      events.forEach(show);
      lastId = Math.max(lastId, last_id);
      if (!events.length) return;
    }
  }

  function listen() {
    if (paused || source || poll) return;
    if (!("EventSource" in window)) return void askAgain();
    let failures = 0;
    const stream = (source = new EventSource(`${API}/events?after=${lastId}&lang=${language}`));
    stream.addEventListener("line", (event) => {
      failures = 0;
      show(JSON.parse(event.data));
    });
    stream.onopen = () => tell(typing ? words.writing : words.ready);
    stream.onerror = () => {
      // The browser reconnects by itself, with Last-Event-ID, unless it was refused; what fails twice does not pass.
      if (stream.readyState !== EventSource.CLOSED && ++failures < 2) return;
      stream.close();
      if (source !== stream) return;
      source = null;
      if (!paused) askAgain();
    };
  }

  // Where streams are refused or do not pass: one long look after the other, short ones while the shop is crowded.
  async function askAgain() {
    const mine = (poll = {});
    let wait_s = 0;
    for (let rounds = 0; poll === mine && rounds < 12; rounds++) {
      try {
        const answer = await fetch(`${API}/events?after=${lastId}&wait=${wait_s}&lang=${language}`);
        if (answer.ok) {
          const { events, last_id } = await answer.json();
          events.forEach(show);
          lastId = Math.max(lastId, last_id);
          tell(typing ? words.writing : words.ready);
          if (wait_s || !rounds) wait_s = 20;
          else await sleep(1500);
        } else {
          wait_s = 0;
          await sleep(1500);
        }
      } catch {
        tell(words.offline);
        await sleep(3000);
      }
    }
    if (poll !== mine) return;
    poll = null;
    listen(); // perhaps there is a place for a stream by now
  }

  function show(event) {
    if (event.id <= lastId) return;
    lastId = event.id;
    if (event.said) {
      const { client_msg_id: id, text: said, action, photos, location } = event.said;
      if (bubbles.has(id)) return settle(id);
      const label = said || labels.get(action) || (location ? words.place : "") || (photos && !thumbs[id] ? words.photo : "");
      if (label || thumbs[id]) showSaid(id, { text: label, thumb: thumbs[id] });
    } else if (event.reply) {
      hideTyping();
      showReply(event.reply);
      document.dispatchEvent(new Event("vitrine-told")); // it may have changed the cart
      if (queue.length) showTyping();
    }
  }

  // --- showing

  function add(node) {
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
    log.insertBefore(node, typing);
    if (!near && !node.classList.contains("said")) return;
    toTheEnd();
    for (const picture of node.querySelectorAll("img")) picture.addEventListener("load", toTheEnd, { once: true });
  }

  function toTheEnd() {
    log.scrollTop = log.scrollHeight;
  }

  function showSaid(id, { text: said, thumb, waiting }) {
    const node = element("div", waiting ? "said waiting" : "said");
    node.append(element("span", "unseen", words.you));
    if (thumb) node.append(image("sent-photo", { url: thumb, alt: words.photo }));
    if (said) node.append(element("p", "bubble", said));
    if (waiting) node.append(element("span", "note"));
    bubbles.set(id, node);
    add(node);
  }

  function mark(id, note, failed = false) {
    const node = bubbles.get(id);
    if (!node) return;
    node.classList.toggle("failed", failed);
    const place = node.querySelector(".note") ?? node.appendChild(element("span", "note"));
    place.textContent = note;
  }

  function settle(id, problem = "") {
    bubbles.get(id)?.classList.remove("waiting");
    mark(id, problem, Boolean(problem));
    if (problem) status.textContent = problem;
  }

  function showReply(reply) {
    const node = element("div", "told");
    node.lang = reply.language;
    node.append(reply.speaker ? element("span", "speaker", reply.speaker) : element("span", "unseen", words.shop));
    if (reply.text) node.append(element("p", "bubble", reply.text));
    if (reply.picture) {
      const picture = image("told-picture", reply.picture, "15rem");
      picture.addEventListener("error", () => picture.remove()); // a photo of the shopper's whose time is over
      node.append(picture);
    }
    if (reply.document) {
      const file = link(reply.document.url, reply.document.name);
      file.download = reply.document.name;
      node.append(wrap("told-file", [file]));
    }
    if (reply.cards.length) {
      const cards = element("div", "chat-cards");
      for (const card of reply.cards) cards.append(showCard(card, reply.cards.length === 1));
      node.append(cards);
    }
    const buttons = reply.buttons.map(showButton);
    if (reply.ask === "location" && buttons.length) {
      const pin = at("place").querySelector("svg").cloneNode(true); // instead of an emoji, which not every font has
      buttons[0] = pressable(reply.buttons[0].label.replace(/^\p{Extended_Pictographic}\s*/u, ""), sharePlace);
      buttons[0].prepend(pin);
    }
    if (buttons.length) node.append(wrap("chat-buttons", buttons));
    add(node);
  }

  function showCard(card, alone) {
    const node = element("article", alone ? "chat-card alone" : "chat-card");
    if (card.picture) {
      const frame = element(card.url ? "a" : "span", "chat-card-picture");
      if (card.url) Object.assign(frame, { href: card.url, tabIndex: -1 });
      frame.append(image("", card.picture, alone ? "15rem" : "12.5rem"));
      node.append(frame);
    }
    const title = element("h3");
    title.append(card.url ? link(card.url, card.title) : card.title);
    node.append(wrap("chat-card-words", [title, ...card.facts.map((fact) => element("p", "", fact))]));
    if (card.buttons.length) node.append(wrap("chat-buttons", card.buttons.map(showButton)));
    return node;
  }

  function showButton(button) {
    if (button.url) return link(button.url, button.label, "chat-button");
    labels.set(button.action, button.label);
    return pressable(button.label, () => say({ action: button.action }, button.label));
  }

  function pressable(label, act) {
    const node = element("button", "chat-button", label);
    node.type = "button";
    node.addEventListener("click", () => {
      act();
      if (matchMedia("(pointer: fine)").matches) text.focus();
    });
    return node;
  }

  function showTyping() {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(hideTyping, TYPING_AT_MOST_MS);
    clearTimeout(lookTimer);
    lookTimer = setTimeout(lookMyself, LOOK_AFTER_MS);
    if (typing) return;
    const node = wrap("told", [wrap("bubble typing", [element("i"), element("i"), element("i")])]);
    node.setAttribute("aria-hidden", "true");
    add(node);
    typing = node;
    tell(words.writing);
    toTheEnd();
  }

  // Some proxies hold streams back: an answer that is late is looked for.
  function lookMyself() {
    if (!typing || paused) return;
    catchUp().catch(() => {});
    lookTimer = setTimeout(lookMyself, LOOK_AFTER_MS);
  }

  function hideTyping() {
    clearTimeout(typingTimer);
    typing?.remove();
    typing = null;
    tell(words.ready);
  }

  function tell(line) {
    if (state.textContent !== line) state.textContent = line;
  }

  // --- photos and places

  async function offer(file) {
    if (file.size > 4 * LARGEST_BYTES) return void (status.textContent = words.photoTooLarge);
    const blob = await shrunk(file);
    if (!blob || blob.size > LARGEST_BYTES) {
      preview.replaceChildren(element("span", "", blob ? words.photoTooLarge : words.photoUnreadable));
      preview.hidden = false;
      return;
    }
    photo = blob;
    const remove = element("button", "icon", "×");
    remove.type = "button";
    remove.ariaLabel = words.removePhoto;
    remove.addEventListener("click", dropPhoto);
    preview.replaceChildren(image("", { url: URL.createObjectURL(blob), alt: "" }), element("span", "", words.photoReady), remove);
    preview.hidden = false;
    status.textContent = words.photoReady;
    text.focus();
  }

  function dropPhoto() {
    photo = null;
    picker.value = "";
    preview.hidden = true;
    preview.replaceChildren();
    text.focus();
  }

  async function rememberThumb(id, blob) {
    const small = await redrawn(blob, 240, 0.7);
    if (!small) return;
    const reader = new FileReader();
    reader.onload = () => {
      thumbs = Object.fromEntries([...Object.entries(thumbs), [id, reader.result]].slice(-12));
      keep(PHOTOS, thumbs);
    };
    reader.readAsDataURL(small);
  }

  function sharePlace() {
    if (!("geolocation" in navigator)) return noPlace();
    status.textContent = words.locating;
    tell(words.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        tell(words.ready);
        const round = (degrees) => Math.round(degrees * 1e4) / 1e4; // about ten metres
        say({ location: { latitude: round(coords.latitude), longitude: round(coords.longitude) } }, words.place);
      },
      noPlace,
      { timeout: 10_000, maximumAge: 300_000 },
    );
  }

  function noPlace() {
    tell(words.ready);
    status.textContent = words.noPlace;
    const note = wrap("told", [element("p", "bubble", words.noPlace)]);
    add(note);
    toTheEnd();
    text.focus();
  }

  // --- the room itself

  function send() {
    const said = text.value.trim();
    if (!said && !photo) return;
    say(said ? { text: said } : {}, said, photo);
    text.value = "";
    grow();
    if (photo) dropPhoto();
  }

  function grow() {
    text.rows = Math.min(5, Math.max(1, text.value.split("\n").length, Math.ceil(text.value.length / 38)));
  }

  // Whoever ordered or reserved without ever saying a word is greeted with what is theirs, below the news of it.
  async function greet() {
    let hello = { known: false, text: words.hello, buttons: [] };
    if ("known" in root.dataset) {
      const answer = await fetch(`${API}/greeting?lang=${language}`).catch(() => null);
      if (answer?.ok) hello = await answer.json();
    }
    if (bubbles.size || (!hello.known && log.querySelector(".told"))) return;
    showReply({ text: hello.text, buttons: hello.buttons, cards: [], language });
  }

  async function begin() {
    try {
      await catchUp();
    } catch {
      tell(words.offline);
    }
    if (!bubbles.size) await greet();
    toTheEnd();
    for (const entry of queue) {
      if (!bubbles.has(entry.id)) {
        const said = entry.what.text ?? labels.get(entry.what.action) ?? "";
        showSaid(entry.id, { text: said, thumb: thumbs[entry.id], waiting: true });
      }
    }
    if (bubbles.size) listen();
    pump();
  }

  function pause() {
    paused = true;
    poll = null;
    source?.close();
    source = null;
    wakeUp();
  }

  function resume() {
    if (!paused) return;
    paused = false;
    if (bubbles.size) listen();
    pump();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  text.addEventListener("input", grow);
  text.addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    offer(file);
  });
  picker.addEventListener("change", () => picker.files[0] && offer(picker.files[0]));
  at("place").addEventListener("click", sharePlace);
  at("leave").addEventListener("click", async () => {
    if ((bubbles.size || queue.length) && !confirm(words.leave)) return;
    await fetch(`${API}/session`, { method: "DELETE" }).catch(() => {});
    queue = [];
    [QUEUE, PHOTOS, LABELS].forEach((name) => sessionStorage.removeItem(name));
    location.replace(location.pathname);
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("dropping");
  });
  root.addEventListener("dragleave", () => root.classList.remove("dropping"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("dropping");
    const file = pictureIn(event.dataTransfer);
    if (file) offer(file);
  });
  addEventListener("online", () => wakeUp());
  addEventListener("offline", () => tell(words.offline));
  // A page that nobody looks at holds no place; it catches up when it is seen again.
  document.addEventListener("visibilitychange", () => {
    if (root.closest("[hidden]")) return;
    if (document.hidden) pause();
    else resume();
  });

  begin();
  return { say, pause, resume, focus: () => text.focus() };
}

// --- small things

function element(name, className = "", content = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (content) node.textContent = content;
  return node;
}

function wrap(className, children) {
  const node = element("div", className);
  node.append(...children);
  return node;
}

function image(className, { url, srcset = "", alt }, sizes) {
  const node = element("img", className);
  if (srcset) Object.assign(node, { sizes, srcset });
  Object.assign(node, { src: url, alt, decoding: "async" });
  return node;
}

function link(address, label, className = "") {
  const node = element("a", className, label);
  node.href = address;
  if (!address.startsWith("/")) Object.assign(node, { target: "_blank", rel: "noopener" });
  return node;
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stored(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A full or forbidden store only means that a reload forgets what was not sent yet.
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
