"""A cart as pages show it: its lines with picture and words, and the rows of its totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from commerce.domain.cart import Fulfilment
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.pricing import TaxLine, Totals
from commerce.domain.product import Picture
from commerce.i18n import locale_of
from shoppable.language import language, translate
from shoppable.pages.cards import swatch
from shoppable.shelf import main_picture, product_path

if TYPE_CHECKING:
    from commerce.domain.quote import QuotedLine


@dataclass(frozen=True, slots=True)
class Line:
    """`prior`: the lowest price of the 30 days before a cut, to be shown beside the old one. `left`: how many there
    are, where that is less than wanted; None otherwise."""

    variant_id: int
    path: str
    title: str
    picture: Picture | None
    colour: str
    size: str
    quantity: int
    unit_price: Money
    list_price: Money | None
    prior: Money | None
    total: Money
    left: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the lines. `kind`: subtotal, discount, delivery, tax, total."""

    kind: str
    label: str
    amount: Money | None
    words: str = ""


def line(quoted: QuotedLine) -> Line:
    product, variant = quoted.product, quoted.variant
    colour = swatch(variant.colour, variant.colour_words).label if variant.colour or variant.colour_words else ""
    path = product_path(product, language())
    return Line(
        variant_id=variant.id,
        path=path,
        title=product.title(language()),
        picture=main_picture(product, variant),
        colour=colour,
        size=variant.size,
        quantity=quoted.quantity,
        unit_price=quoted.unit_price,
        list_price=variant.list_price if quoted.prior_price else None,
        prior=quoted.prior_price,
        total=quoted.unit_price * quoted.quantity,
        left=quoted.available if quoted.is_short else None,
    )


def rows(priced: Totals | Order, *, coupon: str = "", fulfilment: Fulfilment | None = None) -> list[Row]:
    """Subtotal, discount, delivery, taxes and total: the same rows in the cart, at the checkout and on the order."""
    currency = priced.currency
    taxes = [_tax(tax, currency, included=priced.tax_included) for tax in priced.taxes if tax.tax_minor]
    shown = [Row("subtotal", translate("Subtotal"), Money(priced.subtotal_minor, currency))]
    if priced.discount_minor:
        label = translate("Discount, code {code}", code=coupon) if coupon else translate("Discount")
        shown.append(Row("discount", label, Money(-priced.discount_minor, currency)))
    match fulfilment:
        case Fulfilment.DELIVERY:
            free = "" if priced.delivery_minor else translate("free")
            shown.append(Row("delivery", translate("Delivery"), Money(priced.delivery_minor, currency), free))
        case Fulfilment.PICKUP:
            shown.append(Row("delivery", translate("Pick up in store"), None, translate("free")))
        case None:
            shown.append(Row("delivery", translate("Delivery"), None, translate("at the next step")))
    if not priced.tax_included:
        shown += taxes
    shown.append(Row("total", translate("Total"), Money(priced.total_minor, currency)))
    if priced.tax_included:
        shown += taxes
    return shown


def _tax(tax: TaxLine, currency: str, *, included: bool) -> Row:
    rate = percent(tax.rate_bp)
    label = translate("of which tax {rate}", rate=rate) if included else translate("Tax {rate}", rate=rate)
    return Row("tax", label, Money(tax.tax_minor, currency))


def percent(basis_points: int) -> str:
    """« 20 % », « 5,5 % »."""
    from babel.numbers import format_decimal

    number = format_decimal(Decimal(basis_points) / 100, "0.##", locale=locale_of(language()))
    return f"{number}\u202f%" if language() == "fr" else f"{number}%"
