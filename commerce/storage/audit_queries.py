"""Questions that only somebody who doubts the shop asks: do the sums agree, is anything stuck, is the file sound?

Each function reads, and returns what is wrong as short sentences about rows, the first `EXAMPLES` of them, and how
many there are. An empty answer is the good one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import exists, select, text

from commerce.domain.moments import to_us
from commerce.domain.reservation import OPEN_STATES
from commerce.ports import UnitOfWork
from commerce.storage.mapping import id_batches
from commerce.storage.migrating import current_revision
from commerce.storage.migrations import HEAD
from commerce.storage.tables import catalogue_change, picture, product, unnumbered_change
from commerce.storage.transaction import Transaction
from commerce.storage.unit_of_work import SqlUnitOfWork

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Breaches:
    """How many rows break a rule, and what the first of them look like."""

    count: int
    examples: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.count > 0


def found(sentences: Iterable[str]) -> Breaches:
    """What is wrong, counted."""
    listed = list(sentences)
    return Breaches(len(listed), tuple(listed[:EXAMPLES]))


def database(unit_of_work: UnitOfWork) -> Transaction:
    return cast(SqlUnitOfWork, unit_of_work).transaction


def lines(unit_of_work: UnitOfWork, statement: str, sentence: str, **parameters: Any) -> Iterator[str]:
    """The sentence filled in with each row of the answer."""
    for row in database(unit_of_work).execute(text(statement), parameters):
        yield sentence.format(**row._mapping)


_OPEN = ", ".join(f"'{state.value}'" for state in sorted(OPEN_STATES))


def stock_against_holds(unit_of_work: UnitOfWork) -> Breaches:
    """0 <= held <= on_hand, and held is the sum of the active holds."""
    held = "SELECT variant_id, store_id, sum(quantity) AS promised FROM hold WHERE state = 'active' GROUP BY 1, 2"
    levels = lines(
        unit_of_work,
        "SELECT s.variant_id, s.store_id, s.on_hand, s.held, coalesce(h.promised, 0) AS promised"  # noqa: S608
        f" FROM stock s LEFT JOIN ({held}) h ON h.variant_id = s.variant_id AND h.store_id = s.store_id"
        " WHERE s.held <> coalesce(h.promised, 0) OR s.held < 0 OR s.held > s.on_hand ORDER BY 1, 2",
        "variant {variant_id} at {store_id}: {on_hand} on hand, {held} held, active holds of {promised}",
    )
    without_shelf = lines(
        unit_of_work,
        "SELECT h.id, h.variant_id, h.store_id FROM hold h LEFT JOIN stock s"
        " ON s.variant_id = h.variant_id AND s.store_id = h.store_id"
        " WHERE h.state = 'active' AND s.variant_id IS NULL ORDER BY 1",
        "hold {id} of variant {variant_id} at {store_id}: there is no such stock",
    )
    return found([*levels, *without_shelf])


def holds_against_reservations(unit_of_work: UnitOfWork) -> Breaches:
    """An open reservation has all its holds; one that is over has none left."""
    return found(
        lines(
            unit_of_work,
            "SELECT r.id, r.state, h.id AS hold_id, h.state AS hold_state FROM reservation r"  # noqa: S608
            " JOIN reservation_line l ON l.reservation_id = r.id JOIN hold h ON h.id = l.hold_id"
            f" WHERE (h.state = 'active') <> (r.state IN ({_OPEN})) ORDER BY r.id, l.position",
            "reservation {id} is {state}, its hold {hold_id} is {hold_state}",
        )
    )


def holds_against_exchanges(unit_of_work: UnitOfWork) -> Breaches:
    """The new unit of an exchange is held until it is handed over, and not a moment longer."""
    return found(
        lines(
            unit_of_work,
            "SELECT r.id, r.state, h.id AS hold_id, h.state AS hold_state FROM return_request r"
            " JOIN hold h ON h.id = r.hold_id"
            " WHERE (h.state = 'active') <> (r.state IN ('requested', 'approved', 'received'))"
            " OR (h.state = 'consumed') <> (r.state = 'settled') ORDER BY r.id",
            "exchange {id} is {state}, its hold {hold_id} is {hold_state}",
        )
    )


_RESERVED = (
    "EXISTS (SELECT 1 FROM reservation_line l JOIN reservation r ON r.id = l.reservation_id"  # noqa: S608
    f" WHERE l.hold_id = h.id AND r.state IN ({_OPEN}))"
)


def holds_against_offers(unit_of_work: UnitOfWork) -> Breaches:
    """What is offered is held while the offer is open, one choice of it once that was made; then by a reservation, or
    by nobody."""
    return found(
        lines(
            unit_of_work,
            "SELECT o.id, o.state, c.position, h.id AS hold_id FROM offer o"  # noqa: S608
            " JOIN offer_choice c ON c.offer_id = o.id JOIN hold h ON h.id = c.hold_id"
            " WHERE h.state = 'active' AND NOT (o.state = 'open' AND (o.taken IS NULL OR o.taken = c.position))"
            f" AND NOT (o.state = 'taken' AND o.taken = c.position AND {_RESERVED}) ORDER BY o.id, c.position",
            "offer {id} is {state}, the hold {hold_id} of its choice {position} is active",
        )
    )


def holds_against_waiters(unit_of_work: UnitOfWork) -> Breaches:
    """Whoever was told that something is back has it held; nobody else has, but by a reservation."""
    return found(
        lines(
            unit_of_work,
            "SELECT w.id, w.state, h.id AS hold_id, h.state AS hold_state FROM stock_waiter w"  # noqa: S608
            " JOIN hold h ON h.id = w.hold_id WHERE (h.state = 'active') <> (w.state = 'told')"
            f" AND NOT (w.state = 'served' AND {_RESERVED}) ORDER BY w.id",
            "{id} is {state}, the hold {hold_id} of what came back is {hold_state}",
        )
    )


def slots_against_pick_ups(unit_of_work: UnitOfWork) -> Breaches:
    """A slot is full when so many have chosen it: it was counted as often as it was chosen."""
    return found(
        lines(
            unit_of_work,
            "SELECT store_id, slot_at_us, sum(taken) AS taken, sum(chosen) AS chosen FROM ("
            " SELECT store_id, slot_at_us, taken, 0 AS chosen FROM slot_use UNION ALL"
            " SELECT store_id, slot_at_us, 0, 1 FROM pick_up WHERE slot_at_us IS NOT NULL) AS both_sides"
            " GROUP BY 1, 2 HAVING sum(taken) <> sum(chosen) ORDER BY 1, 2",
            "the slot {slot_at_us} of {store_id} is taken {taken} times and was chosen {chosen} times",
        )
    )


def promises_stuck(unit_of_work: UnitOfWork, now: datetime, patience: timedelta) -> Breaches:
    """Offers, and units of whoever was told, whose time was over that long ago."""
    since = to_us(now - patience)
    offers = lines(
        unit_of_work,
        "SELECT id FROM offer WHERE state = 'open' AND expires_at_us < :since ORDER BY expires_at_us, id",
        "offer {id} is open, its time is over",
        since=since,
    )
    waits = lines(
        unit_of_work,
        "SELECT id FROM stock_waiter WHERE state = 'told' AND until_us < :since ORDER BY until_us, id",
        "{id} was told that something is back, and the time to take it is over",
        since=since,
    )
    return found([*offers, *waits])


def stock_against_movements(unit_of_work: UnitOfWork) -> Breaches:
    """Every level is the sum of its movements."""
    moved = (
        "SELECT variant_id, store_id, sum(on_hand_change) AS on_hand, sum(held_change) AS held"
        " FROM stock_movement GROUP BY 1, 2"
    )
    return found(
        lines(
            unit_of_work,
            "SELECT s.variant_id, s.store_id, s.on_hand, s.held, coalesce(m.on_hand, 0) AS moved_on_hand,"  # noqa: S608
            f" coalesce(m.held, 0) AS moved_held FROM stock s LEFT JOIN ({moved}) m"
            " ON m.variant_id = s.variant_id AND m.store_id = s.store_id"
            " WHERE s.on_hand <> coalesce(m.on_hand, 0) OR s.held <> coalesce(m.held, 0) ORDER BY 1, 2",
            "variant {variant_id} at {store_id}: {on_hand} on hand and {held} held,"
            " movements add up to {moved_on_hand} and {moved_held}",
        )
    )


def inbox_contradictions(unit_of_work: UnitOfWork) -> Breaches:
    """Done exactly once: a done row says when, no other row does; no event is there twice."""
    marks = lines(
        unit_of_work,
        "SELECT id, state FROM inbox WHERE (state = 'done') <> (done_at_us IS NOT NULL) ORDER BY id",
        "event {id} is {state}, its time of doing says otherwise",
    )
    twice = lines(
        unit_of_work,
        "SELECT channel, account, event_id FROM inbox GROUP BY 1, 2, 3 HAVING count(*) > 1 ORDER BY 1, 2, 3",
        "event {event_id} of {channel} {account} is there more than once",
    )
    return found([*marks, *twice])


def inbox_stuck(unit_of_work: UnitOfWork, now: datetime, patience: timedelta) -> Breaches:
    """Events that could have been worked on and were not for that long."""
    return found(
        lines(
            unit_of_work,
            "SELECT lane, count(*) AS events FROM inbox WHERE state = 'new'"
            " AND received_at_us < :since AND not_before_us < :since GROUP BY lane ORDER BY min(id)",
            "lane {lane}: {events} events wait",
            since=to_us(now - patience),
        )
    )


def outbox_out_of_order(unit_of_work: UnitOfWork) -> Breaches:
    """Inside a lane nothing was sent before what was queued before it."""
    overtaken = lines(
        unit_of_work,
        "SELECT id, lane, before_id FROM (SELECT id, lane, state, sent_at_us,"
        " lag(id) OVER lanes AS before_id, lag(sent_at_us) OVER lanes AS before_sent FROM outbox"
        " WHERE state = 'sent' WINDOW lanes AS (PARTITION BY lane ORDER BY id)) AS sent"
        " WHERE sent_at_us < before_sent ORDER BY id",
        "lane {lane}: message {id} was sent before {before_id}",
    )
    skipped = lines(
        unit_of_work,
        "SELECT lane, min(o.id) AS id, max(s.last_sent) AS last_sent FROM outbox o JOIN"
        " (SELECT lane AS sent_lane, max(id) AS last_sent FROM outbox WHERE state = 'sent' GROUP BY lane) s"
        " ON s.sent_lane = o.lane WHERE o.state IN ('ready', 'sending') AND o.id < s.last_sent"
        " GROUP BY lane ORDER BY 2",
        "lane {lane}: message {id} still waits, {last_sent} was sent",
    )
    return found([*overtaken, *skipped])


def outbox_stuck(unit_of_work: UnitOfWork, now: datetime, patience: timedelta) -> Breaches:
    """Messages that could have been sent and were not for that long, and those whose sender died over them."""
    return found(
        lines(
            unit_of_work,
            "SELECT lane, count(*) AS messages FROM outbox WHERE state IN ('ready', 'sending')"
            " AND created_at_us < :since AND not_before_us < :since GROUP BY lane ORDER BY min(id)",
            "lane {lane}: {messages} messages wait",
            since=to_us(now - patience),
        )
    )


def waiting_for_a_person(unit_of_work: UnitOfWork) -> dict[str, int]:
    """Dead letters by kind: "events", "messages" and "unknown" (nobody knows whether they arrived)."""
    counts = {
        (box, state): count
        for box, state, count in database(unit_of_work).execute(
            text(
                "SELECT 'in' AS box, state, count(*) FROM inbox WHERE state = 'dead' GROUP BY state UNION ALL"
                " SELECT 'out', state, count(*) FROM outbox WHERE state IN ('dead', 'unknown') GROUP BY state"
            )
        )
    }
    return {
        "events": counts.get(("in", "dead"), 0),
        "messages": counts.get(("out", "dead"), 0),
        "unknown": counts.get(("out", "unknown"), 0),
    }


def imports_half_done(unit_of_work: UnitOfWork) -> Breaches:
    """An import is applied and finished together, and a source has one import at a time."""
    halves = lines(
        unit_of_work,
        "SELECT id, source, state FROM feed_run WHERE (state IN ('applied', 'refused', 'unchanged'))"
        " <> (finished_at_us IS NOT NULL) ORDER BY id",
        "import {id} of {source} is {state}, its end says otherwise",
    )
    rivals = lines(
        unit_of_work,
        "SELECT source, count(*) AS runs FROM feed_run WHERE state IN ('reading', 'staged')"
        " GROUP BY source HAVING count(*) > 1 ORDER BY source",
        "{source}: {runs} imports at once",
    )
    orphans = lines(
        unit_of_work,
        "SELECT p.id, p.source FROM product p WHERE p.active"
        " AND NOT EXISTS (SELECT 1 FROM variant v WHERE v.product_id = p.id) ORDER BY p.id",
        "product {id} of {source} is active and has no variant at all",
    )
    return found([*halves, *rivals, *orphans])


def dead_pictures(unit_of_work: UnitOfWork, picture_ids: Collection[int]) -> list[int]:
    """Those of the ids that are no ready picture of an active product."""
    alive: set[int] = set()
    for ids in id_batches(picture_ids):
        alive.update(
            database(unit_of_work)
            .execute(
                select(picture.c.id)
                .join(product, product.c.id == picture.c.product_id)
                .where(picture.c.id.in_(ids), picture.c.state == "ready", product.c.active)
            )
            .scalars()
        )
    return sorted(set(picture_ids) - alive)


def has_changed_since(unit_of_work: UnitOfWork, seq: int) -> bool:
    """Whether the catalogue has, after that change. Unlike readers of its log, this gives no change a number."""
    waiting = select(exists().select_from(unnumbered_change) | exists().where(catalogue_change.c.seq > seq))
    return bool(database(unit_of_work).execute(waiting).scalar())


_LEFT_BEHIND = {
    "contacts": "SELECT customer_id FROM contact",
    "orders": "SELECT customer_id FROM shop_order",
    "reservations": "SELECT customer_id FROM reservation",
    "offers": "SELECT customer_id FROM offer",
    "something to wait for": "SELECT customer_id FROM stock_waiter WHERE state = 'waiting'",
    "things in the cart": "SELECT customer_id FROM cart JOIN cart_line ON cart_line.cart_id = cart.id",
}


def joined_customers(unit_of_work: UnitOfWork) -> Breaches:
    """Whoever was joined to somebody has nothing left of their own, and whoever they are now is somebody."""
    broken: list[str] = []
    for what, owners in _LEFT_BEHIND.items():
        broken += lines(
            unit_of_work,
            f"SELECT id, joined_into FROM customer WHERE joined_into <> '' AND id IN ({owners}) ORDER BY id",  # noqa: S608
            "customer {id} is {joined_into} now, and has " + what + " still",
        )
    broken += lines(
        unit_of_work,
        "SELECT id, joined_into FROM customer WHERE joined_into <> '' AND joined_into NOT IN (SELECT id FROM customer)"
        " ORDER BY id",
        "customer {id} was joined to {joined_into}, who is nobody",
    )
    return found(broken)


def database_damage(unit_of_work: UnitOfWork) -> Breaches:
    """What the database itself says is wrong with its files and references."""
    db = database(unit_of_work)
    if db.is_postgres:
        indexes = lines(
            unit_of_work,
            "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid ORDER BY 1",
            "index {name} is not valid",
        )
        rules = lines(
            unit_of_work,
            "SELECT conname AS name FROM pg_constraint WHERE NOT convalidated ORDER BY 1",
            "rule {name} was never checked",
        )
        return found([*indexes, *rules])
    integrity = [line for (line,) in db.connection.exec_driver_sql("PRAGMA integrity_check") if line != "ok"]
    references = [
        f"{table} row {row_id} points at a missing {parent}"
        for table, row_id, parent, _ in db.connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return found([*integrity, *references])


def schema_revision(unit_of_work: UnitOfWork) -> tuple[str | None, str]:
    """The revision that the tables are at, and the one they should be at."""
    return current_revision(database(unit_of_work).connection), HEAD
