"""What changed in the catalogue: collected during a transaction, written at its end, numbered for followers."""

from __future__ import annotations

from sqlalchemy import Connection, text

from commerce.ports import ChangeKind

# Any constant that nothing else in the database locks.
CHANGE_LOCK = 0x5669_7472  # "Vitr"
NUMBERED_AT_ONCE = 10_000  # rows: whoever else wants to number waits for one batch, not for all of them

_SOME_WAIT = text(
    "SELECT (SELECT id FROM unnumbered_change ORDER BY id LIMIT 1) IS NOT NULL"
    " AND current_setting('transaction_read_only') = 'off'"  # a standby shows what was numbered where it came from
)
_ONE_AT_A_TIME = text(f"SELECT pg_advisory_xact_lock({CHANGE_LOCK})")
_NUMBER = text(
    "WITH waited AS (DELETE FROM unnumbered_change WHERE id IN ("  # noqa: S608 - a number of ours
    f"SELECT id FROM unnumbered_change ORDER BY id LIMIT {NUMBERED_AT_ONCE}) RETURNING id, product_id, what, at_us)"
    " INSERT INTO catalogue_change (product_id, what, at_us) SELECT product_id, what, at_us FROM waited ORDER BY id"
)


class Changes:
    """Several notes of one thing make one row. Followers read `catalogue_change` by "seq larger than the last I saw",
    so a number must never appear below one that was already visible.

    On SQLite there is one writer and nothing to do. On PostgreSQL two transactions may draw 5 and 6 and commit 6 first,
    and a lock that lasts until the commit is on the disk makes them go one after the other. Therefore a transaction
    there puts its rows into `unnumbered_change`, and readers of the log number what has been committed: see
    `number_changes`. (Filtering by pg_snapshot_xmin instead would make every change wait for the longest running
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


def number_changes(connection: Connection) -> None:
    """Moves what PostgreSQL's writers have committed into the log. A transaction of its own, read committed: the lock
    is let go when its numbers are visible, so that the next one to hold it draws larger ones. Cut at any point, the
    rows wait for the next reader.
    """
    with connection.begin():
        if not connection.execute(_SOME_WAIT).scalar():
            return
    moved = NUMBERED_AT_ONCE
    while moved == NUMBERED_AT_ONCE:
        with connection.begin():
            connection.execute(_ONE_AT_A_TIME)
            moved = connection.execute(_NUMBER).rowcount
