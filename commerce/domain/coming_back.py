"""What of an order may come back, how, until when, and what it is worth. Pure: facts and a moment in, options out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from commerce.domain.holidays import working_day_from
from commerce.domain.order import Order, OrderLine, OrderSource, OrderState
from commerce.domain.returns import (
    CAME_BACK,
    COMING_STATES,
    NotReturned,
    ReturnKind,
    ReturnRequest,
    ReturnState,
)

# Nothing was bought for good, or the money went back already.
_NEVER_CONCLUDED = frozenset({OrderState.PENDING_PAYMENT, OrderState.PLACED, OrderState.CANCELLED, OrderState.EXPIRED})
_MONEY_WENT_BACK = frozenset({OrderState.PAID_UNFULFILLABLE, OrderState.REFUNDED})
# Concluded face to face, or with another shop's page between us and the shopper, who withdraws there.
_NOT_AT_A_DISTANCE = frozenset({OrderSource.COUNTER, OrderSource.MARKETPLACE})


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """Days counted from the day after the thing was handed over or delivered; 0: there is no such right here.

    `withdrawal_days` is the law's (14 in the European Union), `return_days` the shop's own promise for returns and
    exchanges, `problem_days` for what is wrong or damaged (the legal guarantee: two years).
    """

    withdrawal_days: int = 14
    return_days: int = 30
    problem_days: int = 730

    def days_for(self, kind: ReturnKind) -> int:
        match kind:
            case ReturnKind.WITHDRAWAL:
                return self.withdrawal_days
            case ReturnKind.PROBLEM:
                return self.problem_days
            case ReturnKind.RETURN | ReturnKind.EXCHANGE:
                return self.return_days


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order with what it does not say itself. `coming`: units by line position that are on their way back in any
    way, `withdrawn`: those of them that the shopper has withdrawn from.

    `paid_online`: its money was collected by a provider at a distance. `timezone` and `country` are those of the store
    that it came from: its calendar decides when a day ends.
    """

    order: Order
    paid_online: bool
    timezone: str
    country: str
    coming: Mapping[int, int] = field(default_factory=dict)
    withdrawn: Mapping[int, int] = field(default_factory=dict)

    def left(self, line: OrderLine, kind: ReturnKind) -> int:
        """Units of a line that may still be asked to come back. A withdrawal is the law's: an exchange or return that
        was asked for and not received yet does not stand in its way, it ends with it."""
        asked = self.withdrawn if kind is ReturnKind.WITHDRAWAL else self.coming
        return line.quantity - line.returned - asked.get(line.position, 0)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a line as the shopper has it now: another variant after an exchange, worth so much less or more than
    what was paid for the line. Minor units."""

    variant_id: int
    extra_minor: int = 0


@dataclass(frozen=True, slots=True)
class WayBack:
    """One way in which units may come back. `until` is the first moment at which it is over; None: the days do not
    count yet, because the thing has not been handed over. `quantity`: how many units of a line, 0 for an order."""

    kind: ReturnKind
    until: datetime | None
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class LineOptions:
    """One line of an order and the ways in which units of it may come back now."""

    line: OrderLine
    ways: tuple[WayBack, ...]

    def way(self, kind: ReturnKind) -> WayBack | None:
        return next((way for way in self.ways if way.kind is kind), None)


def last_day(handed_over: datetime, days: int, timezone: str) -> date:
    """The last day, where the day on which it was handed over is not counted."""
    return handed_over.astimezone(ZoneInfo(timezone)).date() + timedelta(days=days)


def over_from(handed_over: datetime, kind: ReturnKind, rules: ReturnRules, timezone: str, country: str) -> datetime:
    """The first moment at which it is too late: local midnight after the last day. A withdrawal's last day is a working
    day; the others are the shop's own promise and end when they end."""
    day = last_day(handed_over, rules.days_for(kind), timezone)
    if kind is ReturnKind.WITHDRAWAL:
        day = working_day_from(day, country)
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(timezone))


