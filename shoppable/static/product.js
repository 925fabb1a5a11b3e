// That a product's page was looked at, and for how long: counted, and remembered for whoever agrees.

import { consented, newId, tell } from "./reading.js";

const LOOKED_MS = 1_000; // shorter is passing by
const { seenAt } = document.querySelector("[data-seen-at]").dataset;
let since = performance.now();
let counted = false;

const say = (more = {}) => tell(seenAt, { id: newId(), consent: consented(), ...more });

const count = () => {
  if (counted || document.hidden) return;
  counted = true;
  say();
};

setTimeout(count, LOOKED_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    since = performance.now();
    setTimeout(count, LOOKED_MS);
    return;
  }
  const dwell = Math.round(performance.now() - since);
  if (counted && dwell > LOOKED_MS) say({ dwell_ms: Math.min(dwell, 600_000) });
});
