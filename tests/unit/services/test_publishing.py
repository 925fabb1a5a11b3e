"""Catalogues: read, proposed, worked on, published, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    DRAFT,
    Doubt,
    Edition,
    FoundBy,
    LookbookState,
    NotPublished,
    Region,
    Review,
)
from commerce.domain.printed import PrintedPage, Word
from commerce.domain.reservation import Refused
from commerce.ids import SeededIds
from commerce.pdf import Limits, PdfReader
from commerce.services.publishing import new_hotspot, slug_of
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.demo_shop.printed import Article, write_pdf
from vitrine.fixture import build_fixture

TITLE = LocalText({"fr": "Printemps", "en": "Spring"})


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The fixture shop, eyes open."""
    folder = tmp_path_factory.mktemp("catalogues") / "data"
    with build_shop(load_settings(data_dir=folder, secret_key="s" * 32), ids=SeededIds(3)) as shop:
        build_fixture(shop)
        shop.index_keeper.catch_up()
        yield shop


def jpeg_of(shop: Shop, source_id: str) -> bytes:
    images = shop.settings.data_dir / "fixture" / "images"
    return next(images.glob(f"{source_id}-*.jpg")).read_bytes()


def catalogue(shop: Shop, folder: Path, articles: list[tuple[str, str, str, str]]) -> bytes:
    """`articles`: title, price, printed number, and whose picture."""
    made = [Article(title, price, number, jpeg_of(shop, picture)) for title, price, number, picture in articles]
    return write_pdf(folder / "catalogue.pdf", "Printemps", made).read_bytes()


GOOD = [
    ("Robe midi en lin", "79,00 €", "P1-navy-38", "P1"),
    ("Veste en jean", "65,00 €", "P2-blue-m", "P2"),
    ("Baskets blanches", "89,90 €", "P3-white-42", "P3"),
    ("Sac cabas en cuir", "120,00 €", "P4-brown", "P4"),
]


def made(shop: Shop, document: bytes) -> Edition:
    edition = shop.publishing.from_pdf(document, TITLE, actor="staff:hugo")
    assert isinstance(edition, Edition), edition
    return edition


