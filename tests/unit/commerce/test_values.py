"""Money, stock levels, opening hours and distances."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from commerce.domain.geo import GeoPoint
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.reservation import MOVES, ReservationState, check_move
from commerce.domain.stock import Band, StockLevel
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.errors import IllegalMove


def test_money_is_rounded_half_up_to_the_minor_unit_of_its_currency():
    assert Money.of(Decimal("49.995"), "EUR") == Money(5000, "EUR")
    assert Money.of(Decimal("1234"), "JPY") == Money(1234, "JPY")
    assert Money.of(Decimal("1.2345"), "KWD") == Money(1235, "KWD")
    assert Money(5000, "EUR").amount == Decimal("50.00")


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="EUR and CAD"):
        Money(1, "EUR") + Money(1, "CAD")
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, "euro")


@pytest.mark.parametrize(
    ("on_hand", "held", "safety", "available", "band"),
    [
        (5, 0, 0, 5, Band.IN_STOCK),
        (3, 0, 0, 3, Band.FEW),
        (2, 1, 0, 1, Band.LAST),
        (1, 1, 0, 0, Band.NONE),
        (2, 0, 2, 0, Band.NONE),
        (1, 0, 3, 0, Band.NONE),
    ],
)
def test_what_a_shopper_may_be_offered(on_hand, held, safety, available, band):
    level = StockLevel(1, "S1", on_hand, held, safety)
    assert (level.available, level.band) == (available, band)


def store(hours: OpeningHours, **changes: object) -> Store:
    values: dict[str, object] = {
        "id": "S1",
        "name": LocalText({"fr": "Lyon Bellecour"}),
        "short_name": LocalText({"fr": "Bellecour"}),
        "kind": StoreKind.PERMANENT,
        "address": "1 place Bellecour",
        "city": "Lyon",
        "postcode": "69002",
        "country": "FR",
        "point": GeoPoint(45.7579, 4.8320),
        "timezone": "Europe/Paris",
        "hours": hours,
    }
    return Store(**(values | changes))  # type: ignore[arg-type]


DAY = (Opening(time(10), time(13)), Opening(time(14), time(19)))
WEEK = OpeningHours(week=(DAY,) * 6 + ((),))


def test_when_it_closes_and_opens():
    tuesday_10 = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    shop = store(WEEK)
    assert shop.closes_at(tuesday_10).isoformat() == "2026-03-10T13:00:00+01:00"
    lunch = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    assert shop.closes_at(lunch) is None
    assert shop.next_opening(lunch).isoformat() == "2026-03-10T14:00:00+01:00"
    saturday_night = datetime(2026, 3, 14, 20, 0, tzinfo=UTC)
    assert shop.next_opening(saturday_night).isoformat() == "2026-03-16T10:00:00+01:00"
    assert shop.last_closing_on(date(2026, 3, 10)).isoformat() == "2026-03-10T19:00:00+01:00"
    assert shop.last_closing_on(date(2026, 3, 15)) is None


def test_hours_survive_the_change_to_summer_time():
    monday_after = datetime(2026, 3, 30, 7, 59, tzinfo=UTC)  # 9:59 in Paris, summer time since the 29th
    assert store(WEEK).closes_at(monday_after) is None
    assert store(WEEK).next_opening(monday_after).astimezone(UTC).isoformat() == "2026-03-30T08:00:00+00:00"


def test_holidays_and_pop_ups():
    closed = OpeningHours(week=WEEK.week, exceptions={date(2026, 3, 10): ()})
    assert store(closed).closes_at(datetime(2026, 3, 10, 9, 30, tzinfo=UTC)) is None
    gone = store(WEEK, kind=StoreKind.POP_UP, open_until=date(2026, 3, 9))
    assert gone.next_opening(datetime(2026, 3, 10, 9, 0, tzinfo=UTC)) is None


def test_distance_between_two_stores_of_lyon():
    here = GeoPoint(45.7600, 4.8400)
    assert round(here.distance_m(GeoPoint(45.7579, 4.8320)), -2) == 700
    assert round(here.distance_m(GeoPoint(45.7610, 4.8570)), -2) == 1300
    with pytest.raises(ValueError, match="globe"):
        GeoPoint(91, 0)


def test_the_moves_of_a_reservation_form_a_table_without_return():
    for state, moves in MOVES.items():
        assert state not in moves
        for target in moves:
            check_move(state, target)
    with pytest.raises(IllegalMove, match="collected to held"):
        check_move(ReservationState.COLLECTED, ReservationState.HELD)
