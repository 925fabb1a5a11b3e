// What a place leads to: a sheet with today's price, sizes and stores, and from there into the cart.

import { showCount } from "./cart.js";
import { isFramed } from "./lookbook_counting.js";

export function offerSheet(reading) {
  const dialog = document.querySelector("[data-sheet]");

  document.addEventListener("click", async (event) => {
    const spot = event.target.closest("[data-spot]");
    if (!spot || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    reading.tell("hotspot", { product: Number(spot.dataset.product), page: Number(spot.dataset.spot.split("/").at(-2)) });
    try {
      await fill(spot.dataset.spot);
      dialog.showModal();
    } catch {
      location.assign(spot.getAttribute("href"));
    }
  });

  async function fill(address) {
    const answer = await fetch(`${address}?lang=${document.documentElement.lang}`, { headers: { "X-Part": "sheet" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const chosen = dialog.querySelector("input:checked")?.value;
    const focused = dialog.querySelector(":focus")?.value;
    dialog.innerHTML = await answer.text(); // our own page, made by the same template, with the same escaping
    dialog.dataset.address = address;
    const again = (value) => dialog.querySelector(`input[name=variant][value="${CSS.escape(value ?? "")}"]`);
    if (again(chosen)) again(chosen).checked = true;
    again(focused)?.focus();
  }

  const tellCart = () => {
    const { product, page } = dialog.querySelector("[data-product]").dataset;
    reading.tell("cart", { product: Number(product), page: Number(page) });
    reading.send();
  };

  dialog.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-add")) return;
    if (isFramed) {
      tellCart(); // browsers keep no cart in a frame of another site: the shop's own page opens with it
      return;
    }
    event.preventDefault();
    const told = dialog.querySelector("[data-added]");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Part": "cart" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
      showCount(Number(shown.querySelector("[data-units]").dataset.units));
      told.hidden = false;
      told.querySelector("span").textContent = shown.querySelector("[role=status]").textContent.trim();
      tellCart();
    } catch {
      form.submit();
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  // What it says is asked again, unless somebody has just put it into the cart and reads so.
  const refresh = async () => {
    if (dialog.open && dialog.querySelector("[data-added]").hidden) await fill(dialog.dataset.address);
  };
  return { refresh };
}
