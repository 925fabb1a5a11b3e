"""What stands in the small shops of these tests: stores of Lyon, and things in their sizes."""

from __future__ import annotations

from datetime import time

from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind

DAY = (Opening(time(10), time(19)),)
DRESS = {"fr": "Robe midi en lin", "en": "Linen midi dress"}


def a_store(
    store_id: str, kind: StoreKind = StoreKind.PERMANENT, hours: OpeningHours | None = None, *, name: str = ""
) -> Store:
    """Open from Monday to Saturday, unless said otherwise."""
    name = name or store_id
    return Store(
        id=store_id,
        name=LocalText({"fr": f"Lyon {name}", "en": f"Lyon {name}"}),
        short_name=LocalText({"fr": name}),
        kind=kind,
        address="1 place",
        city="Lyon",
        postcode="69002",
        country="FR",
        point=GeoPoint(45.7579, 4.8320),
        timezone="Europe/Paris",
        hours=OpeningHours(week=(DAY,) * 6 + ((),)) if hours is None else hours,
    )


def a_thing(
    source_id: str,
    category: str,
    title: dict[str, str],
    sizes: tuple[str, ...],
    minor: int = 7900,
    *,
    gender: str = "",
    colour: tuple[str, str] = ("navy", "bleu marine"),
    gtins: tuple[str, ...] = (),
) -> Product:
    """In one colour and these sizes, "" where there is but one."""
    return Product(
        id=0,
        source="main",
        source_id=source_id,
        title=LocalText(title),
        description=LocalText(),
        brand="",
        category=category,
        category_words="",
        gender=gender,
        variants=tuple(
            Variant(
                id=0,
                product_id=0,
                sku=f"{source_id}-{size}" if size else source_id,
                colour=colour[0],
                colour_words=colour[1],
                size=size,
                price=Money(minor, "EUR"),
                gtin=gtins[position] if gtins else "",
                position=position,
            )
            for position, size in enumerate(sizes)
        ),
    )
