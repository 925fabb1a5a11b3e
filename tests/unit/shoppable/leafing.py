"""A published catalogue, and what its readers send."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import FoundBy, Hotspot, Lookbook, LookbookState, Origin, Page, Region, Review
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import Browser

SLUG = "printemps"


def publish(shop: Shop, *source_ids: str, slug: str = SLUG, pages: int = 4) -> Lookbook:
    """The products stand on its last page."""
    with shop.storage.read() as uow:
        products = [uow.products.by_source_id(each) for each in source_ids]
    spots = [
        Hotspot(
            shop.ids.new_id(), pages, Region(0.1, 0.1 * number, 0.3, 0.1), product.id, 0, FoundBy.HAND,
            Review.CONFIRMED,
        )
        for number, product in enumerate(products)
        if product is not None
    ]  # fmt: skip
    assert len(spots) == len(source_ids)
    title = LocalText({"fr": "Printemps", "en": "Spring"})
    now = shop.clock.now()
    book = Lookbook(shop.ids.new_id(), slug, title, Origin.PICTURES, LookbookState.DRAFT, 0, 1, now)
    kept = [Page(number, f"{number}.jpg", 600, 800) for number in range(1, pages + 1)]
    assert shop.storage.write(lambda uow: uow.lookbooks.add(book, kept, spots))
    return shop.storage.write(lambda uow: uow.lookbooks.publish(book, now))


def product_of(shop: Shop, source_id: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_source_id(source_id)
    assert found is not None
    return found.id


def tell(reader: Browser, *events: dict[str, Any], slug: str = SLUG, **more: Any) -> TestResponse:
    """`did`, and what else an event has; its id is made here where it has none."""
    told = {"events": [{"id": str(uuid4()), **each} for each in events], **more}
    return reader.send("POST", f"/l/{slug}/events", json=told)
