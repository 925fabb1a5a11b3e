// For pages of others:
//   <script src="https://shop.example/embed.js" data-catalogue="printemps" async></script>
// puts that catalogue in the script's place. `data-lang` (fr, en) chooses a language, `data-page` a page, `data-height`
// a height in CSS; otherwise it takes the width that is there and fits the window.
(() => {
  const script = document.currentScript;
  const { catalogue, lang, page, height, title } = script.dataset;
  if (!catalogue) return console.error("embed.js: which catalogue? Say data-catalogue.");
  const address = new URL(`/embed/l/${encodeURIComponent(catalogue)}`, script.src);
  if (lang) address.searchParams.set("lang", lang);
  if (page) address.hash = `page-${page}`;
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: address, title: title ?? catalogue, loading: "lazy", allow: "fullscreen" });
  // By properties: the other page's Content-Security-Policy need not allow styles written in HTML.
  Object.assign(frame.style, { display: "block", border: "0", width: "100%", height: height ?? "min(92vh, 60rem)" });
  script.after(frame);
})();
