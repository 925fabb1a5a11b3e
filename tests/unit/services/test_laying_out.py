"""Catalogues of chosen products: drawn, worked on page by page, laid out again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import create_engine, text

from commerce.domain.layout import Cover, Density
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    DRAFT,
    Edition,
    FoundBy,
    NotPublished,
    Origin,
    PageKind,
    Region,
    Review,
)
from commerce.domain.reservation import Refused
from commerce.ids import SeededIds
from commerce.services.laying_out import MOST_CHOSEN, Chosen, LaidOut, chosen_in
from commerce.services.publishing import in_order, new_hotspot
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.fixture import build_fixture

TITLE = LocalText({"fr": "Printemps", "en": "Spring"})
ACTOR = "staff:hugo"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The fixture shop, with photos of its products."""
    folder = tmp_path_factory.mktemp("laid-out") / "data"
    with build_shop(
        load_settings(data_dir=folder, secret_key="s" * 32, shop_name="Maison Test"), ids=SeededIds(3)
    ) as shop:
        build_fixture(shop)
        yield shop


def products(shop: Shop) -> list[Chosen]:
    """All that have a photo."""
    with shop.storage.read() as uow:
        return [Chosen(product.id) for product in uow.products.after(0, 100) if product.picture_for()]


def made(shop: Shop, chosen: list[Chosen], **more: object) -> LaidOut:
    done = shop.laying_out.make(chosen, TITLE, actor=ACTOR, **more)  # type: ignore[arg-type]
    assert isinstance(done, LaidOut), done
    return done


def stored(shop: Shop, edition: Edition) -> Edition:
    with shop.storage.read() as uow:
        found = shop.publishing.edition(uow, edition.lookbook.id)
    assert found is not None
    return found


def files(shop: Shop, edition: Edition) -> list[bytes | None]:
    return [shop.media.get(page.picture_key) for page in edition.pages]


def test_chosen_products_become_a_draft(shop: Shop) -> None:
    chosen, told = products(shop), []
    done = made(shop, chosen, progress=lambda at, of: told.append((at, of)))
    edition = done.edition
    assert done.left_out == ()
    assert stored(shop, edition) == replace(edition, hotspots=stored(shop, edition).hotspots)
    assert set(stored(shop, edition).hotspots) == set(edition.hotspots)
    assert edition.lookbook.origin is Origin.LAYOUT
    assert told == [(at, len(edition.pages)) for at in range(1, len(edition.pages) + 1)]
    assert edition.pages[0].kind is PageKind.COVER
    assert {page.kind for page in edition.pages[1:]} == {PageKind.LAID_OUT}
    assert {spot.review for spot in edition.hotspots} == {Review.SURE}
    assert {spot.found_by for spot in edition.hotspots} == {FoundBy.LAYOUT}
    assert chosen_in(edition) == tuple(chosen)
    for page, jpeg in zip(edition.pages, files(shop, edition), strict=True):
        assert jpeg is not None
        assert Image.open(io.BytesIO(jpeg)).size == (page.width_px, page.height_px)


