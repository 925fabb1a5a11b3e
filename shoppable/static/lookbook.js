// A catalogue that is open. Each part is a module of its own; without scripts everything is a page with links.

import { countReading } from "./lookbook_counting.js";
import { followFacts } from "./lookbook_facts.js";
import { offerOverview } from "./lookbook_overview.js";
import { offerSheet } from "./lookbook_sheet.js";
import { turning } from "./lookbook_turning.js";
import { offerZoom } from "./lookbook_zoom.js";

const book = document.querySelector("[data-lookbook]");
const pages = [...book.querySelectorAll("[data-page]")];

const reading = countReading(book);

// The chat begins on the page that is open.
const ask = book.querySelector("[data-ask]");
const bot = book.querySelector("[data-bot]");
const lead = (page) => {
  const number = page.dataset.page;
  ask.href = `/chat?catalogue=${book.dataset.lookbook}&page=${number}`;
  ask.dataset.chatAction = ask.dataset.chatAction.replace(/:\d+:/, `:${number}:`);
  ask.dataset.chatLabel = page.querySelector("img").alt;
  if (bot) bot.href = bot.href.replace(/start=l_0_\d+_/, `start=l_0_${number}_`);
};

const turner = turning(book, pages, (places) => {
  lead(pages[places[0]]);
  reading.see(places.map((place) => Number(pages[place].dataset.page)));
});
const sheet = offerSheet(reading);
offerOverview(book, pages, turner);
offerZoom(book, pages, turner);
if (!("preview" in book.dataset)) followFacts(book, sheet);

const screen = book.querySelector("[data-full-screen]");
screen.hidden = !document.fullscreenEnabled;
screen.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : book.requestFullscreen()));
book.addEventListener("fullscreenchange", () => screen.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));

addEventListener("pageshow", (event) => event.persisted && location.reload());