def way_back(facts: OrderFacts, kind: ReturnKind, rules: ReturnRules, now: datetime) -> WayBack | NotReturned:
    """Whether units of this order may come back in this way now, whatever has come back already."""
    order = facts.order
    if order.state in _MONEY_WENT_BACK:
        return NotReturned.ALREADY
    if kind is ReturnKind.WITHDRAWAL:
        if not facts.paid_online or order.source in _NOT_AT_A_DISTANCE or order.state in _NEVER_CONCLUDED:
            return NotReturned.NOT_PAID_ONLINE
        if not rules.withdrawal_days:
            return NotReturned.TOO_LATE
        if order.fulfilled_at is None:  # from the conclusion of the contract on
            return WayBack(kind, None)
    elif order.fulfilled_at is None:
        return NotReturned.NOT_YET
    until = over_from(order.fulfilled_at, kind, rules, facts.timezone, facts.country)
    if not rules.days_for(kind) or now >= until:
        return NotReturned.TOO_LATE
    return WayBack(kind, until)


def options(facts: OrderFacts, rules: ReturnRules, now: datetime) -> tuple[LineOptions, ...]:
    """Each line with the ways that are open to its remaining units; a line without units left has none."""
    found = (way_back(facts, kind, rules, now) for kind in ReturnKind)
    open_ways = tuple(way for way in found if isinstance(way, WayBack))
    return tuple(
        LineOptions(
            line,
            tuple(replace(way, quantity=left) for way in open_ways if (left := facts.left(line, way.kind)) > 0),
        )
        for line in facts.order.lines
    )


def coming(requests: Iterable[ReturnRequest], *kinds: ReturnKind) -> dict[int, int]:
    """Units by line position that are on their way back by requests of these kinds."""
    found: dict[int, int] = {}
    for request in requests:
        if request.kind in kinds and request.state in COMING_STATES:
            for line in request.lines:
                found[line.position] = found.get(line.position, 0) + line.quantity
    return found


def units(line: OrderLine, requests: Sequence[ReturnRequest]) -> tuple[Unit, ...]:
    """The units of a line that the shopper has (or is to get), newest first: exchanges give other ones, returns take
    away. `requests`: those of the order, oldest first. Of several units that are not alike, the newest goes back first.
    """
    kept = [Unit(line.variant_id)] * line.quantity
    for request in requests:
        quantity = sum(each.quantity for each in request.lines if each.position == line.position)
        if not quantity or request.state not in CAME_BACK:
            continue
        del kept[:quantity]
        if request.kind is ReturnKind.EXCHANGE:
            share, rest = divmod(-request.refund_minor, quantity)
            kept[:0] = [Unit(request.new_variant_id, share + (n < rest)) for n in range(quantity)]
    return tuple(kept)


def is_withdrawn(request: ReturnRequest) -> bool:
    return request.kind is ReturnKind.WITHDRAWAL and request.state not in (ReturnState.REJECTED, ReturnState.CANCELLED)


def worth(line: OrderLine, already: int, quantity: int) -> int:
    """What was paid for `quantity` units of a line of which `already` went back before, in minor units.

    Units that go back one by one are worth as much together as the line was, to the cent.
    """
    return line.total_minor * (already + quantity) // line.quantity - line.total_minor * already // line.quantity


def withdrawn_worth(facts: OrderFacts, wanted: Mapping[int, int]) -> int:
    """What goes back for a withdrawal from `wanted` units by line position: what was paid for them, and the standard
    delivery once nothing of the order is kept (Code de la consommation, article L221-24). Minor units."""
    order = facts.order
    left = {line.position: facts.left(line, ReturnKind.WITHDRAWAL) for line in order.lines}
    goods = sum(
        worth(line, line.quantity - left[line.position], wanted[line.position])
        for line in order.lines
        if wanted.get(line.position)
    )
    keeps = sum(left[line.position] - wanted.get(line.position, 0) for line in order.lines)
    delivery = order.total_minor - sum(line.total_minor for line in order.lines)  # with its tax
    return goods + (0 if keeps else delivery)


def price_difference(
    new_minor: int, *, bought_minor: int, now_minor: int | None, quantity: int, paid_minor: int
) -> int:
    """What goes back for an exchange (negative: what is to be paid), in minor units, for `quantity` units.

    Like is compared with like: the new variant's price of today with today's price of the one that comes back
    (`now_minor`), or with the price it was bought at when it is no longer sold. So another size is even, whatever
    happened to the price since. Never more than was paid.
    """
    before = bought_minor if now_minor is None else now_minor
    return min((before - new_minor) * quantity, paid_minor)
