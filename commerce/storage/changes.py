"""What changed in the catalogue, collected during a transaction and appended at its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from commerce.ports import ChangeKind
from commerce.storage.direct import Direct

if TYPE_CHECKING:
    from commerce.storage.transaction import Transaction

_NOTE_PRODUCTS = text("INSERT INTO catalogue_change (product_id, what, at_us) VALUES (:product_id, :what, :at_us)")
_NOTE_VARIANTS = Direct(
    "INSERT INTO catalogue_change (product_id, what, at_us) SELECT DISTINCT product_id, ?, ? FROM variant"
    " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY product_id",
    postgres="INSERT INTO catalogue_change (product_id, what, at_us) SELECT DISTINCT product_id, %s, %s::bigint"
    " FROM variant WHERE id IN (SELECT value::bigint FROM json_array_elements_text(%s::json)) ORDER BY product_id",
)


class Changes:
    """Several notes of one thing make one row. Followers read `catalogue_change` by "seq larger than the last I saw",
    so a number must never appear below one that was already visible.

    On SQLite there is one writer and nothing to do. On PostgreSQL two transactions may draw 5 and 6 and commit 6 first;
    therefore the append takes an advisory lock that lasts until the commit: numbers are drawn in the order of commits.
    As it is the last lock that a transaction takes, it cannot be part of a deadlock, and a long import holds it only
    while it appends. (Filtering by pg_snapshot_xmin instead would make every change wait for the longest running
    import.)
    """

    def __init__(self) -> None:
        self._products: dict[tuple[int, ChangeKind], int] = {}
        self._variants: dict[tuple[int, ChangeKind], int] = {}

    def product(self, product_id: int, what: ChangeKind, at_us: int) -> None:
        self._products[product_id, what] = at_us

    def variant(self, variant_id: int, what: ChangeKind, at_us: int) -> None:
        """The same, for the product of a variant."""
        self._variants[variant_id, what] = at_us

    def add(self, others: Changes) -> None:
        """Those of another work in the same transaction."""
        self._products.update(others._products)
        self._variants.update(others._variants)

    def append(self, transaction: Transaction) -> None:
        """Writes them down. The last thing before COMMIT."""
        if not (self._products or self._variants):
            return
        transaction.lock_changes()
        if self._products:
            transaction.execute(
                _NOTE_PRODUCTS,
                [
                    {"product_id": i, "what": what.value, "at_us": at}
                    for (i, what), at in sorted(self._products.items())
                ],
            )
        for what in sorted({what for _, what in self._variants}):
            ids = [i for i, kind in self._variants if kind is what]
            at_us = max(at for (_, kind), at in self._variants.items() if kind is what)
            transaction.direct(_NOTE_VARIANTS, (what.value, at_us, json.dumps(ids)))
        self._products.clear()
        self._variants.clear()
