"""Catalogues of chosen products and of pictures in a real browser: by mouse and by keys, with and without scripts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from commerce.domain.layout import Cover, Density
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, Edition
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.stock import MovementReason
from commerce.domain.team import Role
from commerce.ports import UnitOfWork
from commerce.services.laying_out import Chosen, LaidOut, chosen_in
from commerce.storage.seeding import add_product
from commerce.wiring import Shop
from tests.e2e.reading import fits, press_until, said, within
from tests.e2e.test_shop_front import findings
from tests.unit.shoppable.staffing import PASSWORD, add_member
from vitrine.demo_shop import draw

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.e2e

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
KINDS = {
    "midi_dress": ("dress", "Robe en lin lavé", "Washed linen dress", 7900),
    "denim_jacket": ("jacket", "Veste en jean brut", "Raw denim jacket", 6500),
    "sneakers": ("sneakers", "Baskets en toile", "Canvas sneakers", 8990),
    "tote": ("tote_bag", "Cabas en cuir grainé", "Grained leather tote", 12000),
}


@pytest.fixture
def photographed(shop: Shop) -> list[int]:
    """Products with drawn photos of 600 by 750 pixels, beside the tiny ones of the shop."""
    made: list[int] = []
    now = shop.clock.now()

    def work(uow: UnitOfWork) -> None:
        for number, (shape, (category, french, english, minor)) in enumerate(KINDS.items()):
            out = io.BytesIO()
            draw(shape, "#5b7fa6", seed=number).convert("RGB").save(out, "JPEG", quality=88)
            key = shop.media.put(out.getvalue(), ".jpg")
            stored = add_product(
                uow,
                Product(
                    0, "test", f"L{number}", LocalText({"fr": french, "en": english}), LocalText({}), "Maison",
                    category, "", "women", (Variant(0, 0, f"L{number}-sku", "", "", "", Money(minor, "EUR")),),
                    (Picture(0, 0, key, width_px=600, height_px=750),),
                ),
                now,
            )  # fmt: skip
            uow.stock.set_on_hand(stored.variants[0].id, "S1", 3, MovementReason.COUNT, now)
            made.append(stored.id)

    shop.storage.write(work)
    shop.index_keeper.catch_up()
    return made


def signed_in(window: Callable[..., Page], shop: Shop, language: str, size: str, **more: object) -> Page:
    add_member(shop, "hugo", Role.MARKETER, password=PASSWORD, languages=(language,))
    page = window(language, SIZES[size], **more)
    page.goto("/studio")
    page.locator("input[name=login]").fill("hugo")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#new-title").wait_for()
    return page


def draft(shop: Shop) -> Edition:
    with shop.storage.read() as uow:
        found = uow.lookbooks.edition(uow.lookbooks.all()[0], DRAFT)
    assert found is not None
    return found


def order(page: Page) -> list[str]:
    return [each.strip() for each in page.locator(".studio-line-title").all_inner_texts()]


def alone(page: Page, title: str) -> None:
    """Waits until nothing else is found."""
    page.wait_for_function(
        "title => [...document.querySelectorAll('.studio-offer-title')].map(one => one.innerText).join() === title",
        arg=title,
    )


def focus(here: Locator) -> None:
    here.focus()
    here.page.keyboard.press("Enter")


def test_chosen_with_the_mouse(window: Callable[..., Page], shop: Shop, photographed: list[int]) -> None:
    page = signed_in(window, shop, "en", "desk")
    assert findings(page) == []
    page.get_by_role("link", name="From products").click()
    page.locator("#q").fill("linen dress")
    page.keyboard.press("Enter")
    page.locator(".studio-offer", has_text="Washed linen dress").click()
    page.locator("#q").fill("jacket")
    page.get_by_role("button", name="Search").click()
    page.locator(".studio-offer", has_text="Raw denim jacket").click()
    page.locator("#q").fill("sneakers")
    page.get_by_role("button", name="Search").click()
    page.locator(".studio-offer", has_text="Canvas sneakers").click()
    assert order(page) == ["Washed linen dress", "Raw denim jacket", "Canvas sneakers"]
    assert fits(page)
    assert findings(page) == []
    lines = page.locator(".studio-line")
    lines.nth(2).drag_to(lines.nth(0), target_position={"x": 60, "y": 6})
    assert order(page) == ["Canvas sneakers", "Washed linen dress", "Raw denim jacket"]
    page.get_by_text("By article number").click()
    page.locator("#numbers").fill("L3-sku\nNOTHING-9")
    page.get_by_role("button", name="Take them").click()
    page.get_by_text("Nothing that the shop sells has these numbers: NOTHING-9").wait_for()
    assert len(order(page)) == 4
    page.locator("#title-en").fill("Little lookbook")
    page.locator("#title-fr").fill("Petit lookbook")
    page.get_by_role("button", name="Lay out").click()
    page.wait_for_url(lambda url: "/studio/" in url and not url.endswith("products"))
    sneakers, dress, jacket, tote = (photographed[at] for at in (2, 0, 1, 3))
    assert [each.product_id for each in chosen_in(draft(shop))] == [sneakers, dress, jacket, tote]
    assert findings(page) == []
    # Pages in another order, then as shoppers will see it.
    cover, first = draft(shop).pages[:2]
    page.get_by_role("button", name="Page 1 one down").click()
    page.wait_for_url("**done=saved**")
    assert [each.picture_key for each in draft(shop).pages[:2]] == [first.picture_key, cover.picture_key]
    page.get_by_role("link", name="Preview").click()
    page.get_by_text("Preview: shoppers do not see this yet").wait_for()
    page.locator(".lookbook-captions strong", has_text="€89.90").first.wait_for()
    page.locator(".lookbook-spots a").first.click()
    page.get_by_role("dialog").locator("h2").wait_for()
    assert findings(page) == []
    page.wait_for_timeout(300)
    with shop.storage.read() as uow:
        book = uow.lookbooks.all()[0]
        counted = uow.reading.by_page(book.id, book.created_at, shop.clock.now())
    assert counted == []


def test_chosen_by_keys_on_a_phone(window: Callable[..., Page], shop: Shop, photographed: list[int]) -> None:
    page = signed_in(window, shop, "fr", "phone")
    assert fits(page)
    assert findings(page) == []
    focus(page.get_by_role("link", name="À partir d’articles"))
    page.locator("#q").focus()
    page.keyboard.type("L1-sku")
    page.keyboard.press("Enter")
    alone(page, "Veste en jean brut")
    press_until(page, "Tab", "[name=tick]")
    page.keyboard.press("Space")
    page.locator("#q").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("L3-sku")
    page.keyboard.press("Enter")
    alone(page, "Cabas en cuir grainé")
    press_until(page, "Tab", "[name=tick]")
    page.keyboard.press("Space")
    assert order(page) == ["Veste en jean brut", "Cabas en cuir grainé"]
    press_until(page, "Tab", ".studio-line:nth-child(2) [value^='up-']")
    page.keyboard.press("Enter")
    assert order(page) == ["Cabas en cuir grainé", "Veste en jean brut"]
    assert "Cabas en cuir grainé : place 1 sur 2" in said(page.locator("[data-announce]").inner_text())
    assert fits(page)
    assert findings(page) == []
    press_until(page, "Tab", "#title-fr")
    page.keyboard.type("Deux choses")
    press_until(page, "Tab", "button[value=make]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/studio/" in url and not url.endswith("products"))
    assert [each.product_id for each in chosen_in(draft(shop))] == [photographed[3], photographed[1]]
    assert fits(page)


def test_without_scripts(window: Callable[..., Page], shop: Shop, photographed: list[int]) -> None:
    page = signed_in(window, shop, "en", "desk", java_script_enabled=False)
    page.get_by_role("link", name="From products").click()
    page.locator("#q").fill("tote")
    page.get_by_role("button", name="Search").click()
    page.locator(".studio-offer", has_text="Grained leather tote").locator("[name=tick]").check()
    page.locator("#q").fill("sneakers")
    page.get_by_role("button", name="Search").click()
    page.locator(".studio-offer", has_text="Canvas sneakers").locator("[name=tick]").check()
    page.get_by_role("button", name="Take the ticked ones").click()
    assert order(page) == ["Grained leather tote", "Canvas sneakers"]
    page.get_by_role("button", name="Canvas sneakers: one up").click()
    assert order(page) == ["Canvas sneakers", "Grained leather tote"]
    page.locator("#title-en").fill("Two things")
    page.get_by_role("button", name="Lay out").click()
    page.wait_for_url(lambda url: "/studio/" in url and not url.endswith("products"))
    assert [each.product_id for each in chosen_in(draft(shop))] == [photographed[2], photographed[3]]


def test_pictures_become_a_catalogue(window: Callable[..., Page], shop: Shop) -> None:
    files = []
    for name, colour in (("10.jpg", "#22304f"), ("9.jpg", "#5b7fa6")):
        out = io.BytesIO()
        draw("midi_dress", colour, seed=3).convert("RGB").save(out, "JPEG", quality=88)
        files.append({"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()})
    page = signed_in(window, shop, "en", "phone")
    page.get_by_text("From pictures").click()
    page.locator("#of-pictures-fr").fill("Photos")
    page.locator("#pictures").set_input_files([*files, {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no"}])
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("These pictures cannot be read: a.txt.").wait_for()
    assert findings(page) == []
    page.locator("#pictures").set_input_files(files)
    page.get_by_role("button", name="Read them").click()
    page.get_by_role("heading", name="Page 2").wait_for()
    page.locator("#pictures").set_input_files(files[:1])
    page.get_by_role("button", name="Add them").click()
    page.get_by_role("heading", name="Page 3").wait_for()
    assert page.url.endswith("#p-3")
    page.get_by_label("Take this page out").nth(1).check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    assert len(draft(shop).pages) == 2
    assert fits(page)
    assert findings(page) == []


@pytest.mark.parametrize("name", list(SIZES))
def test_captions_are_read_and_follow_the_price(
    window: Callable[..., Page], shop: Shop, photographed: list[int], name: str
) -> None:
    done = shop.laying_out.make(
        [Chosen(number) for number in photographed],
        LocalText({"fr": "Petit lookbook", "en": "Little lookbook"}),
        density=Density.MIXED,
        cover=Cover.NONE,
        actor="test",
    )
    assert isinstance(done, LaidOut)
    book = done.edition.lookbook
    shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, 1, actor="test"))
    page = window("fr", SIZES[name])
    page.goto(f"/l/{book.slug}")
    captions = page.locator("#page-1 .lookbook-captions p")
    assert captions.count() == 4
    shot = page.locator("#page-1 .lookbook-sheet img").bounding_box()
    assert shot is not None
    for at, spot in enumerate(done.edition.on(1)):
        box = page.locator(f"[data-caption='{spot.id}']").bounding_box()
        assert box is not None
        region = spot.region
        left, bottom = shot["x"] + region.x_frac * shot["width"], region.y_frac + region.height_frac
        assert box["x"] == pytest.approx(left, abs=1.5), at
        assert box["y"] + box["height"] == pytest.approx(shot["y"] + bottom * shot["height"], abs=1.5)
        # What is written fits into the strip that was left free for it.
        lowest = page.locator(f"[data-caption='{spot.id}'] .caption-price").bounding_box()
        assert lowest is not None and lowest["y"] + lowest["height"] <= box["y"] + box["height"] + 1
    dress = page.locator(".lookbook-captions p", has_text="Robe en lin lavé")
    assert "79,00 €" in said(dress.inner_text())
    shop.storage.write(lambda uow: shop.catalog.set_price(uow, "L0-sku", Money(6900, "EUR"), Money(7900, "EUR")))
    within(5.0, lambda: "69,00 €" in said(dress.inner_text()))
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "L0-sku", "S1", 0))
    within(5.0, lambda: "Épuisé" in dress.inner_text())
    assert fits(page)
    assert findings(page) == []
