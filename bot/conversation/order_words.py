"""What is bought in words: lines, what the total is made of, where and when it is had. Every sum is the order's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.conversation.options import variant_label
from bot.conversation.scanned import qr_png
from bot.conversation.store_list import store_name
from bot.conversation.talk import Voice
from commerce.domain.cart import Fulfilment, PostalAddress
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderState
from commerce.domain.pricing import TaxLine
from commerce.domain.quote import Quote, QuotedLine
from commerce.domain.store import Store
from commerce.i18n import format_number, locale_of

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_LONGEST_LIST = 30


def recap(voice: Voice, quote: Quote, store: Store | None) -> str:
    """Everything that is about to be ordered, at what it costs."""
    totals = quote.totals
    assert totals is not None  # nobody is shown a recap of nothing
    lines = [voice.t("Summary")]
    for line in quote.lines[:_LONGEST_LIST]:
        lines.extend(_quoted(voice, line))
    if len(quote.lines) > _LONGEST_LIST:
        lines.append(voice.t("and {count} more", count=len(quote.lines) - _LONGEST_LIST))
    delivered = quote.cart.draft.fulfilment is Fulfilment.DELIVERY
    lines += sums(
        voice,
        currency=totals.currency,
        discount_minor=totals.discount_minor,
        coupon=quote.promotion.code if quote.promotion else "",
        delivery_minor=totals.delivery_minor if delivered else None,
        taxes=totals.taxes,
        tax_included=totals.tax_included,
        total_minor=totals.total_minor,
    )
    lines.append(where(voice, quote.cart.draft.fulfilment, store, quote.cart.draft.address))
    return "\n".join(line for line in lines if line)


def order_lines(voice: Voice, order: Order) -> list[str]:
    """The lines of an order and its sums, as they were when it was placed."""
    lines = []
    for line in order.lines[:_LONGEST_LIST]:
        price = voice.money(Money(line.unit_price_minor * line.quantity, order.currency))
        lines.append(f"{_count(line.quantity)}{line.title(voice.language)} — {price}")
    if len(order.lines) > _LONGEST_LIST:
        lines.append(voice.t("and {count} more", count=len(order.lines) - _LONGEST_LIST))
    delivered = order.fulfilment is Fulfilment.DELIVERY
    return lines + sums(
        voice,
        currency=order.currency,
        discount_minor=order.discount_minor,
        coupon=order.coupon,
        delivery_minor=order.delivery_minor if delivered else None,
        taxes=order.taxes,
        tax_included=order.tax_included,
        total_minor=order.total_minor,
    )


def sums(
    voice: Voice,
    *,
    currency: str,
    discount_minor: int,
    coupon: str,
    delivery_minor: int | None,
    taxes: Iterable[TaxLine],
    tax_included: bool,
    total_minor: int,
) -> list[str]:
    """Discount, delivery, tax by rate, total. `delivery_minor` None: nothing is sent."""

    def money(minor: int) -> str:
        return voice.money(Money(minor, currency))

    lines = []
    if discount_minor:
        lines.append(voice.t("Code {code}: −{amount}", code=coupon, amount=money(discount_minor)))
    if delivery_minor is not None:
        lines.append(
            voice.t("Delivery: {price}", price=money(delivery_minor)) if delivery_minor else voice.t("Delivery: free")
        )
    for tax in taxes:
        if tax.tax_minor:
            rate = format_number(tax.rate_bp / 100, voice.language)
            amount = money(tax.tax_minor)
            if tax_included:
                lines.append(voice.t("of which {rate}% tax: {amount}", rate=rate, amount=amount))
            else:
                lines.append(voice.t("{rate}% tax: {amount}", rate=rate, amount=amount))
    lines.append(voice.t("Total: {total}", total=money(total_minor)))
    return lines


def where(voice: Voice, fulfilment: Fulfilment | None, store: Store | None, address: PostalAddress | None) -> str:
    """« Retrait : Lyon Bellecour, 12 place Bellecour, 69002 Lyon »."""
    if fulfilment is Fulfilment.PICKUP and store is not None:
        return voice.t("Pick-up: {place}", place=place_of(voice, store))
    if fulfilment is Fulfilment.DELIVERY and address is not None:
        return voice.t("Delivery to: {address}", address=address_line(voice, address))
    return ""


def place_of(voice: Voice, store: Store) -> str:
    """The store's name and address on one line."""
    return ", ".join(
        part for part in (store_name(voice, store), store.address, f"{store.postcode} {store.city}".strip()) if part
    )


def address_line(voice: Voice, address: PostalAddress) -> str:
    town = f"{address.postcode} {address.city}".strip()
    parts = (address.name, address.line1, address.line2, town, country_name(voice.language, address.country))
    return ", ".join(part for part in parts if part)


def country_name(language: str, code: str) -> str:
    return str(locale_of(language).territories.get(code, code))


def country_names(codes: Iterable[str], languages: Iterable[str]) -> dict[str, str]:
    """What these countries are called in these languages, in small letters, with their codes."""
    return {country_name(language, code).casefold(): code for code in codes for language in languages}


def items_of(voice: Voice, order: Order) -> str:
    """« Baskets blanches, 42 + 2 × Robe midi en lin, bleu marine, 38 »."""
    return " + ".join(f"{_count(line.quantity)}{line.title(voice.language)}" for line in order.lines)


def state_words(voice: Voice, order: Order, store: Store | None) -> str:
    """Where an order is, in one sentence."""
    name = store_name(voice, store) if store else ""
    match order.state:
        case OrderState.PENDING_PAYMENT:
            return voice.t("waits for its payment")
        case OrderState.PLACED:
            return voice.t("placed, to be paid at {store}", store=name)
        case OrderState.PAID:
            return voice.t("paid, about to be prepared")
        case OrderState.PREPARING:
            return voice.t("being prepared")
        case OrderState.READY:
            return voice.t("ready at {store}", store=name)
        case OrderState.SHIPPED:
            return voice.t("on its way")
        case OrderState.COMPLETED if order.fulfilment is Fulfilment.PICKUP:
            return voice.t("collected")
        case OrderState.COMPLETED:
            return voice.t("delivered")
        case OrderState.CANCELLED:
            return voice.t("cancelled")
        case OrderState.EXPIRED:
            return voice.t("over: nobody paid in time")
        case OrderState.PAID_UNFULFILLABLE | OrderState.REFUND_PENDING:
            return voice.t("being refunded")
        case OrderState.REFUNDED:
            return voice.t("refunded")


def store_of(uow: UnitOfWork, order: Order) -> Store | None:
    """Where it is collected; None for parcels."""
    return uow.stores.get(order.store_id) if order.fulfilment is Fulfilment.PICKUP else None


def pickup_qr(order: Order) -> bytes:
    """What the counter scans: the order's id, which nobody guesses, and its code."""
    return qr_png(f"vitrine:order:{order.id}:{order.pickup_code}")


def _quoted(voice: Voice, line: QuotedLine) -> list[str]:
    """A line at today's price; where that was cut, the price before and the lowest of the last 30 days."""
    price = Money(line.unit_price.minor * line.quantity, line.unit_price.currency)
    texts = [f"{_count(line.quantity)}{variant_label(voice, line.product, line.variant)} — {voice.money(price)}"]
    before = line.variant.list_price
    if line.prior_price is not None and before is not None:
        texts.append(
            voice.t(
                "was {price}; lowest price of the last 30 days: {lowest}",
                price=voice.money(before),
                lowest=voice.money(line.prior_price),
            )
        )
    return texts


def _count(quantity: int) -> str:
    return f"{quantity} × " if quantity > 1 else ""