def test_a_photo_stands_where_its_place_says(shop: Shop) -> None:
    (one,) = products(shop)[:1]
    edition = made(shop, [one], cover=Cover.NONE).edition
    (page,), (spot,) = edition.pages, edition.hotspots
    jpeg = shop.media.get(page.picture_key)
    assert jpeg is not None
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    region = spot.region
    middle = image.getpixel(
        (
            round((region.x_frac + region.width_frac / 2) * page.width_px),
            round((region.y_frac + region.height_frac / 3) * page.height_px),
        )
    )
    paper = tuple(int(page.paper[at : at + 2], 16) for at in (1, 3, 5))
    assert isinstance(middle, tuple)
    assert max(abs(a - b) for a, b in zip(middle, paper, strict=True)) > 12
    caption = image.getpixel((page.width_px // 2, round((region.y_frac + region.height_frac - 0.02) * page.height_px)))
    assert isinstance(caption, tuple)
    assert max(abs(a - b) for a, b in zip(caption, paper, strict=True)) <= 3  # left free


def test_an_article_number_leads_to_its_variant(shop: Shop) -> None:
    with shop.storage.read() as uow:
        found = uow.products.by_sku("P1-navy-38")
    assert found is not None
    edition = made(shop, [Chosen(found[0].id, found[1].id)]).edition
    assert {(spot.product_id, spot.variant_id) for spot in edition.hotspots} == {(found[0].id, found[1].id)}


def test_what_has_no_photo_is_left_out_and_named(shop: Shop) -> None:
    good = products(shop)[:2]
    gone, none = Chosen(10**9), Chosen(good[0].product_id, 10**9)
    with shop.storage.read() as uow:
        without = [Chosen(each.id) for each in uow.products.after(0, 100) if not each.picture_for()]
    done = made(shop, [gone, good[0], none, *without, good[1], good[1]])
    assert done.left_out == (gone, none, *without)
    assert chosen_in(done.edition) == tuple(good)
    assert shop.laying_out.make([gone], TITLE, actor=ACTOR) == Refused(NotPublished.NO_PHOTO)
    assert shop.laying_out.make([], TITLE, actor=ACTOR) == Refused(NotPublished.NO_PAGES)
    many = [Chosen(number) for number in range(1, MOST_CHOSEN + 2)]
    assert shop.laying_out.make(many, TITLE, actor=ACTOR) == Refused(NotPublished.TOO_MANY_PAGES)
    assert shop.laying_out.make(good, LocalText({"fr": " "}), actor=ACTOR) == Refused(NotPublished.NO_TITLE)


def test_a_photo_whose_file_is_lost_is_left_out(shop: Shop, tmp_path: Path) -> None:
    """Its size is not known either: nothing can be drawn of it."""
    with build_shop(load_settings(data_dir=tmp_path, secret_key="s" * 32)) as other:
        build_fixture(other)
        chosen = products(other)
        engine = create_engine(other.settings.url_of_database)
        with engine.begin() as connection:
            connection.execute(text("UPDATE picture SET width_px = 0, height_px = 0"))
        engine.dispose()
        with other.storage.read() as uow:
            lost = uow.products.get(chosen[0].product_id)
        assert lost is not None
        other.media.delete(lost.pictures[0].media_key)
        done = made(other, chosen)
        assert done.left_out == (chosen[0],)
        assert chosen_in(done.edition) == tuple(chosen[1:])


def test_a_taken_address_leaves_nothing_behind(shop: Shop) -> None:
    slug = made(shop, products(shop)[:1]).edition.lookbook.slug
    before = len(list((shop.settings.data_dir / "media").rglob("*.jpg")))
    assert shop.laying_out.make(products(shop), TITLE, actor=ACTOR, slug=slug) == Refused(NotPublished.SLUG_TAKEN)
    assert len(list((shop.settings.data_dir / "media").rglob("*.jpg"))) == before


# --- page by page


def rearranged(shop: Shop, edition: Edition, order: list[int]) -> Edition | Refused[NotPublished]:
    pages, spots = in_order(edition.pages, edition.hotspots, order)
    book = edition.lookbook
    return shop.storage.write(
        lambda uow: shop.publishing.save(uow, book.id, book.revision, pages=pages, hotspots=spots, actor=ACTOR)
    )


def test_places_move_with_their_page(shop: Shop) -> None:
    edition = made(shop, products(shop), density=Density.AIRY).edition
    last = len(edition.pages)
    moved = rearranged(shop, edition, [last, 1, 99, *range(2, last - 1)])
    assert isinstance(moved, Edition)
    after = stored(shop, edition)
    assert [page.number for page in after.pages] == list(range(1, last))
    assert after.pages[0].picture_key == edition.pages[-1].picture_key
    assert [spot.id for spot in after.on(1)] == [spot.id for spot in edition.on(last)]
    assert [spot.id for spot in after.on(2)] == [spot.id for spot in edition.on(1)]
    removed = {spot.id for spot in edition.on(last - 1)}
    assert removed and not removed & {spot.id for spot in after.hotspots}
    shop.publishing.forget_pictures(edition.lookbook.id, edition.pages)
    assert [jpeg is None for jpeg in files(shop, edition)] == [False] * (last - 2) + [True, False]
    assert rearranged(shop, edition, [1]) == Refused(NotPublished.STALE)
    assert rearranged(shop, after, []) == Refused(NotPublished.NO_PAGES)


def test_a_published_page_keeps_its_picture(shop: Shop) -> None:
    edition = made(shop, products(shop)[:2]).edition
    book = edition.lookbook
    assert not isinstance(
        shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor=ACTOR)), Refused
    )
    assert isinstance(rearranged(shop, stored(shop, edition), [2]), Edition)
    shop.publishing.forget_pictures(book.id, edition.pages)
    assert None not in files(shop, edition)


