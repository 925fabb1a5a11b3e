"""Products written straight into the tables, for rehearsals, proofs and tests. Real ones come through a feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import insert

from commerce.domain.moments import to_us
from commerce.domain.product import Product
from commerce.ports import ChangeKind, UnitOfWork
from commerce.storage.mapping import dump_json, to_text
from commerce.storage.tables import picture, product, variant
from commerce.storage.unit_of_work import SqlUnitOfWork


def add_product(unit_of_work: UnitOfWork, new: Product, at: datetime) -> Product:
    """Writes a product with its variants and pictures, whose ids are chosen here; returns it as stored.

    A picture with a media key counts as ready.
    """
    db = cast(SqlUnitOfWork, unit_of_work).transaction
    at_us = to_us(at)
    product_id = int(
        db.execute(
            insert(product).returning(product.c.id),
            {
                "source": new.source,
                "source_id": new.source_id,
                "title": to_text(new.title),
                "description": to_text(new.description),
                "brand": new.brand,
                "category": new.category,
                "category_words": new.category_words,
                "gender": new.gender,
                "attributes": dump_json(new.attributes),
                "url": new.url,
                "active": new.active,
            },
        ).scalar_one()
    )
    variants = []
    for item in new.variants:
        variant_id = db.execute(
            insert(variant).returning(variant.c.id),
            {
                "product_id": product_id,
                "sku": item.sku,
                "colour": item.colour,
                "colour_words": item.colour_words,
                "size": item.size,
                "gtin": item.gtin,
                "price_minor": item.price.minor,
                "list_price_minor": None if item.list_price is None else item.list_price.minor,
                "currency": item.price.currency,
                "price_since_us": at_us,
                "position": item.position,
            },
        ).scalar_one()
        variants.append(replace(item, id=int(variant_id), product_id=product_id))
    pictures = []
    for number, shown in enumerate(new.pictures):
        picture_id = db.execute(
            insert(picture).returning(picture.c.id),
            {
                "product_id": product_id,
                "variant_id": shown.variant_id,
                "position": shown.position,
                "source_ref": f"seeded:{number}",
                "media_key": shown.media_key,
                "width_px": shown.width_px,
                "height_px": shown.height_px,
                "state": "ready" if shown.media_key else "wanted",
            },
        ).scalar_one()
        pictures.append(replace(shown, id=int(picture_id)))
    db.note_product(product_id, ChangeKind.PRODUCT, at_us)
    return replace(new, id=product_id, variants=tuple(variants), pictures=tuple(pictures))
