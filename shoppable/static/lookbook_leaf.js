// One leaf that turns: copies of pictures laid over the book while they move, seen and heard by nobody else.

const TURNS_IN_MS = 600;

export const mayMove = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

// Where the back of the book is, and how large a page: of what lies open. Pixels of the window.
export function middleOf({ left, right }) {
  const sheet = (right ?? left).querySelector(".lookbook-sheet").getBoundingClientRect();
  return { x: right ? sheet.left : sheet.right, top: sheet.top, width: sheet.width, height: sheet.height };
}

const element = (names, ...children) => {
  const made = document.createElement("div");
  made.className = names;
  made.append(...children.filter(Boolean));
  return made;
};

// The picture, and the words that stand on it.
function face(page) {
  if (!page) return [];
  const copy = page.querySelector("img").cloneNode();
  Object.assign(copy, { alt: "", loading: "eager", decoding: "sync" });
  return [copy, page.querySelector(".lookbook-captions")?.cloneNode(true)];
}

// From one spread to another ({left, right}: pages or null), at `middle` (see `middleOf`). The leaf can be led (`to`: 0
// to 1), sent `over` or `back`; both promise whether it has arrived, and `drop` takes it away at once.
export function lift(track, from, to, isForward, { x, top, width, height }, easing) {
  const [under, front, back] = isForward ? [[from.left, to.right], from.right, to.left] : [[to.left, from.right], from.left, to.right];
  const shades = [element("leaf-shade"), element("leaf-shade")];
  const sheet = element(
    `leaf ${isForward ? "is-forward" : "is-backward"}`,
    element("leaf-face", ...face(front), shades[0]),
    element("leaf-face is-back", ...face(back), shades[1]),
  );
  const stage = element(
    "leaf-stage",
    element(under[0] ? "leaf-under is-left" : "", ...face(under[0])),
    element(under[1] ? "leaf-under is-right" : "", ...face(under[1])),
    sheet,
  );
  stage.setAttribute("aria-hidden", "true");
  const box = track.getBoundingClientRect();
  for (const [name, pixels] of Object.entries({ left: x - width - box.left, top: top - box.top, width: 2 * width, height })) {
    stage.style.setProperty(name, `${pixels}px`);
  }
  track.append(stage);
  track.classList.add("is-turning");

  const timing = { duration: TURNS_IN_MS, fill: "both", easing };
  const end = isForward ? -180 : 180;
  const moving = [
    sheet.animate([{ transform: "rotateY(0deg)" }, { transform: `rotateY(${end}deg)` }], timing),
    ...shades.map((shade) => shade.animate([{ opacity: 0 }, { opacity: 0.26, offset: 0.5 }, { opacity: 0 }], timing)),
  ];
  for (const each of moving) each.pause();

  const drop = () => {
    for (const each of moving) each.cancel();
    stage.remove();
    if (!track.querySelector(".leaf-stage")) track.classList.remove("is-turning");
  };
  const run = async (speed) => {
    for (const each of moving) {
      each.playbackRate = speed;
      each.play();
    }
    try {
      await moving[0].finished;
    } catch {
      return false; // dropped on the way
    }
    drop();
    return true;
  };
  return {
    to(progress) {
      for (const each of moving) each.currentTime = progress * TURNS_IN_MS;
    },
    over: () => run(1),
    back: () => run(-1),
    drop,
  };
}
