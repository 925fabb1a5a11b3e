"""What an order costs: lines, discount, delivery, tax by rate, one total. Whole minor units, rounded half up per line.

The same `Totals` is shown in the chat and on the page, stored with the order and asked of the provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commerce.domain.money import Money
from commerce.domain.promotion import Promotion, PromotionKind

BASIS_POINTS = 10_000  # 2000 is 20 %


@dataclass(frozen=True, slots=True)
class TaxRules:
    """Rates in basis points by category key, and one for the rest. `included`: prices are told with their tax."""

    default_bp: int
    by_category: Mapping[str, int]
    included: bool

    def rate_bp(self, category: str) -> int:
        return self.by_category.get(category, self.default_bp)


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """What a parcel costs and where it may go. `free_from_minor` None: never free. Countries are ISO 3166 alpha-2."""

    price_minor: int
    free_from_minor: int | None
    countries: tuple[str, ...]
    tax_bp: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line with its share of everything. `total_minor` is what the shopper pays for it, tax included."""

    variant_id: int
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_rate_bp: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class TaxLine:
    rate_bp: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """`subtotal - discount + delivery (+ tax where prices exclude it) = total`; see `check`."""

    currency: str
    lines: tuple[PricedLine, ...]
    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    taxes: tuple[TaxLine, ...]
    tax_included: bool
    total_minor: int

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def tax_minor(self) -> int:
        return sum(tax.tax_minor for tax in self.taxes)

    def check(self) -> None:
        """Raises ValueError unless everything sums up."""
        added = 0 if self.tax_included else self.tax_minor
        if self.subtotal_minor - self.discount_minor + self.delivery_minor + added != self.total_minor:
            raise ValueError(f"totals do not sum up: {self}")
        if sum(line.discount_minor for line in self.lines) != self.discount_minor:
            raise ValueError(f"discounts do not sum up: {self}")


def price(
    items: Sequence[tuple[int, int, Money, str]],
    *,
    tax: TaxRules,
    delivery: DeliveryRules | None,
    promotion: Promotion | None = None,
) -> Totals:
    """The totals of (variant_id, quantity, unit price, category key) items, all in one currency.

    `delivery` None: collected in a store. A promotion's discount is shared out over the lines in proportion (largest
    remainder), so that a line that comes back is worth what was paid for it.
    """
    if not items:
        raise ValueError("nothing to price")
    currency = items[0][2].currency
    if any(unit.currency != currency for _, _, unit, _ in items):
        raise ValueError("one order, one currency")
    gross = [unit.minor * quantity for _, quantity, unit, _ in items]
    subtotal = sum(gross)
    shares = _shared(discount_on(subtotal, promotion), gross)
    lines: list[PricedLine] = []
    by_rate: dict[int, tuple[int, int]] = {}
    for (variant_id, quantity, unit, category), line_gross, discount in zip(items, gross, shares, strict=True):
        rate = tax.rate_bp(category)
        paid = line_gross - discount
        tax_minor = _tax(paid, rate, included=tax.included)
        total = paid if tax.included else paid + tax_minor
        lines.append(PricedLine(variant_id, quantity, unit.minor, discount, rate, tax_minor, total))
        net, sum_tax = by_rate.get(rate, (0, 0))
        by_rate[rate] = (net + total - tax_minor, sum_tax + tax_minor)
    fee = 0 if delivery is None else delivery_on(subtotal - sum(shares), delivery, promotion)
    if delivery is not None and fee:
        fee_tax = _tax(fee, delivery.tax_bp, included=tax.included)
        net, sum_tax = by_rate.get(delivery.tax_bp, (0, 0))
        by_rate[delivery.tax_bp] = (net + fee - (fee_tax if tax.included else 0), sum_tax + fee_tax)
    taxes = tuple(TaxLine(rate, net, sum_tax) for rate, (net, sum_tax) in sorted(by_rate.items()))
    added = 0 if tax.included else sum(line.tax_minor for line in taxes)
    totals = Totals(
        currency, tuple(lines), subtotal, sum(shares), fee, taxes, tax.included, subtotal - sum(shares) + fee + added
    )
    totals.check()
    return totals


def discount_on(subtotal_minor: int, promotion: Promotion | None) -> int:
    """What a promotion takes off the goods; never more than they cost."""
    if promotion is None or subtotal_minor < promotion.min_subtotal_minor:
        return 0
    match promotion.kind:
        case PromotionKind.PERCENT:
            return _half_up(subtotal_minor * promotion.value, BASIS_POINTS)
        case PromotionKind.AMOUNT:
            return min(promotion.value, subtotal_minor)
        case PromotionKind.FREE_DELIVERY:
            return 0


def delivery_on(paid_minor: int, rules: DeliveryRules, promotion: Promotion | None) -> int:
    """What the parcel costs for goods worth `paid_minor` after discount."""
    if promotion is not None and promotion.kind is PromotionKind.FREE_DELIVERY:
        return 0
    if rules.free_from_minor is not None and paid_minor >= rules.free_from_minor:
        return 0
    return rules.price_minor


def _tax(amount_minor: int, rate_bp: int, *, included: bool) -> int:
    """The tax inside an amount, or to be added to it."""
    return _half_up(amount_minor * rate_bp, BASIS_POINTS + rate_bp if included else BASIS_POINTS)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _shared(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in whole parts in proportion to the weights, largest remainders first; sums up exactly."""
    whole = sum(weights)
    if not amount or not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    for n in remainders[: amount - sum(parts)]:
        parts[n] += 1
    return parts
