"""The demo's own catalogues come in and are published as any others."""

from __future__ import annotations

from pathlib import Path

from commerce.domain.lookbook import FoundBy, LookbookState, Review
from commerce.settings import load_settings
from commerce.wiring import build_shop
from vitrine.demo_catalogue import publish_demo_catalogue, publish_demo_lookbook
from vitrine.fixture import build_fixture


def test_every_article_is_placed_and_nothing_is_doubtful(tmp_path: Path) -> None:
    told: list[str] = []
    with build_shop(load_settings(data_dir=tmp_path / "data", secret_key="s" * 32)) as shop:
        build_fixture(shop)
        shop.index_keeper.catch_up()
        path = publish_demo_catalogue(shop, tmp_path, lambda what, done, of: told.append(f"{what} {done}/{of}"))
        assert path == "/l/saison"
        assert publish_demo_catalogue(shop, tmp_path, lambda what, done, of: told.append("again")) == path
        with shop.storage.read() as uow:
            book = uow.lookbooks.by_slug("saison")
            assert book is not None
            edition = uow.lookbooks.edition(book, 1)
            assert edition is not None
            products = uow.products.after(0, 100)
    assert told == ["catalogue 1/2", "catalogue 2/2"]
    assert book.state is LookbookState.PUBLISHED
    assert {spot.product_id for spot in edition.hotspots} == {product.id for product in products if product.pictures}
    prices = {variant.id: variant.price.minor for product in products for variant in product.variants}
    assert all(spot.printed_price_minor == prices[spot.variant_id] for spot in edition.hotspots)
    assert {(spot.found_by, spot.review) for spot in edition.hotspots} == {(FoundBy.SKU, Review.SURE)}
    printed = " ".join(page.text for page in edition.pages)
    assert "Robe midi en lin" in printed and "Linen midi dress" in printed, "in both languages"


def test_the_lookbook_shows_every_product_once(tmp_path: Path) -> None:
    told: list[str] = []
    with build_shop(load_settings(data_dir=tmp_path / "data", secret_key="s" * 32)) as shop:
        build_fixture(shop)
        path = publish_demo_lookbook(shop, lambda what, done, of: told.append(f"{what} {done}/{of}"))
        assert path == "/l/lookbook"
        heard = len(told)
        assert publish_demo_lookbook(shop, lambda what, done, of: told.append("again")) == path
        with shop.storage.read() as uow:
            book = uow.lookbooks.by_slug("lookbook")
            assert book is not None
            edition = uow.lookbooks.edition(book, 1)
            assert edition is not None
            products = uow.products.after(0, 100)
    assert told[-1] == f"lookbook {heard}/{heard}" and heard == len(edition.pages)
    assert book.state is LookbookState.PUBLISHED
    shown = [spot.product_id for spot in edition.hotspots if spot.page > 1]
    assert sorted(shown) == sorted(product.id for product in products if product.pictures)
    assert {spot.found_by for spot in edition.hotspots} == {FoundBy.LAYOUT}
