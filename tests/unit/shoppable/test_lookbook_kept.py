"""A catalogue is put together once for its readers, says what is so now, and nothing of one reader to another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Edition, Region
from commerce.domain.money import Money
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from shoppable.kept import Kept
from shoppable.site import site_of
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.conftest import SETTINGS
from tests.unit.shoppable.shop_values import fill
from tests.unit.shoppable.shopping import Browser, text_of

BOX = Region(0.1, 0.1, 0.3, 0.3)
SNEAKERS = "P3-white-42"


@pytest.fixture
def shop(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Shop]:
    """On both databases."""
    settings = load_settings(**SETTINGS, data_dir=tmp_path / "data", database_url=database_url)
    with build_shop(settings, clock=clock) as shop:
        fill(shop)
        yield shop


@pytest.fixture
def app(shop: Shop) -> Flask:
    return create_app(shop)


@pytest.fixture
def book(shop: Shop) -> Edition:
    return publish_catalogue(shop, [(SNEAKERS, BOX)])


def kept(app: Flask) -> Kept[object]:
    found = site_of(app).kept["catalogues"]
    assert isinstance(found, Kept)
    return found


def statements(shop: Shop, reader: Browser, path: str) -> int:
    """How often the database was asked."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    seen: list[str] = []

    def heard(conn: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        assert reader.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    return len(seen)


def test_the_next_look_says_what_is_so_now(app: Flask, shop: Shop, book: Edition, clock: ManualClock) -> None:
    path = f"/l/{book.lookbook.slug}"
    reader, known = Browser(app, shop), Browser(app, shop)
    known.add("P1-navy-38")  # somebody with a cart, for whom the head of the page is made anew
    clock.advance(timedelta(days=1))
    changes = (
        ("White sneakers €89.90 In store: Bellecour", lambda uow: None),
        (
            "White sneakers €75.00 Lowest price of the last 30 days: €89.90",
            lambda uow: shop.catalog.set_price(uow, SNEAKERS, Money(7500, "EUR"), Money(8990, "EUR")),
        ),
        ("Sold out", lambda uow: shop.catalog.set_on_hand(uow, SNEAKERS, "S1", 0)),
        ("In store: Part-Dieu", lambda uow: shop.catalog.set_on_hand(uow, SNEAKERS, "S2", 3)),
    )
    for said, change in changes:
        shop.storage.write(change)
        for _ in range(2):
            for each in (reader, known):
                for address in (path, f"/embed{path}"):
                    assert said in text_of(each.get(address).text), address
                assert said in text_of(each.get(path, **{"X-Part": "facts"}).text)
    assert len(kept(app)) == 1


def test_a_new_version_and_a_new_title_are_seen_at_once(app: Flask, shop: Shop, book: Edition) -> None:
    reader, path = Browser(app, shop), f"/l/{book.lookbook.slug}"
    assert "Denim jacket" not in reader.read(path)
    saved = shop.storage.write(
        lambda uow: shop.publishing.save(
            uow, book.lookbook.id, book.lookbook.revision, title=LocalText({"en": "Summer"}), hotspots=(), actor="test"
        )
    )
    assert isinstance(saved, Edition)
    shop.storage.write(
        lambda uow: shop.publishing.publish(uow, book.lookbook.id, saved.lookbook.revision, actor="test")
    )
    said = reader.read(path)
    assert "Summer" in said and "White sneakers" not in said
    shop.storage.write(lambda uow: shop.publishing.show_version(uow, book.lookbook.id, 1, actor="test"))
    assert "White sneakers" in reader.read(path)


def test_readers_do_not_see_each_other(app: Flask, shop: Shop, book: Edition) -> None:
    path = f"/l/{book.lookbook.slug}"
    french, nobody, somebody = Browser(app, shop, "fr"), Browser(app, shop), Browser(app, shop)
    assert "Baskets blanches" in french.read(path)
    somebody.add("P1-navy-38")
    assert "data-cart-count>1<" in somebody.get(path).text
    assert "data-cart-count hidden><" in nobody.get(path).text
    assert "data-known" in somebody.get(path).text and "data-known" not in nobody.get(path).text
    assert "utm_source=mail" in nobody.get(f"{path}?utm_source=mail").text
    assert "utm_source=mail" not in nobody.get(path).text
    assert "Spring" in nobody.read(path) and "Printemps" in french.read(path)
    assert "set-cookie" not in nobody.get(path).headers


def test_a_second_look_asks_the_database_for_two_things(app: Flask, shop: Shop, book: Edition) -> None:
    reader, path = Browser(app, shop), f"/l/{book.lookbook.slug}"
    first = statements(shop, reader, path)
    again = statements(shop, reader, path)
    # PostgreSQL numbers what has changed first; either asks for the last change and for the catalogue's line.
    assert again <= 6 < first


def test_only_so_many_are_kept(app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoppable.pages.leaves._MOST_KEPT", 2)
    reader = Browser(app, shop)
    for number in range(4):
        book = publish_catalogue(shop, [], title=LocalText({"en": f"Number {number}"})).lookbook
        assert f"Number {number}" in reader.read(f"/l/{book.slug}")
    assert len(kept(app)) == 2
