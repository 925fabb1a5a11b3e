"""Catalogues for tests of pages: made of plain pictures, with places where the test wants them."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Edition, Hotspot, NotPublished, Region
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from commerce.services.publishing import new_hotspot
from commerce.wiring import Shop

TITLE = LocalText({"fr": "Printemps", "en": "Spring"})
PICTURE = b"\xff\xd8 a page"  # shown by browsers alone, never read here


def draft_catalogue(
    shop: Shop,
    places: Sequence[tuple[str, Region]],
    *,
    title: LocalText = TITLE,
    pages: int = 1,
    pictures: Sequence[bytes] = (PICTURE,),
) -> Edition:
    """`places` by SKU, one after the other on the pages; nobody has published it. `pictures`: 800 by 1000, in turns."""
    shown = [(pictures[number % len(pictures)], 800, 1000) for number in range(pages)]
    made = shop.publishing.from_pictures(shown, title, actor="test")
    assert isinstance(made, Edition), made

    def work(uow: UnitOfWork) -> Edition | Refused[NotPublished]:
        spots: list[Hotspot] = []
        for number, (sku, region) in enumerate(places):
            found = uow.products.by_sku(sku)
            assert found is not None, sku
            spots.append(new_hotspot(shop.ids, number % pages + 1, region, found[0].id, found[1].id))
        return shop.publishing.save(uow, made.lookbook.id, 1, hotspots=spots, actor="test")

    saved = shop.storage.write(work)
    assert isinstance(saved, Edition), saved
    return saved


def publish_catalogue(
    shop: Shop,
    places: Sequence[tuple[str, Region]],
    *,
    title: LocalText = TITLE,
    pages: int = 1,
    pictures: Sequence[bytes] = (PICTURE,),
) -> Edition:
    book = draft_catalogue(shop, places, title=title, pages=pages, pictures=pictures).lookbook
    done = shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor="test"))
    assert not isinstance(done, Refused), done
    with shop.storage.read() as uow:
        shown = shop.publishing.seen_by_shoppers(uow, book.slug)
    assert shown is not None
    return shown