def test_names_prices_and_pictures_of_a_pdf(seeing: Shop, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    edition = seeing.publishing.from_pdf(
        catalogue(seeing, tmp_path, GOOD), TITLE, actor="staff:hugo", progress=lambda done, of: told.append((done, of))
    )
    assert isinstance(edition, Edition)
    assert told == [(1, 2), (2, 2)]
    assert [page.number for page in edition.pages] == [1, 2]
    assert "Robe midi en lin" in edition.pages[0].text
    with seeing.storage.read() as uow:
        skus = {spot.printed: uow.products.by_variant(spot.variant_id) for spot in edition.hotspots}
    assert sorted(skus) == sorted(number for _, _, number, _ in GOOD)
    assert all(found is not None and found[1].sku == printed for printed, found in skus.items())
    assert {spot.review for spot in edition.hotspots} == {Review.SURE}
    assert {spot.found_by for spot in edition.hotspots} == {FoundBy.SKU}
    assert [spot.printed_price_minor for spot in edition.hotspots] == [7900, 6500, 8990, 12000]
    first = edition.on(1)[0].region  # around the picture on the left and the words beside it
    assert first.x_frac == pytest.approx(0.0807, abs=0.01)
    assert first.width_frac > 0.4
    assert first.height_frac == pytest.approx(0.26, abs=0.02)


def test_what_is_wrong_is_put_before_a_person(seeing: Shop, tmp_path: Path) -> None:
    wrong_price = ("Robe midi en lin", "69,00 €", "P1-navy-38", "P1")
    wrong_picture = ("Veste en jean", "65,00 €", "P2-blue-m", "P3")
    unknown = ("Gants", "25,00 €", "GLOVES-9", "P4")
    edition = made(seeing, catalogue(seeing, tmp_path, [wrong_price, wrong_picture, unknown]))
    spots = {spot.printed: spot for spot in edition.hotspots}
    assert (spots["P1-navy-38"].review, spots["P1-navy-38"].doubts) == (Review.DOUBTFUL, (Doubt.OTHER_PRICE,))
    assert (spots["P2-blue-m"].review, spots["P2-blue-m"].doubts) == (Review.DOUBTFUL, (Doubt.OTHER_PICTURE,))
    assert "GLOVES-9" not in spots
    with seeing.storage.read() as uow:
        bag = uow.products.by_source_id("P4")
    assert bag is not None
    by_picture = [spot for spot in edition.hotspots if spot.found_by is FoundBy.PICTURE]
    assert [(spot.product_id, spot.doubts) for spot in by_picture] == [(bag.id, (Doubt.PICTURE_ALONE,))]


def test_from_draft_to_published_and_back(seeing: Shop, tmp_path: Path) -> None:
    edition = made(seeing, catalogue(seeing, tmp_path, [("Robe", "69,00 €", "P1-navy-38", "P1")]))
    publishing, storage = seeing.publishing, seeing.storage
    book = edition.lookbook
    assert book.slug.startswith("printemps")
    with storage.read() as uow:
        assert publishing.seen_by_shoppers(uow, book.slug) is None
    refused = storage.write(lambda uow: publishing.publish(uow, book.id, book.revision, actor="staff:hugo"))
    assert refused == Refused(NotPublished.DOUBTFUL)
    confirmed = [replace(spot, review=Review.CONFIRMED) for spot in edition.hotspots]
    saved = storage.write(
        lambda uow: publishing.save(uow, book.id, book.revision, hotspots=confirmed, actor="staff:hugo")
    )
    assert isinstance(saved, Edition)
    stale = storage.write(lambda uow: publishing.save(uow, book.id, book.revision, hotspots=[], actor="staff:hugo"))
    assert stale == Refused(NotPublished.STALE)
    shown = storage.write(lambda uow: publishing.publish(uow, book.id, saved.lookbook.revision, actor="staff:hugo"))
    assert not isinstance(shown, Refused)
    with storage.read() as uow:
        seen = publishing.seen_by_shoppers(uow, book.slug)
    assert seen is not None
    assert (seen.version, seen.hotspots) == (1, tuple(confirmed))
    gone = storage.write(lambda uow: publishing.withdraw(uow, book.id, actor="staff:hugo"))
    assert not isinstance(gone, Refused)
    assert gone.state is LookbookState.WITHDRAWN
    with storage.read() as uow:
        assert publishing.seen_by_shoppers(uow, book.slug) is None
    again = storage.write(lambda uow: publishing.show_version(uow, book.id, 1, actor="staff:hugo"))
    assert not isinstance(again, Refused)
    assert storage.write(lambda uow: publishing.show_version(uow, book.id, 9, actor="x")) == Refused(
        NotPublished.NOT_FOUND
    )


def test_what_cannot_be_saved(seeing: Shop, tmp_path: Path) -> None:
    book = made(seeing, catalogue(seeing, tmp_path, GOOD[:1])).lookbook
    publishing = seeing.publishing

    def save(**changes: object) -> object:
        return seeing.storage.write(
            lambda uow: publishing.save(uow, book.id, book.revision, actor="staff:hugo", **changes)  # type: ignore[arg-type]
        )

    region = Region(0.1, 0.1, 0.2, 0.2)
    assert save(title=LocalText({"fr": "  "})) == Refused(NotPublished.NO_TITLE)
    assert save(slug="Not A Slug") == Refused(NotPublished.BAD_SLUG)
    assert save(hotspots=[new_hotspot(seeing.ids, 1, region, 10**9)]) == Refused(NotPublished.NO_SUCH_PRODUCT)
    assert save(hotspots=[new_hotspot(seeing.ids, 99, region, 1)]) == Refused(NotPublished.NO_SUCH_PRODUCT)
    with seeing.storage.read() as uow:
        edition = publishing.edition(uow, book.id)
    assert edition is not None
    assert edition.version == DRAFT
    assert len(edition.hotspots) == 1


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", NotPublished.UNREADABLE),
        (b"hello", NotPublished.UNREADABLE),
        (b"%PDF-1.7\n%%EOF", NotPublished.UNREADABLE),
        (b"\x00" * 100, NotPublished.UNREADABLE),
    ],
)
def test_documents_that_are_none(document: bytes, why: NotPublished) -> None:
    assert PdfReader().read(document) is why


def test_documents_that_cost_too_much(seeing: Shop, tmp_path: Path) -> None:
    document = catalogue(seeing, tmp_path, GOOD)
    assert PdfReader(Limits(most_bytes=1000)).read(document) is NotPublished.TOO_LARGE
    assert PdfReader(Limits(most_pages=1)).read(document) is NotPublished.TOO_MANY_PAGES
    assert PdfReader(Limits(memory_bytes=80 * 1024 * 1024)).read(document) is NotPublished.UNREADABLE
    assert PdfReader(Limits(start_s=0.05, page_s=0.0)).read(document) is NotPublished.TOO_LARGE


def test_every_cut_of_a_document_is_survived(seeing: Shop, tmp_path: Path) -> None:
    document = catalogue(seeing, tmp_path, GOOD[:1])
    for cut in range(64, len(document), len(document) // 6):
        found = PdfReader().read(document[:cut])
        assert found is NotPublished.UNREADABLE or isinstance(found, list)


def test_a_size_list_is_one_hotspot_and_a_page_number_none(seeing: Shop) -> None:
    words = [
        Word("P1-navy-36", Region(0.1, 0.5, 0.1, 0.01)),
        Word("P1-navy-38", Region(0.1, 0.52, 0.1, 0.01)),
        Word("12", Region(0.5, 0.95, 0.01, 0.01)),
        Word("2026", Region(0.1, 0.05, 0.05, 0.02)),
    ]
    page = PrintedPage(1, b"", 100, 100, tuple(words))
    proposed = seeing.publishing.proposing.propose([page])
    (spot,) = proposed.hotspots
    assert (spot.variant_id, spot.printed) == (0, "P1-navy-36 P1-navy-38")


def test_slugs() -> None:
    assert slug_of("Été à Lyon — 2026 !") == "ete-a-lyon-2026"
    assert slug_of("???") == "catalogue"
    assert len(slug_of("a" * 200)) <= 64
