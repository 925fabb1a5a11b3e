"""What may come back until when: every day boundary, both changes of the clock, weekends and holidays, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from commerce.domain.cart import Fulfilment
from commerce.domain.coming_back import (
    OrderFacts,
    ReturnRules,
    WayBack,
    options,
    over_from,
    way_back,
    withdrawn_worth,
    worth,
)
from commerce.domain.holidays import easter, is_working_day, working_day_from
from commerce.domain.localtext import LocalText
from commerce.domain.order import Order, OrderLine, OrderSource, OrderState
from commerce.domain.returns import NotReturned, ReturnKind

PARIS = ZoneInfo("Europe/Paris")
RULES = ReturnRules()
TICK = timedelta(microseconds=1)


def line(position: int = 0, quantity: int = 1, total_minor: int = 12_000, returned: int = 0) -> OrderLine:
    return OrderLine(
        position, 100 + position, f"SKU-{position}", LocalText({"en": "Thing"}), quantity, total_minor // quantity,
        0, 2000, 0, total_minor, f"hold-{position}", returned,
    )  # fmt: skip


def order(
    *lines: OrderLine,
    delivered: datetime | None = datetime(2026, 3, 5, 14, 0, tzinfo=PARIS),
    state: OrderState = OrderState.COMPLETED,
    source: OrderSource = OrderSource.WEB,
    delivery_minor: int = 490,
) -> Order:
    lines = lines or (line(),)
    goods = sum(each.total_minor for each in lines)
    return Order(
        id="o" * 32, number=1043, customer_id="c", cart_id="", state=state, source=source, channel="webchat",
        language="fr", fulfilment=Fulfilment.DELIVERY, store_id="WEB", name="Léa", email="", phone="", address=None,
        lines=lines, currency="EUR", subtotal_minor=goods, discount_minor=0, delivery_minor=delivery_minor, taxes=(),
        tax_included=True, total_minor=goods + delivery_minor, paid_minor=goods + delivery_minor, refunded_minor=0,
        coupon="", pickup_code="", created_at=datetime(2026, 3, 1, tzinfo=UTC), expires_at=None,
        fulfilled_at=delivered, version=1,
    )  # fmt: skip


def facts(of: Order, *, paid_online: bool = True, **more) -> OrderFacts:
    return OrderFacts(of, paid_online, "Europe/Paris", "FR", **more)


# --- the calendar


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25)), (2285, (3, 22))],
)
def test_easter(year, day):
    assert easter(year) == date(year, *day)


def test_french_holidays_of_a_year():
    found = [day for n in range(365) if not is_working_day(day := date(2026, 1, 1) + timedelta(n), "FR")]
    weekdays = [f"{day:%m-%d}" for day in found if day.weekday() < 5]
    # Those of 2026 that are no weekend: 15 August is a Saturday, 1 November a Sunday.
    assert weekdays == ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "11-11", "12-25"]


def test_a_country_whose_holidays_are_not_known_has_weekends():
    assert is_working_day(date(2026, 7, 14), "DE")
    assert working_day_from(date(2026, 7, 18), "DE") == date(2026, 7, 20)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 3, 19), date(2026, 3, 19)),  # Thursday
        (date(2026, 3, 21), date(2026, 3, 23)),  # Saturday
        (date(2026, 3, 22), date(2026, 3, 23)),  # Sunday
        (date(2026, 4, 4), date(2026, 4, 7)),  # Saturday, Easter, and its Monday
        (date(2026, 5, 8), date(2026, 5, 11)),  # a Friday's holiday and its weekend
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2027, 1, 1), date(2027, 1, 4)),
    ],
)
def test_a_period_ends_on_a_working_day(day, working):
    assert working_day_from(day, "FR") == working


# --- the withdrawal, to the microsecond


@pytest.mark.parametrize(
    ("delivered", "over"),
    [
        # As in the journey: a Thursday, over when the Thursday two weeks later is.
        (datetime(2026, 3, 5, 14, 0, tzinfo=PARIS), datetime(2026, 3, 20, tzinfo=PARIS)),
        # The first and the last moment of a day count alike.
        (datetime(2026, 3, 5, 0, 0, tzinfo=PARIS), datetime(2026, 3, 20, tzinfo=PARIS)),
        (datetime(2026, 3, 6, tzinfo=PARIS) - TICK, datetime(2026, 3, 20, tzinfo=PARIS)),
        # In Paris it is the 6th already when it is the 5th, 23:00, in UTC. The 20th is a Friday.
        (datetime(2026, 3, 5, 23, 0, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=PARIS)),
        (datetime(2026, 3, 5, 23, 0, tzinfo=UTC) - TICK, datetime(2026, 3, 20, tzinfo=PARIS)),
        # Saturday the 21st would be the last day: Monday is.
        (datetime(2026, 3, 7, 12, 0, tzinfo=PARIS), datetime(2026, 3, 24, tzinfo=PARIS)),
        # Across the change to summer time (29 March): 13 days and 23 hours are 14 days.
        (datetime(2026, 3, 17, 23, 59, tzinfo=PARIS), datetime(2026, 4, 1, tzinfo=PARIS)),
        # Across the change to winter time (25 October).
        (datetime(2026, 10, 14, 0, 1, tzinfo=PARIS), datetime(2026, 10, 29, tzinfo=PARIS)),
        # The last day is a holiday: 14 July is a Tuesday.
        (datetime(2026, 6, 30, 9, 0, tzinfo=PARIS), datetime(2026, 7, 16, tzinfo=PARIS)),
        # A leap day is a day.
        (datetime(2028, 2, 17, 9, 0, tzinfo=PARIS), datetime(2028, 3, 3, tzinfo=PARIS)),
        # Delivered in the hour that exists twice.
        (datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1), datetime(2026, 11, 10, tzinfo=PARIS)),
    ],
)
def test_the_last_moment_of_a_withdrawal(delivered, over):
    bought = facts(order(delivered=delivered))
    assert over_from(delivered, ReturnKind.WITHDRAWAL, RULES, "Europe/Paris", "FR") == over
    assert isinstance(way_back(bought, ReturnKind.WITHDRAWAL, RULES, over - TICK), WayBack)
    assert way_back(bought, ReturnKind.WITHDRAWAL, RULES, over) is NotReturned.TOO_LATE


def test_every_day_of_a_year_gives_fourteen_whole_days_at_least():
    for n in range(366):
        delivered = datetime(2026, 1, 1, 15, 30, tzinfo=PARIS) + timedelta(days=n)
        over = over_from(delivered, ReturnKind.WITHDRAWAL, RULES, "Europe/Paris", "FR")
        local = over.astimezone(PARIS)
        assert (local.hour, local.minute, local.second) == (0, 0, 0)
        days = (local.date() - delivered.date()).days
        assert 15 <= days <= 15 + 4, delivered
        assert is_working_day(local.date() - timedelta(days=1), "FR"), delivered


def test_the_days_are_those_of_the_store_not_of_the_server():
    delivered = datetime(2026, 3, 6, 3, 0, tzinfo=UTC)  # the 5th, 22:00, in Montréal
    over = over_from(delivered, ReturnKind.RETURN, replace(RULES, return_days=1), "America/Toronto", "CA")
    assert over == datetime(2026, 3, 7, 5, 0, tzinfo=UTC)


def test_a_midnight_that_does_not_exist():
    """In Cairo clocks go from 23:59 on 23 April 2026 to 01:00: the 23rd is over at that moment."""
    delivered = datetime(2026, 4, 9, 10, 0, tzinfo=UTC)
    over = over_from(delivered, ReturnKind.RETURN, replace(RULES, return_days=14), "Africa/Cairo", "EG")
    assert over.astimezone(UTC) == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_before_the_hand_over_a_withdrawal_is_open_and_nothing_else():
    for state in (OrderState.PAID, OrderState.PREPARING, OrderState.READY, OrderState.SHIPPED):
        bought = facts(order(delivered=None, state=state))
        far_away = datetime(2027, 1, 1, tzinfo=UTC)
        assert way_back(bought, ReturnKind.WITHDRAWAL, RULES, far_away) == WayBack(ReturnKind.WITHDRAWAL, None)
        for kind in (ReturnKind.RETURN, ReturnKind.EXCHANGE, ReturnKind.PROBLEM):
            assert way_back(bought, kind, RULES, far_away) is NotReturned.NOT_YET


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("source", list(OrderSource))
@pytest.mark.parametrize("paid_online", [True, False])
def test_who_may_withdraw(state, source, paid_online):
    """A contract that was concluded and paid at a distance, and nothing else."""
    now = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    found = way_back(
        facts(order(state=state, source=source), paid_online=paid_online), ReturnKind.WITHDRAWAL, RULES, now
    )
    concluded = state in {
        OrderState.PAID, OrderState.PREPARING, OrderState.READY, OrderState.SHIPPED, OrderState.COMPLETED,
        OrderState.REFUND_PENDING,
    }  # fmt: skip
    at_a_distance = source not in {OrderSource.COUNTER, OrderSource.MARKETPLACE}
    if state in {OrderState.REFUNDED, OrderState.PAID_UNFULFILLABLE}:
        assert found is NotReturned.ALREADY
    elif concluded and at_a_distance and paid_online:
        assert isinstance(found, WayBack)
    else:
        assert found is NotReturned.NOT_PAID_ONLINE


def test_paid_in_the_store_it_may_be_exchanged_but_not_withdrawn_from():
    collected = facts(order(source=OrderSource.BOT), paid_online=False)
    (only,) = options(collected, RULES, datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    assert {way.kind for way in only.ways} == {ReturnKind.RETURN, ReturnKind.EXCHANGE, ReturnKind.PROBLEM}


def test_each_right_has_its_own_end():
    bought = facts(order())

    def open_on(day: datetime) -> set[ReturnKind]:
        return {way.kind for way in options(bought, RULES, day)[0].ways}

    promise = {ReturnKind.RETURN, ReturnKind.EXCHANGE}
    assert open_on(datetime(2026, 3, 19, 23, 59, tzinfo=PARIS)) == {ReturnKind.WITHDRAWAL, ReturnKind.PROBLEM, *promise}
    assert open_on(datetime(2026, 3, 20, tzinfo=PARIS)) == {ReturnKind.PROBLEM, *promise}
    # The shop's own promise ends on the Saturday on which it ends.
    assert open_on(datetime(2026, 4, 4, 23, 59, tzinfo=PARIS)) == {ReturnKind.PROBLEM, *promise}
    assert open_on(datetime(2026, 4, 5, tzinfo=PARIS)) == {ReturnKind.PROBLEM}
    assert open_on(datetime(2028, 3, 4, 23, 59, tzinfo=PARIS)) == {ReturnKind.PROBLEM}
    assert open_on(datetime(2028, 3, 5, tzinfo=PARIS)) == set()


@pytest.mark.parametrize("kind", list(ReturnKind))
def test_a_shop_without_a_right_does_not_offer_it(kind):
    none = ReturnRules(0, 0, 0)
    found = way_back(facts(order()), kind, none, datetime(2026, 3, 5, 14, 1, tzinfo=PARIS))
    assert found is NotReturned.TOO_LATE


# --- units and money


def test_units_on_their_way_are_not_offered_twice():
    now = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    bought = order(line(0, quantity=3, returned=1), line(1))
    first, second = options(facts(bought, coming={0: 1, 1: 1}, withdrawn={0: 1}), RULES, now)
    assert {way.kind: way.quantity for way in first.ways} == dict.fromkeys(ReturnKind, 1)
    # An exchange that is under way does not take the legal right away.
    assert {way.kind: way.quantity for way in second.ways} == {ReturnKind.WITHDRAWAL: 1}
    (gone,) = options(facts(order(line(0, returned=1))), RULES, now)
    assert gone.ways == ()


@pytest.mark.parametrize(("total", "quantity"), [(100, 3), (101, 3), (9_999, 7), (1, 2), (0, 2), (12_000, 1)])
def test_units_one_by_one_are_worth_the_line(total, quantity):
    bought = line(0, quantity, total)
    assert sum(worth(bought, n, 1) for n in range(quantity)) == total
    assert worth(bought, 0, quantity) == total
    assert all(0 <= worth(bought, n, 1) <= total for n in range(quantity))


def test_delivery_goes_back_with_the_last_thing():
    bought = order(line(0, 2, 5_000), line(1, 1, 3_000))
    assert withdrawn_worth(facts(bought), {0: 2, 1: 1}) == 8_490
    assert withdrawn_worth(facts(bought), {0: 1}) == 2_500
    assert withdrawn_worth(facts(bought, withdrawn={0: 1}), {1: 1}) == 3_000
    assert withdrawn_worth(facts(bought, withdrawn={0: 1, 1: 1}), {0: 1}) == 2_990
    assert withdrawn_worth(facts(order(line(0, 2, 5_000, returned=1))), {0: 1}) == 2_990
