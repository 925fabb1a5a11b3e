"""The studio's other ways to begin: pictures that somebody sends, and products that somebody chooses."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask

from commerce.domain.brand import Brand
from commerce.domain.layout import Density
from commerce.domain.lookbook import Edition, NotPublished, Origin, PageKind, Region
from commerce.domain.team import Role
from commerce.services.branding import BrandWish
from commerce.services.laying_out import Chosen, LaidOut, chosen_in
from commerce.wiring import Shop
from shoppable.studio.catalogues import NOT_PUBLISHED
from tests.unit.shoppable.catalogues import TITLE, draft_catalogue
from tests.unit.shoppable.shop_values import HOSTILE, png
from tests.unit.shoppable.shopping import text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from tests.unit.shoppable.test_studio import form_of, save, stored

BOX = Region(0.1, 0.1, 0.3, 0.3)
PICTURES = "/studio/pictures"


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def product(shop: Shop, source_id: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_source_id(source_id)
    assert found is not None
    return found.id


def variant(shop: Shop, sku: str) -> Chosen:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return Chosen(found[0].id, found[1].id)


def laid_out(shop: Shop, *source_ids: str) -> Edition:
    chosen = [Chosen(product(shop, each)) for each in source_ids]
    done = shop.laying_out.make(chosen, TITLE, density=Density.AIRY, actor="test")
    assert isinstance(done, LaidOut), done
    return done.edition


def newest(shop: Shop) -> Edition:
    with shop.storage.read() as uow:
        return stored(shop, uow.lookbooks.all()[0].id)


def chosen_on(html: str) -> list[str]:
    part = html[html.index('<ol class="plain" data-chosen') : html.index("</ol>")]
    return [unescape(value) for value in re.findall(r'name="chosen" value="([^"]+)"', part)]


# --- pictures


def send(hugo: StaffBrowser, path: str, files: list[tuple[bytes, str]], **fields: object) -> Any:
    return hugo.post(path, {"pictures": [(io.BytesIO(data), name) for data, name in files], **fields})


def test_pictures_become_pages_in_the_order_of_their_names(hugo: StaffBrowser, shop: Shop) -> None:
    files = [(png(40, 50), "10.png"), (png(60, 50), "2.png"), (png(50, 50), "1.png")]
    made = send(hugo, PICTURES, files, **{"title-fr": "Printemps"})
    assert made.status_code == 303
    edition = newest(shop)
    assert made.location == f"/studio/{edition.lookbook.id}"
    assert edition.lookbook.origin is Origin.PICTURES
    assert [(page.width_px, page.height_px) for page in edition.pages] == [(50, 50), (60, 50), (40, 50)]
    for page in edition.pages:
        kept = shop.media.get(page.picture_key)
        assert kept is not None and kept.startswith(b"\xff\xd8")  # our own copy, whatever came


def test_pictures_that_are_none_are_named_and_nothing_is_made(hugo: StaffBrowser, shop: Shop) -> None:
    wrong = [
        (png(40, 50), "good.png"),
        (b"hello", f"{HOSTILE}.jpg"),
        (png(40, 50)[:60], "torn.png"),
        (b"", "empty.png"),
    ]
    refused = send(hugo, PICTURES, wrong, **{"title-fr": "Été"})
    assert refused.status_code == 422
    told = text_of(refused.text)
    assert "torn.png" in told and "empty.png" in told and "good.png" not in told
    assert "<script>alert" not in refused.text
    assert 'value="Été"' in refused.text
    for files in ([], [(b"", "")], [(png(), f"{number}.png") for number in range(61)]):
        assert "Choose from 1 to 60 pictures." in text_of(send(hugo, PICTURES, files, **{"title-fr": "a"}).text)
    no_title = send(hugo, PICTURES, [(png(40, 50), "1.png")])
    assert NOT_PUBLISHED[NotPublished.NO_TITLE] in text_of(no_title.text)
    with shop.storage.read() as uow:
        assert uow.lookbooks.all() == []


def test_pictures_are_added_to_a_draft(hugo: StaffBrowser, shop: Shop) -> None:
    edition = laid_out(shop, "P1")
    path = f"/studio/{edition.lookbook.id}/pages"
    added = send(hugo, path, [(png(40, 50), "1.png")], revision="1")
    last = len(edition.pages) + 1
    assert (added.status_code, added.location) == (303, f"/studio/{edition.lookbook.id}?done=added#p-{last}")
    assert stored(shop, edition.lookbook.id).pages[-1].kind is PageKind.PICTURE
    late = send(hugo, path, [(png(40, 50), "1.png")], revision="1")
    assert late.status_code == 409 and NOT_PUBLISHED[NotPublished.STALE] in text_of(late.text)
    assert send(hugo, path, [(b"hello", "1.png")], revision="2").status_code == 422
    assert send(hugo, "/studio/nothing/pages", [(png(), "1.png")]).status_code == 404
    assert len(stored(shop, edition.lookbook.id).pages) == last


# --- pages in order


def test_pages_are_moved_and_taken_out_with_what_stands_on_them(hugo: StaffBrowser, shop: Shop) -> None:
    draft = draft_catalogue(shop, [("P1-navy-38", BOX), ("P2-blue-M", BOX), ("P3-white-42", BOX)], pages=3)
    first, second, third = (draft.on(number)[0].id for number in (1, 2, 3))
    moved = save(hugo, draft.lookbook.id, lambda form: form.update({"do": ["up-3"], "title-en": ["Moved"]}))
    assert moved.location == f"/studio/{draft.lookbook.id}?done=saved#p-2"
    after = stored(shop, draft.lookbook.id)
    assert [after.on(number)[0].id for number in (1, 2, 3)] == [first, third, second]
    assert after.lookbook.title("en") == "Moved"  # what was typed is saved with it
    save(hugo, draft.lookbook.id, lambda form: form.update(do=["down-1"]))
    after = stored(shop, draft.lookbook.id)
    assert [after.on(number)[0].id for number in (1, 2, 3)] == [third, first, second]
    save(hugo, draft.lookbook.id, lambda form: form.update(gone=["2"]))
    after = stored(shop, draft.lookbook.id)
    assert [after.on(number)[0].id for number in (1, 2)] == [third, second]
    assert len(after.pages) == 2 and first not in {spot.id for spot in after.hotspots}
    assert shop.media.get(draft.pages[0].picture_key) is None  # nothing shows it any more
    for nothing in ("up-1", "down-2", "up-99", "up-x", "sideways-1"):
        before = stored(shop, draft.lookbook.id)
        assert save(hugo, draft.lookbook.id, lambda form, do=nothing: form.update(do=[do])).status_code == 303
        assert stored(shop, draft.lookbook.id).pages == before.pages
    none_left = save(hugo, draft.lookbook.id, lambda form: form.update(gone=["1", "2"]))
    assert none_left.status_code == 409 and NOT_PUBLISHED[NotPublished.NO_PAGES] in text_of(none_left.text)


def test_of_two_who_move_pages_the_second_is_told(hugo: StaffBrowser, shop: Shop) -> None:
    draft = draft_catalogue(shop, [("P1-navy-38", BOX), ("P2-blue-M", BOX)], pages=2)
    mine = form_of(hugo.get(f"/studio/{draft.lookbook.id}").text)
    save(hugo, draft.lookbook.id, lambda form: form.update(do=["up-2"]))
    late = hugo.post(f"/studio/{draft.lookbook.id}", {**mine, "do": "up-2"})
    assert late.status_code == 409 and NOT_PUBLISHED[NotPublished.STALE] in text_of(late.text)


# --- products


def choose(hugo: StaffBrowser, **fields: object) -> Any:
    return hugo.post("/studio/products", fields)


def test_found_ticked_put_in_order_and_laid_out(hugo: StaffBrowser, shop: Shop) -> None:
    dress, jacket, shoes = (product(shop, each) for each in ("P1", "P2", "P3"))
    empty = hugo.get("/studio/products")
    assert chosen_on(empty.text) == []
    assert "Linen midi dress" in empty.text
    found = choose(hugo, q="linen dress", page="1")
    assert f'name="offered" value="{dress}"' in found.text and f'value="{jacket}"' not in found.text
    one = choose(hugo, q="jacket", page="1", offered=[str(dress)], tick=[str(dress)])
    assert chosen_on(one.text) == [str(dress)]
    assert f'name="offered" value="{jacket}"' in one.text
    many = choose(
        hugo,
        do="all",
        chosen=[str(dress)],
        offered=[str(jacket), str(shoes)],
        **{"title-fr": "Été", "title-en": "Summer"},
    )
    assert chosen_on(many.text) == [str(dress), str(jacket), str(shoes)]
    assert 'value="Été"' in many.text
    moved = choose(hugo, do="up-2", chosen=chosen_on(many.text))
    assert chosen_on(moved.text) == [str(dress), str(shoes), str(jacket)]
    assert chosen_on(choose(hugo, do="down-0", chosen=chosen_on(moved.text)).text)[1] == str(dress)
    dropped = choose(hugo, do="drop-1", chosen=chosen_on(moved.text), offered=[str(shoes)], tick=[str(shoes)])
    assert chosen_on(dropped.text) == [str(dress), str(jacket)]
    unticked = choose(hugo, chosen=chosen_on(moved.text), offered=[str(jacket)])
    assert chosen_on(unticked.text) == [str(dress), str(shoes)]
    made = choose(hugo, do="make", chosen=chosen_on(moved.text), density="dense", cover="none", **{"title-fr": "Été"})
    assert made.status_code == 303
    edition = newest(shop)
    assert made.location == f"/studio/{edition.lookbook.id}"
    assert chosen_in(edition) == (Chosen(dress), Chosen(shoes), Chosen(jacket))
    assert edition.pages[0].kind is PageKind.LAID_OUT
    assert edition.lookbook.title("fr") == "Été"


def test_article_numbers_are_pasted(hugo: StaffBrowser, shop: Shop) -> None:
    text = f"P1-navy-38\r\nP2, P3-white-42;NOTHING-9\n{HOSTILE}"
    pasted = choose(hugo, do="paste", numbers=text, chosen=[str(product(shop, "P2"))])
    shirt, shoes = variant(shop, "P1-navy-38"), variant(shop, "P3-white-42")
    assert chosen_on(pasted.text) == [
        str(product(shop, "P2")), f"{shirt.product_id}.{shirt.variant_id}", f"{shoes.product_id}.{shoes.variant_id}"
    ]  # fmt: skip
    assert "Nothing that the shop sells has these numbers: NOTHING-9" in text_of(pasted.text)
    assert "<script>alert" not in pasted.text
    assert "P1-navy-38" in text_of(pasted.text)
    made = choose(hugo, do="make", chosen=chosen_on(pasted.text), **{"title-en": "Numbers"})
    assert made.status_code == 303
    assert chosen_in(newest(shop)) == (Chosen(product(shop, "P2")), shirt, shoes)


def test_what_has_no_photo_is_marked(hugo: StaffBrowser, shop: Shop) -> None:
    gone = choose(hugo, chosen=["999999999", f"{product(shop, 'P1')}.999999999"])
    assert text_of(gone.text).count("without a photo: left out") == 2
    none = choose(hugo, do="make", chosen=["999999999"], **{"title-en": "Nothing"})
    assert none.status_code == 422 and NOT_PUBLISHED[NotPublished.NO_PHOTO] in text_of(none.text)
    assert "Choose a product first." in text_of(choose(hugo, do="make", **{"title-en": "Nothing"}).text)
    no_title = choose(hugo, do="make", chosen=[str(product(shop, "P1"))])
    assert NOT_PUBLISHED[NotPublished.NO_TITLE] in text_of(no_title.text)


@pytest.mark.parametrize(
    "fields",
    [
        {"chosen": ["x", "-1", "1.2.3", "9" * 40, HOSTILE, "1\x00"]},
        {"tick": ["x", "9" * 40], "offered": ["x", "", "9" * 40]},
        {
            "do": "up-9999",
            "page": "9" * 5000,
            "price_max": "1e999",
            "category": HOSTILE,
            "colour": "\x00",
            "q": HOSTILE,
        },
        {"density": "x", "cover": "y", "book": "../..", "revision": "9" * 99, "numbers": "\x00" * 50},
    ],
)
def test_a_form_that_nobody_sends(hugo: StaffBrowser, fields: dict[str, object]) -> None:
    answer = choose(hugo, **fields)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_laid_out_again_after_a_product_was_added(hugo: StaffBrowser, shop: Shop) -> None:
    edition = laid_out(shop, "P1", "P2")
    book = edition.lookbook
    page = hugo.get(f"/studio/{book.id}").text
    assert f"/studio/products?book={book.id}" in page
    shown = hugo.get(f"/studio/products?book={book.id}").text
    before = chosen_on(shown)
    assert before == [str(product(shop, "P1")), str(product(shop, "P2"))]
    more = [str(product(shop, "P3")), *before]
    again = {"do": "make", "book": book.id, "revision": "1", "density": "mixed", "cover": "one"}
    done = choose(hugo, chosen=more, **again)
    assert done.location == f"/studio/{book.id}?done=laid_out"
    after = stored(shop, book.id)
    assert [str(each.product_id) for each in chosen_in(after)] == more
    assert after.lookbook.title == edition.lookbook.title
    late = choose(hugo, chosen=before, **again)
    assert late.status_code == 409 and NOT_PUBLISHED[NotPublished.STALE] in text_of(late.text)
    assert hugo.get("/studio/products?book=nothing").status_code == 404
    assert hugo.get("/studio/products?book=..%2F..").status_code == 404
    other = draft_catalogue(shop, [("P1-navy-38", BOX)])
    assert "/studio/products?book=" not in hugo.get(f"/studio/{other.lookbook.id}").text


# --- what shoppers will see


def test_a_draft_is_looked_at_before_anybody_else_sees_it(hugo: StaffBrowser, shop: Shop, app: Flask) -> None:
    edition = laid_out(shop, "P1", "P2")
    book, dress = edition.lookbook, product(shop, "P1")
    page = hugo.get(f"/studio/{book.id}/preview")
    assert page.status_code == 200
    assert "Preview: shoppers do not see this yet, and nothing is counted." in text_of(page.text)
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow" and page.headers["Cache-Control"] == "no-store"
    assert f'data-spot="/studio/{book.id}/preview/2/{dress}"' in page.text
    assert f"/l/{book.slug}/" not in page.text
    sheet = hugo.get(f"/studio/{book.id}/preview/2/{dress}", **{"X-Part": "sheet"})
    assert "Linen midi dress" in text_of(sheet.text)
    assert hugo.get(f"/studio/{book.id}/preview/2/999999").status_code == 404
    assert hugo.get("/studio/nothing/preview").status_code == 404
    assert app.test_client().get(f"/l/{book.slug}", base_url=hugo.host).status_code == 404


def test_captions_are_words_with_todays_price(hugo: StaffBrowser, shop: Shop) -> None:
    edition = laid_out(shop, "P1", "P4")
    page = hugo.get(f"/studio/{edition.lookbook.id}/preview")
    captions = re.findall(r'<p data-caption="([^"]+)" class="([^"]*)">(.*?)</p>', page.text, re.DOTALL)
    on_pages = [spot for spot in edition.hotspots if spot.page > 1]
    assert {name for name, _, _ in captions} == {spot.id for spot in on_pages}
    said = {name: text_of(words) for name, _, words in captions}
    dress = next(spot for spot in on_pages if spot.product_id == product(shop, "P1"))
    assert "Linen midi dress" in said[dress.id] and "€79.00" in said[dress.id]
    assert '<p class="lookbook-title">Spring</p>' in page.text
    assert '<p class="lookbook-title">Printemps</p>' in hugo.get(f"/studio/{edition.lookbook.id}/preview?lang=fr").text
    style = re.search(r"<style>(.*?)</style>", page.text)
    assert style is not None
    for spot in on_pages:
        rule = re.search(rf'\[data-caption="{spot.id}"\]\{{left:([\d.]+)%;top:([\d.]+)%', style[1])
        assert rule is not None
        region = spot.region
        assert float(rule[1]) == pytest.approx(region.x_frac * 100, abs=0.01)
        assert region.y_frac * 100 < float(rule[2]) < (region.y_frac + region.height_frac) * 100
    policy = page.headers["Content-Security-Policy"]
    assert "style-src 'self' 'sha256-" in policy and "unsafe" not in policy


def test_in_frames_of_others_and_on_dark_paper(hugo: StaffBrowser, shop: Shop) -> None:
    dark = BrandWish(ink="#f8f5ef", paper="#202020", accent="#ffcc66")
    assert isinstance(shop.branding.keep(dark, actor="test"), Brand)
    edition = laid_out(shop, "P1")
    assert {page.paper for page in edition.pages} == {"#202020"}
    book = edition.lookbook
    shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor="test"))
    framed = hugo.get(f"/embed/l/{book.slug}")
    assert 'class="lookbook-captions is-dark"' in framed.text
    policy = framed.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy and "style-src 'self' 'sha256-" in policy


@pytest.mark.parametrize(
    ("title", "names"), [("Spring", ""), ("a word " * 10, " is-long"), ("a word " * 25, " is-longest")]
)
def test_a_title_as_large_as_its_place_allows(hugo: StaffBrowser, shop: Shop, title: str, names: str) -> None:
    book = laid_out(shop, "P1").lookbook
    save(hugo, book.id, lambda form: form.update({"title-en": [title]}))
    page = hugo.get(f"/studio/{book.id}/preview").text
    assert f'<p class="lookbook-title{names}">{title.strip()}</p>' in page
