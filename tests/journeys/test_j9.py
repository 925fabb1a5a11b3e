"""J9, the publishing part: a marketer publishes a printed catalogue, prices move under an open page, reading counts.

What a browser does by itself (turning pages, hearing of news) is in `tests/e2e/test_reader.py` and
`test_reader_sells.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.team import Role
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.journeys.dsl import normal
from tests.unit.shoppable.shopping import HOST, ORIGIN
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from vitrine.demo_shop.printed import Article, write_pdf

KEY = "a-key-of-the-shop-0123456789"
PRINTED = {
    "P1": ("Robe midi en lin", "79,00 €", ["P1-navy-36", "P1-navy-38", "P1-navy-40", "P1-terracotta-38"]),
    "P2": ("Veste en jean", "65,00 €", ["P2-blue-s", "P2-blue-m", "P2-blue-l"]),
    "P3": ("Baskets blanches", "89,90 €", ["P3-white-41", "P3-white-42", "P3-white-43"]),
    "P4": ("Sac cabas en cuir", "120,00 €", ["P4-brown"]),
    "P6": ("Robe midi en viscose", "59,00 €", ["P6-navy-38"]),
}


@pytest.fixture
def shop(data_dir: Path, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, eyes open."""
    settings = load_settings(data_dir=data_dir, secret_key="s" * 32, api_keys=KEY, telegram_username="vitrine_bot")
    with build_shop(settings, clock=clock, ids=ids) as shop:
        shop.index_keeper.catch_up()
        yield shop


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def document(shop: Shop, tmp_path: Path) -> bytes:
    """Eight pages of three articles; one price is wrong."""
    images = shop.settings.data_dir / "fixture" / "images"
    pictures = {name: next(images.glob(f"{name}-*.jpg")).read_bytes() for name in PRINTED}
    turns = [(name, at) for at in range(24) for name in PRINTED]
    articles = []
    for name, at in turns[:24]:
        title, price, skus = PRINTED[name]
        articles.append(Article(title, price, skus[at % len(skus)], pictures[name]))
    articles[4] = Article("Robe midi en viscose", "49,00 €", "P6-navy-38", pictures["P6"])
    return write_pdf(tmp_path / "catalogue.pdf", "Printemps", articles).read_bytes()


def of(both: str, language: str) -> str:
    french, _, english = both.partition(" ‖ ")
    return french if language == "fr" else english or french


def words(html: str) -> str:
    return normal(re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))))


class Hugo(StaffBrowser):
    """In the studio."""

    def opens(self, path: str) -> str:
        return self.get(path).text

    def saves(self, html: str, book: str, **more: str) -> str:
        part = html[html.index("data-editor") : html.index("</form>", html.index("data-editor"))]
        form: dict[str, object] = {}
        for tag in re.findall(r"<input [^>]*>", part):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and 'type="checkbox"' not in tag:
                form.setdefault(name[1], []).append(unescape(value[1]) if value else "")  # type: ignore[attr-defined]
        done = self.post(f"/studio/{book}", {**form, **more})
        return done.location or ""


def test_printed_published_and_alive(
    app: Flask, shop: Shop, clock: ManualClock, document: bytes, language: str
) -> None:
    hugo = Hugo(app, shop, add_member(shop, "hugo", Role.MARKETER, languages=(language,)))
    # 1. Eight pages come in; one place is to be checked; it is published.
    made = hugo.post(
        "/studio/new",
        {"document": (io.BytesIO(document), "catalogue.pdf"), "title-fr": "Printemps", "title-en": "Spring"},
    )
    book = made.location.rpartition("/")[2]
    review = hugo.opens(made.location)
    assert of("23/24 articles placés, 1 à vérifier ‖ 23/24 articles placed, 1 to check", language) in words(review)
    assert review.count("data-page=") == 8
    (doubtful,) = re.findall(r'name="confirmed" value="([0-9a-f]+)"', review)
    done = hugo.saves(review, book, do="publish", confirmed=doubtful)
    assert done.endswith("done=published")
    shown = hugo.opens(done)
    assert "/l/printemps" in shown and "/embed/l/printemps" in shown and "<svg" in shown

    # 2. The price moves, then nothing is left, under a page that is open.
    lea = app.test_client()
    speaks = {"Accept-Language": language}

    def reads(path: str, part: str = "") -> str:
        answer = lea.get(path, base_url=HOST, headers={**speaks, "X-Part": part})
        assert answer.status_code == 200, path
        return answer.text

    before = lea.get("/l/printemps/facts", base_url=HOST, headers=speaks)
    assert of("79,00 € ‖ €79.00", language) in words(reads("/l/printemps"))
    clock.advance(timedelta(days=1))
    for sku in ("P1-navy-36", "P1-navy-38", "P1-navy-40", "P1-terracotta-36", "P1-terracotta-38", "P1-terracotta-40"):
        patched = app.test_client().patch(
            f"/api/v1/products/{sku}/price",
            base_url=HOST,
            headers={"Authorization": f"Bearer {KEY}"},
            json={"price_minor": 6900, "list_price_minor": 7900},
        )
        assert patched.status_code == 200, patched.text
    asked = {**speaks, "If-None-Match": before.headers["ETag"]}
    assert lea.get("/l/printemps/facts", base_url=HOST, headers=asked).status_code == 200  # an open page hears of it
    fresh = words(reads("/l/printemps", "facts"))
    assert of("69,00 € ‖ €69.00", language) in fresh
    lowest = "Prix le plus bas des 30 derniers jours : 79,00 € ‖ Lowest price of the last 30 days: €79.00"
    assert of(lowest, language) in fresh
    with shop.storage.read() as uow:
        bag = uow.products.by_sku("P4-brown")
    assert bag is not None
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "P4-brown", "WEB", 0))
    assert of("Épuisé ‖ Sold out", language) in words(reads("/l/printemps", "facts"))
    page = next(each for each in range(1, 9) if f"/l/printemps/{each}/{bag[0].id}" in reads("/l/printemps"))
    sheet = reads(f"/l/printemps/{page}/{bag[0].id}", "sheet")
    assert of("Épuisé ‖ Sold out", language) in words(sheet)
    assert of("M’avertir ‖ Notify me", language) in words(sheet)
    assert f"/chat?product={bag[0].id}&amp;back={bag[1].id}" in sheet

    # 3. Léa turns from page 3 to 4 to 5: three pages, each with how long she stayed.
    events = [
        {"id": f"{number:016x}-{step}", "did": "page", "page": number, **({"dwell_ms": dwell} if step else {})}
        for number, dwell in ((3, 2_000), (4, 9_000), (5, 1_000))
        for step in (0, 1)
    ]
    sent = lea.post("/l/printemps/events", base_url=HOST, headers=ORIGIN, json={"events": events, "consent": True})
    assert sent.status_code == 204
    now = clock.now()
    with shop.storage.read() as uow:
        figures = uow.reading.by_page(book, now - timedelta(hours=1), now + timedelta(hours=1))
    assert [(each.page, each.views, each.dwell_ms) for each in figures] == [(3, 1, 2_000), (4, 1, 9_000), (5, 1, 1_000)]
