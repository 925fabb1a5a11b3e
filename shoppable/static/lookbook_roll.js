// On a narrow screen the pages lie in a row, and the browser itself turns them under the finger (CSS scroll snap).

export function roll(track, pages, seen) {
  const ratios = new Map(); // how much of a page is in sight
  let target = 0;

  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) ratios.set(entry.target, entry.intersectionRatio);
      const ratio = (page) => ratios.get(page) ?? 0;
      const best = pages.reduce((one, other) => (ratio(other) > ratio(one) + 0.01 ? other : one));
      if (!ratio(best)) return;
      target = pages.indexOf(best);
      seen([target]);
    },
    { root: track, threshold: [0, 0.25, 0.5, 0.75, 1] },
  );
  for (const page of pages) observer.observe(page);

  return {
    show(place, { still = false } = {}) {
      target = place;
      const padding = parseFloat(getComputedStyle(track).scrollPaddingLeft) || 0;
      track.scrollTo({ left: pages[place].offsetLeft - track.offsetLeft - padding, behavior: still ? "instant" : "auto" });
      if (still) seen([place]);
    },
    next: (step) => target + step,
    target: () => target,
    stop: () => observer.disconnect(),
  };
}
