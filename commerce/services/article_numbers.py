"""Whose article number is printed there: by SKU, barcode, number of the product, or what its SKUs share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from commerce.domain.printed_numbers import Said, barcode_of, key_of
from commerce.domain.product import Product, Variant
from commerce.ports import UnitOfWork

_A_TIME = 5_000
_SEPARATOR = re.compile(r"[-_/. ]+")
_SHORTEST_SHARED = 4  # of what SKUs share, such as ROB1234 of ROB1234-38 and ROB1234-40


@dataclass(slots=True)
class _Owners:
    """Of one number, by how it belongs to them, with each SKU as it is written: product, variant (0: any)."""

    by_sku: list[tuple[int, int, str]] = field(default_factory=list)
    by_barcode: list[tuple[int, int, str]] = field(default_factory=list)
    by_product: list[tuple[int, int, str]] = field(default_factory=list)
    by_shared: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Meant:
    """`is_one_of_several`: numbers of other products are the same but for spaces, dashes and small letters."""

    product_id: int
    variant_id: int
    is_one_of_several: bool
    is_by_product: bool


class KnownNumbers:
    """Of the numbers that are asked for, whose they are. The shop's numbers are walked through once."""

    def __init__(self, uow: UnitOfWork, wanted: Iterable[str]) -> None:
        self._owners = {key: _Owners() for key in wanted}
        after = 0
        while self._owners and (numbers := uow.products.numbers_after(after, _A_TIME)):
            after = numbers[-1].variant_id
            for each in numbers:
                self._add(each.product_id, each.variant_id, each.sku, each.gtin, each.source_id)

    def of(self, said: Said) -> Meant | None:
        by_key = self._owners.get(said.key, _Owners())
        by_barcode = self._owners.get(barcode_of(said.key), _Owners()).by_barcode
        for owners, is_by_product in ((by_key.by_sku, False), (by_barcode, False), (by_key.by_product, True)):
            if owners:
                return _chosen(owners, said.text, is_by_product=is_by_product)
        if len(by_key.by_shared) == 1:
            return Meant(next(iter(by_key.by_shared)), 0, is_one_of_several=False, is_by_product=True)
        return None

    def _add(self, product_id: int, variant_id: int, sku: str, gtin: str, source_id: str) -> None:
        owners = self._owners
        if found := owners.get(key_of(sku)):
            found.by_sku.append((product_id, variant_id, sku))
        if gtin and (found := owners.get(barcode_of(gtin))):
            found.by_barcode.append((product_id, variant_id, gtin))
        if found := owners.get(key_of(source_id)):
            found.by_product.append((product_id, 0, source_id))
        for joint in _SEPARATOR.finditer(sku):
            shared = key_of(sku[: joint.start()])
            if len(shared) >= _SHORTEST_SHARED and (found := owners.get(shared)):
                found.by_shared.add(product_id)


def further_size(product: Product, variant: Variant, then: str) -> bool:
    """Whether what follows a variant's number, such as 40 after ROB1234-38, is another variant of it."""
    ends = list(_SEPARATOR.finditer(variant.sku))
    if not ends:
        return False
    number = key_of(variant.sku[: ends[-1].start()] + then)
    return any(key_of(other.sku) == number for other in product.variants if other.id != variant.id)


def _chosen(owners: list[tuple[int, int, str]], printed: str, *, is_by_product: bool) -> Meant:
    """The one that is written just so, else the first."""
    written = [each for each in owners if each[2] == printed]
    product_id, variant_id, _ = (written or owners)[0]
    others = {each[0] for each in written or owners} - {product_id}
    is_one_variant = len({each[1] for each in owners if each[0] == product_id}) == 1 or bool(written)
    return Meant(product_id, variant_id if is_one_variant else 0, bool(others), is_by_product)
