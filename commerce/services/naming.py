"""Products that a written word names: an article number, a barcode, or the product's own number in its source."""

from __future__ import annotations

from commerce.domain.product import Product, Variant
from commerce.ports import UnitOfWork

_EDGES = ".,;:!?()[]{}«»\"'“”*•–—"
_SHORTEST = 3
_JOINTS = "-_/."  # a word without digits may be an article number when it is put together, such as tote-brown


def said(word: str) -> str:
    """The word without what stands around it; '' for one that cannot be a number of an article."""
    bare = word.strip(_EDGES)
    return bare if len(bare) >= _SHORTEST and any(sign.isdigit() or sign in _JOINTS for sign in bare) else ""


def named(uow: UnitOfWork, number: str) -> tuple[Product, Variant | None] | None:
    """By article number, barcode, or the product's own number."""
    found = uow.products.by_sku(number) or (uow.products.by_gtin(number) if number.isdigit() else None)
    if found is not None:
        return found
    product = uow.products.by_source_id(number)
    return (product, None) if product else None
