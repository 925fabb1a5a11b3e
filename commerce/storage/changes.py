"""What changed in the catalogue, collected during a transaction and appended at its end."""

from __future__ import annotations

from commerce.ports import ChangeKind


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

    def __bool__(self) -> bool:
        return bool(self._products or self._variants)

    def product(self, product_id: int, what: ChangeKind, at_us: int) -> None:
        self._products[product_id, what] = at_us

    def variant(self, variant_id: int, what: ChangeKind, at_us: int) -> None:
        """The same, for the product of a variant."""
        self._variants[variant_id, what] = at_us

    def add(self, others: Changes) -> None:
        """Those of another work in the same transaction."""
        self._products.update(others._products)
        self._variants.update(others._variants)

    def products(self) -> list[tuple[int, str, int]]:
        """(product id, kind, moment), by product."""
        return [(i, what.value, at_us) for (i, what), at_us in sorted(self._products.items())]

    def variants(self) -> list[tuple[str, int, list[int]]]:
        """(kind, latest moment, variant ids), by kind."""
        found = []
        for what in sorted({what for _, what in self._variants}):
            ids = [i for i, kind in self._variants if kind is what]
            found.append((what.value, max(at_us for (_, kind), at_us in self._variants.items() if kind is what), ids))
        return found
