"""Questions of somebody who doubts the till: is every paid order's stock sold, is all money accounted for?

As in `audit_queries`, each function reads, and an empty answer is the good one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from commerce.domain.moments import to_us
from commerce.domain.money import Money
from commerce.domain.payment import TOLD_ALTOGETHER
from commerce.ports import UnitOfWork
from commerce.storage.audit_queries import Breaches, database, found, lines

_OVER = "('cancelled', 'expired', 'paid_unfulfillable', 'refund_pending', 'refunded')"
_UNPAID = "('pending_payment', 'placed')"
_SOLD = "('paid', 'shipped', 'completed')"


def holds_against_orders(unit_of_work: UnitOfWork) -> Breaches:
    """What is paid is sold, what is over holds nothing, and nothing is sold that nobody has paid.

    An unpaid order may have lost a hold: staff may sell at the counter what waits for an online payment.
    """
    holds = (
        "SELECT o.number, o.state, o.paid_minor, h.id AS hold_id, h.state AS hold_state FROM shop_order o"
        " JOIN order_line l ON l.order_id = o.id JOIN hold h ON h.id = l.hold_id"
    )
    wrong = lines(
        unit_of_work,
        f"{holds} WHERE (o.state IN {_OVER} AND h.state = 'active')"
        f" OR (o.state IN {_UNPAID} AND h.state = 'consumed')"
        f" OR (o.state IN {_SOLD} AND h.state <> 'consumed') ORDER BY o.number, l.position",
        "order {number} is {state}, its hold {hold_id} is {hold_state}",
    )
    # Being prepared: sold if it is paid, held if it will be paid at the counter.
    at_work = lines(
        unit_of_work,
        f"{holds} WHERE o.state IN ('preparing', 'ready') AND o.total_minor > 0 AND h.state <>"
        " CASE WHEN o.paid_minor >= o.total_minor THEN 'consumed' ELSE 'active' END ORDER BY o.number, l.position",
        "order {number} is {state} with {paid_minor} paid, its hold {hold_id} is {hold_state}",
    )
    missing = lines(
        unit_of_work,
        "SELECT o.number, o.state, l.position, l.hold_id FROM shop_order o JOIN order_line l ON l.order_id = o.id"
        " LEFT JOIN hold h ON h.id = l.hold_id WHERE l.hold_id <> '' AND h.id IS NULL ORDER BY o.number, l.position",
        "order {number} is {state}, the hold {hold_id} of its line {position} is not there",
    )
    return found([*wrong, *at_work, *missing])


def sales_moved_once(unit_of_work: UnitOfWork) -> Breaches:
    """A hold that was sold left the shelf in one movement of just its quantity; any other in none."""
    left = (
        "SELECT reference, count(*) AS movements, sum(on_hand_change) AS moved FROM stock_movement"
        " WHERE on_hand_change < 0 AND held_change < 0 GROUP BY reference"
    )
    return found(
        lines(
            unit_of_work,
            "SELECT h.id, h.state, h.quantity, coalesce(m.movements, 0) AS movements, coalesce(m.moved, 0) AS moved"
            f" FROM hold h LEFT JOIN ({left}) m ON m.reference = h.id"
            " WHERE (h.state = 'consumed' AND (m.movements IS NULL OR m.movements <> 1 OR m.moved <> -h.quantity))"
            " OR (h.state <> 'consumed' AND m.movements IS NOT NULL) ORDER BY h.id",
            "hold {id} of {quantity} is {state}: {movements} movements of {moved} took it off the shelf",
        )
    )


def money_against_ledger(unit_of_work: UnitOfWork) -> Breaches:
    """What attempts say was collected and given back is what the ledger says, and what their orders say."""
    entries = (
        "SELECT attempt_id, sum(CASE WHEN kind = 'capture' THEN amount_minor ELSE 0 END) AS captured,"
        " -sum(CASE WHEN kind IN ('refund', 'dispute') THEN amount_minor ELSE 0 END) AS refunded"
        " FROM ledger_entry GROUP BY attempt_id"
    )
    attempts = lines(
        unit_of_work,
        "SELECT o.number, a.id, a.captured_minor, a.refunded_minor, coalesce(e.captured, 0) AS captured,"
        " coalesce(e.refunded, 0) AS refunded FROM payment_attempt a JOIN shop_order o ON o.id = a.order_id"
        f" LEFT JOIN ({entries}) e ON e.attempt_id = a.id"
        " WHERE a.captured_minor <> coalesce(e.captured, 0) OR a.refunded_minor <> coalesce(e.refunded, 0)"
        " ORDER BY o.number, a.id",
        "order {number}, attempt {id}: {captured_minor} collected and {refunded_minor} given back,"
        " the ledger says {captured} and {refunded}",
    )
    sums = (
        "SELECT order_id, sum(captured_minor) AS captured, sum(refunded_minor) AS refunded FROM payment_attempt"
        " GROUP BY order_id"
    )
    orders = lines(
        unit_of_work,
        "SELECT o.number, o.paid_minor, o.refunded_minor, coalesce(s.captured, 0) AS captured,"
        f" coalesce(s.refunded, 0) AS refunded FROM shop_order o LEFT JOIN ({sums}) s ON s.order_id = o.id"
        " WHERE o.paid_minor <> coalesce(s.captured, 0) OR o.refunded_minor <> coalesce(s.refunded, 0)"
        " ORDER BY o.number",
        "order {number}: {paid_minor} paid and {refunded_minor} given back, its attempts say {captured} and {refunded}",
    )
    asked = "SELECT attempt_id, sum(amount_minor) AS asked FROM refund WHERE state <> 'failed' GROUP BY attempt_id"
    # What was given back at the provider itself has no refund of ours: those may be fewer, never more.
    refunds = lines(
        unit_of_work,
        "SELECT o.number, a.id, a.refunding_minor, r.asked FROM payment_attempt a JOIN shop_order o"
        f" ON o.id = a.order_id JOIN ({asked}) r ON r.attempt_id = a.id WHERE r.asked > a.refunding_minor"
        " ORDER BY o.number, a.id",
        "order {number}, attempt {id}: {refunding_minor} are to go back, its refunds ask for {asked}",
    )
    back = "SELECT attempt_id, sum(amount_minor) AS back FROM refund WHERE state = 'done' GROUP BY attempt_id"
    done = lines(
        unit_of_work,
        "SELECT o.number, a.id, coalesce(e.gone, 0) AS gone, r.back FROM payment_attempt a JOIN shop_order o"
        f" ON o.id = a.order_id JOIN ({back}) r ON r.attempt_id = a.id LEFT JOIN (SELECT attempt_id,"
        " -sum(amount_minor) AS gone FROM ledger_entry WHERE kind = 'refund' GROUP BY attempt_id) e"
        " ON e.attempt_id = a.id WHERE r.back > coalesce(e.gone, 0) ORDER BY o.number, a.id",
        "order {number}, attempt {id}: its refunds gave {back} back, the ledger says {gone}",
    )
    return found([*attempts, *orders, *refunds, *done])


@dataclass(frozen=True, slots=True)
class CountedTwice:
    """More is in the books as given back than the provider had said by then."""

    order_number: int
    provider: str
    payment_ref: str
    too_much: Money


def refunds_counted_twice(unit_of_work: UnitOfWork) -> list[CountedTwice]:
    """Entries of money that a provider told of say how much had gone back altogether: the ledger has that much, then,
    and no more."""
    db = database(unit_of_work)
    told = (
        "CAST(split_part(split_part(reference, :mark, 2), ':', 1) AS bigint)"
        if db.is_postgres
        else "CAST(substr(reference, instr(reference, :mark) + length(:mark)) AS integer)"
    )
    rows = db.execute(
        text(
            "SELECT o.number, a.provider, a.payment_ref, a.currency, max(g.counted - g.told) AS too_much FROM ("
            f" SELECT attempt_id, counted, {told} AS told FROM (SELECT attempt_id, reference,"
            " -sum(amount_minor) OVER (PARTITION BY attempt_id ORDER BY id) AS counted"
            " FROM ledger_entry WHERE kind = 'refund') AS e WHERE reference LIKE '%' || :mark || '%') AS g"
            " JOIN payment_attempt a ON a.id = g.attempt_id JOIN shop_order o ON o.id = a.order_id"
            " WHERE g.counted > g.told GROUP BY o.number, a.id, a.provider, a.payment_ref, a.currency"
            " ORDER BY o.number, a.id"
        ),
        {"mark": TOLD_ALTOGETHER},
    )
    return [
        CountedTwice(row.number, row.provider, row.payment_ref, Money(int(row.too_much), row.currency)) for row in rows
    ]


def money_without_goods(unit_of_work: UnitOfWork) -> Breaches:
    """A paid order has its price; money that bought nothing is on its way back, or a person was told why not."""
    short = lines(
        unit_of_work,
        f"SELECT number, state, paid_minor, total_minor FROM shop_order WHERE state IN {_SOLD}"
        " AND paid_minor < total_minor ORDER BY number",
        "order {number} is {state} with {paid_minor} paid of {total_minor}",
    )
    kept = lines(
        unit_of_work,
        "SELECT o.number, o.state, a.id, a.captured_minor - a.refunding_minor AS left_over FROM shop_order o"
        " JOIN payment_attempt a ON a.order_id = o.id"
        " WHERE o.state IN ('pending_payment', 'placed', 'cancelled', 'expired', 'paid_unfulfillable', 'refunded')"
        " AND a.captured_minor > a.refunding_minor"
        " AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.attempt_id = a.id AND r.state = 'failed')"
        " AND NOT EXISTS (SELECT 1 FROM payment_dispute d WHERE d.attempt_id = a.id AND d.state = 'won')"
        " ORDER BY o.number",
        "order {number} is {state}, {left_over} of attempt {id} are neither goods nor on their way back",
    )
    twice = lines(
        unit_of_work,
        "SELECT o.number, count(*) AS times FROM shop_order o JOIN payment_attempt a ON a.order_id = o.id"
        f" WHERE o.state IN {_SOLD} AND a.captured_minor > a.refunding_minor"
        " AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.attempt_id = a.id AND r.state = 'failed')"
        " GROUP BY o.number HAVING count(*) > 1 ORDER BY o.number",
        "order {number} is paid {times} times, and nothing of it goes back",
    )
    # Until the shopper has said whether they take something else in its place.
    unsaid = lines(
        unit_of_work,
        "SELECT o.number, a.id, a.captured_minor - a.refunding_minor AS left_over FROM shop_order o"
        " JOIN payment_attempt a ON a.order_id = o.id WHERE o.state = 'refund_pending'"
        " AND a.captured_minor > a.refunding_minor"
        " AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.attempt_id = a.id AND r.state = 'failed')"
        " AND NOT EXISTS (SELECT 1 FROM offer f WHERE f.instead_of_kind = 'order' AND f.instead_of_id = o.id"
        " AND f.state = 'open') ORDER BY o.number",
        "order {number} waits for its money, {left_over} of attempt {id} are not on their way back",
    )
    return found([*short, *kept, *twice, *unsaid])


def promotions_against_uses(unit_of_work: UnitOfWork) -> Breaches:
    """A promotion counts the orders that use it."""
    used = "SELECT code, count(*) AS orders FROM promotion_use GROUP BY code"
    return found(
        lines(
            unit_of_work,
            f"SELECT p.code, p.uses, coalesce(u.orders, 0) AS orders FROM promotion p LEFT JOIN ({used}) u"
            " ON u.code = p.code WHERE p.uses <> coalesce(u.orders, 0) ORDER BY p.code",
            "promotion {code} counts {uses} uses, {orders} orders have it",
        )
    )


def payments_stuck(unit_of_work: UnitOfWork, now: datetime, patience: timedelta) -> Breaches:
    """Attempts, refunds and providers' calls whose turn came that long ago."""
    since = to_us(now - patience)
    attempts = lines(
        unit_of_work,
        "SELECT id, provider, state FROM payment_attempt WHERE next_check_at_us < :since ORDER BY next_check_at_us, id",
        "attempt {id} ({provider}, {state}) waits to be asked about",
        since=since,
    )
    refunds = lines(
        unit_of_work,
        "SELECT id, state FROM refund WHERE state IN ('queued', 'sending', 'unknown') AND next_try_at_us < :since"
        " ORDER BY next_try_at_us, id",
        "refund {id} is {state} and waits",
        since=since,
    )
    calls = lines(
        unit_of_work,
        "SELECT id, provider FROM payment_event WHERE state = 'new' AND received_at_us < :since"
        " AND not_before_us < :since ORDER BY id",
        "call {id} of {provider} has not taken effect",
        since=since,
    )
    return found([*attempts, *refunds, *calls])


def dead_calls(unit_of_work: UnitOfWork) -> int:
    """Calls of providers that wait for a person."""
    return len(list(lines(unit_of_work, "SELECT id FROM payment_event WHERE state = 'dead'", "{id}")))
