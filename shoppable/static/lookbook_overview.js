// All pages at a glance, to go to one of them.

export function offerOverview(book, pages, turner) {
  const opener = book.querySelector("[data-overview]");
  const dialog = document.querySelector("[data-all-pages]");
  const list = dialog.querySelector("ol");

  const item = (page, place) => {
    const [made, button, number] = ["li", "button", "span"].map((name) => document.createElement(name));
    const picture = page.querySelector("img").cloneNode();
    Object.assign(picture, { alt: "", loading: "lazy", sizes: "10rem" });
    number.textContent = page.dataset.page;
    button.type = "button";
    button.setAttribute("aria-label", page.getAttribute("aria-label"));
    button.append(picture, number);
    button.addEventListener("click", () => {
      dialog.close();
      turner.go(place);
    });
    made.append(button);
    return made;
  };

  opener.hidden = pages.length < 3;
  opener.addEventListener("click", () => {
    if (!list.children.length) list.append(...pages.map(item)); // small pictures come when they are wanted
    [...list.children].forEach((each, place) => {
      const button = each.firstChild;
      if (turner.inSight().includes(place)) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    });
    dialog.showModal();
    const current = list.querySelector("[aria-current]");
    current.focus();
    current.scrollIntoView({ block: "nearest" });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