def test_pictures_are_added_behind_the_last_page(shop: Shop) -> None:
    edition = made(shop, products(shop)[:2]).edition
    jpeg = next((shop.settings.data_dir / "fixture" / "images").glob("P3-*.jpg")).read_bytes()
    book = edition.lookbook
    done = shop.publishing.add_pictures(book.id, book.revision, [(jpeg, 600, 800)], actor=ACTOR)
    assert isinstance(done, Edition)
    assert done.pages[:-1] == edition.pages and done.pages[-1].kind is PageKind.PICTURE
    assert [spot.found_by for spot in done.on(len(done.pages))] in ([], [FoundBy.PICTURE])
    assert set(edition.hotspots) <= set(done.hotspots)
    late = shop.publishing.add_pictures(book.id, book.revision, [(jpeg, 600, 800)], actor=ACTOR)
    assert late == Refused(NotPublished.STALE)
    assert shop.publishing.add_pictures("nothing", 1, [], actor=ACTOR) == Refused(NotPublished.NOT_FOUND)
    too_many = [(jpeg, 600, 800)] * 300
    assert shop.publishing.add_pictures(book.id, done.lookbook.revision, too_many, actor=ACTOR) == Refused(
        NotPublished.TOO_MANY_PAGES
    )


def test_laid_out_again_with_one_more(shop: Shop) -> None:
    first, *others = products(shop)
    edition = made(shop, others).edition
    jpeg = next((shop.settings.data_dir / "fixture" / "images").glob("P3-*.jpg")).read_bytes()
    book = edition.lookbook
    with_picture = shop.publishing.add_pictures(book.id, book.revision, [(jpeg, 600, 800)], actor=ACTOR)
    assert isinstance(with_picture, Edition)
    own = with_picture.pages[-1]
    by_hand = new_hotspot(shop.ids, own.number, Region(0.1, 0.1, 0.2, 0.2), first.product_id)
    saved = shop.storage.write(
        lambda uow: shop.publishing.save(
            uow, book.id, with_picture.lookbook.revision, hotspots=(*with_picture.hotspots, by_hand), actor=ACTOR
        )
    )
    assert isinstance(saved, Edition)
    again = shop.laying_out.again(
        book.id, saved.lookbook.revision, [first, *others], density=Density.DENSE, cover=Cover.NONE, actor=ACTOR
    )
    assert isinstance(again, LaidOut)
    after = stored(shop, edition)
    assert chosen_in(after) == (first, *others)
    assert [page.number for page in after.pages] == list(range(1, len(after.pages) + 1))
    assert after.pages[-1].picture_key == own.picture_key
    assert by_hand.id in {spot.id for spot in after.on(len(after.pages))}
    assert PageKind.COVER not in {page.kind for page in after.pages}
    assert set(files(shop, edition)) == {None}  # what it replaced
    assert None not in files(shop, after)
    late = shop.laying_out.again(
        book.id, saved.lookbook.revision, [first], density=Density.DENSE, cover=Cover.NONE, actor=ACTOR
    )
    assert late == Refused(NotPublished.STALE)
    assert None not in files(shop, after)


def test_a_catalogue_of_before_has_pages_made_elsewhere(shop: Shop) -> None:
    edition = made(shop, products(shop)[:1]).edition
    engine = create_engine(shop.settings.url_of_database)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE lookbook_version SET pages = :pages WHERE lookbook_id = :id AND version = :draft"),
            {"pages": '[[1, "k.jpg", 800, 1000, "words"]]', "id": edition.lookbook.id, "draft": DRAFT},
        )
    engine.dispose()
    (page,) = stored(shop, edition).pages
    assert (page.kind, page.paper, page.text) == (PageKind.PICTURE, "", "words")
