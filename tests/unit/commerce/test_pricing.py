"""Totals: whole minor units, rounded half up per line, and everything sums up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.domain.money import Money
from commerce.domain.pricing import DeliveryRules, TaxRules, Totals, price
from commerce.domain.promotion import Promotion, PromotionKind

FRANCE = TaxRules(2000, {"books": 550}, included=True)
QUEBEC = TaxRules(1498, {}, included=False)
PARCEL = DeliveryRules(490, 10_000, ("FR",), 2000)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def percent(basis_points: int, **conditions: int) -> Promotion:
    return Promotion("CODE", PromotionKind.PERCENT, basis_points, "EUR", **conditions)


def amount(minor: int) -> Promotion:
    return Promotion("CODE", PromotionKind.AMOUNT, minor, "EUR")


def test_prices_with_their_tax_inside() -> None:
    totals = price([(1, 1, eur(7900), "dress"), (2, 2, eur(1055), "books")], tax=FRANCE, delivery=None)
    assert (totals.subtotal_minor, totals.total_minor) == (10_010, 10_010)
    # 7900 - 7900/1.2 = 1316.67; 2110 - 2110/1.055 = 110
    assert [(tax.rate_bp, tax.net_minor, tax.tax_minor) for tax in totals.taxes] == [
        (550, 2000, 110),
        (2000, 6583, 1317),
    ]


def test_prices_to_which_tax_is_added() -> None:
    totals = price([(1, 3, eur(999), "dress")], tax=QUEBEC, delivery=None)
    assert (totals.subtotal_minor, totals.tax_minor, totals.total_minor) == (2997, 449, 3446)  # 448.95


def test_half_a_minor_unit_is_rounded_up_line_by_line() -> None:
    half = TaxRules(1000, {}, included=False)  # 10 % of 5 is 0.5
    totals = price([(1, 1, eur(5), ""), (2, 1, eur(5), "")], tax=half, delivery=None)
    assert [line.tax_minor for line in totals.lines] == [1, 1]
    assert totals.total_minor == 12


def test_a_parcel_costs_until_it_does_not() -> None:
    assert price([(1, 1, eur(9999), "")], tax=FRANCE, delivery=PARCEL).delivery_minor == 490
    assert price([(1, 1, eur(10_000), "")], tax=FRANCE, delivery=PARCEL).delivery_minor == 0
    # What counts is what is paid for the goods.
    assert price([(1, 1, eur(10_000), "")], tax=FRANCE, delivery=PARCEL, promotion=amount(1)).delivery_minor == 490
    free = Promotion("PORT", PromotionKind.FREE_DELIVERY, 0, "EUR")
    assert price([(1, 1, eur(100), "")], tax=FRANCE, delivery=PARCEL, promotion=free).total_minor == 100


def test_delivery_has_its_own_tax() -> None:
    totals = price([(1, 1, eur(1055), "books")], tax=FRANCE, delivery=PARCEL)
    assert [(tax.rate_bp, tax.tax_minor) for tax in totals.taxes] == [(550, 55), (2000, 82)]  # 490 - 490/1.2 = 81.67
    assert totals.total_minor == 1545


def test_a_discount_is_shared_out_to_the_last_cent() -> None:
    totals = price([(n, 1, eur(1000), "") for n in range(3)], tax=FRANCE, delivery=None, promotion=amount(1000))
    assert [line.discount_minor for line in totals.lines] == [334, 333, 333]
    assert totals.total_minor == 2000


def test_conditions_of_a_promotion() -> None:
    items = [(1, 1, eur(5000), "")]
    assert price(items, tax=FRANCE, delivery=None, promotion=percent(1000)).discount_minor == 500
    assert price(items, tax=FRANCE, delivery=None, promotion=percent(1000, min_subtotal_minor=5001)).discount_minor == 0
    assert price(items, tax=FRANCE, delivery=None, promotion=amount(9000)).total_minor == 0  # never below nothing


def test_one_order_has_one_currency() -> None:
    with pytest.raises(ValueError, match="one currency"):
        price([(1, 1, eur(1), ""), (2, 1, Money(1, "CAD"), "")], tax=FRANCE, delivery=None)
    with pytest.raises(ValueError, match="nothing"):
        price([], tax=FRANCE, delivery=None)


ITEMS = st.lists(
    st.tuples(
        st.integers(1, 10**6), st.integers(1, 20), st.builds(eur, st.integers(0, 10**7)), st.sampled_from(["", "books"])
    ),
    min_size=1,
    max_size=8,
)
PROMOTIONS = st.one_of(
    st.none(),
    st.builds(percent, st.integers(0, 10_000)),
    st.builds(amount, st.integers(0, 10**7)),
    st.just(Promotion("PORT", PromotionKind.FREE_DELIVERY, 0, "EUR")),
)


@given(ITEMS, PROMOTIONS, st.booleans(), st.sampled_from([None, PARCEL]), st.integers(0, 3000))
def test_everything_sums_up(
    items: list[tuple[int, int, Money, str]],
    promotion: Promotion | None,
    included: bool,
    delivery: DeliveryRules | None,
    rate_bp: int,
) -> None:
    tax = TaxRules(rate_bp, {"books": 550}, included=included)
    totals = price(items, tax=tax, delivery=delivery, promotion=promotion)
    assert totals.total_minor >= 0
    assert totals.total_minor == sum(line.total_minor for line in totals.lines) + _parcel(totals)
    assert totals.total_minor == sum(line.net_minor + line.tax_minor for line in totals.taxes)
    assert 0 <= totals.discount_minor <= totals.subtotal_minor
    for line, (_, quantity, unit, category) in zip(totals.lines, items, strict=True):
        assert 0 <= line.discount_minor <= unit.minor * quantity
        paid = unit.minor * quantity - line.discount_minor
        rate = Fraction(tax.rate_bp(category), 10_000)
        exact = Fraction(paid) * rate / (1 + rate) if included else Fraction(paid) * rate
        rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
        assert line.tax_minor == int(rounded)


def _parcel(totals: Totals) -> int:
    """Delivery, with its tax where that comes on top."""
    if totals.tax_included:
        return totals.delivery_minor
    return totals.delivery_minor + totals.tax_minor - sum(line.tax_minor for line in totals.lines)
