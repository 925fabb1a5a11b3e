"""A cart in words: what is in it, what it costs now, what is saved for later, and what to do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import ChangeCart, Pay, PickUpInStore, ShowCart, encode
from bot.conversation.options import colour_label, colours_of
from bot.conversation.talk import Talk, Turn
from bot.messages import Button, Reply
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.promotion import NotApplied, PromotionKind
from commerce.domain.quote import Quote, QuotedLine

if TYPE_CHECKING:
    from commerce.domain.cart import Cart
    from commerce.ports import UnitOfWork

_ON_ONE_LINE = 3  # so many things read well side by side
_LONGEST_LIST = 30


def cart_turn(talk: Talk, uow: UnitOfWork, cart: Cart | None, customer_id: str, intro: str = "") -> Turn:
    """The cart as it is now, after `intro`. Reads through `uow` alone, so it may answer from within `Turn.act`."""
    return Turn((cart_reply(talk, uow, cart, customer_id, intro),), replace(talk.session, pending=None))


def cart_reply(talk: Talk, uow: UnitOfWork, cart: Cart | None, customer_id: str, intro: str = "") -> Reply:
    if cart is None or not cart.lines:
        empty = talk.t("Your cart is empty. Tell me what you are looking for, or send me a photo of it.")
        return talk.reply(f"{intro}\n{empty}".strip())
    quote = talk.shop.quoting.quote(uow, cart, customer_id=customer_id)
    text = "\n".join(line for line in (intro, *lines_of(talk, quote)) if line)
    return talk.reply(text, buttons=_buttons(talk, quote))


def lines_of(talk: Talk, quote: Quote) -> list[str]:
    lines = [_wanted(talk, quote)] if quote.lines else []
    lines += _sums(talk, quote)
    for line in quote.lines:
        if line.is_short:
            lines.append(_short(talk, line))
    if quote.gone:
        lines.append(talk.t("Something in it is no longer sold: it does not count."))
    if quote.saved:
        items = " · ".join(item(talk, line) for line in quote.saved[:_LONGEST_LIST])
        lines.append(talk.t("Saved for later: {items}", items=items))
    return lines


def item(talk: Talk, line: QuotedLine) -> str:
    """« 2 × Veste en jean M 130,00 € »."""
    count = f"{line.quantity} × " if line.quantity > 1 else ""
    price = talk.money(Money(line.unit_price.minor * line.quantity, line.unit_price.currency))
    return f"{count}{item_name(talk, line.product, line.variant)} {price}"


def item_name(talk: Talk, product: Product, variant: Variant) -> str:
    """« Veste en jean M », with its colour where it is made in several."""
    colour = colour_label(talk, product, variant) if len(colours_of(product)) > 1 else ""
    return " ".join(part for part in (product.title(talk.language), colour, variant.size) if part)


def not_applied(talk: Talk, reason: NotApplied, code: str) -> str:
    """Why a code does not count, in a sentence."""
    code = code[:40]
    match reason:
        case NotApplied.UNKNOWN:
            return talk.t("I do not know the code “{code}”.", code=code)
        case NotApplied.NOT_YET:
            return talk.t("The code “{code}” does not count yet.", code=code)
        case NotApplied.OVER:
            return talk.t("The code “{code}” is over.", code=code)
        case NotApplied.USED_UP:
            return talk.t("The code “{code}” has been used as often as it could be.", code=code)
        case NotApplied.USED_BY_YOU:
            return talk.t("You have used the code “{code}” already.", code=code)
        case NotApplied.BELOW_MINIMUM:
            return talk.t("The code “{code}” asks for a larger order.", code=code)
        case NotApplied.OTHER_CURRENCY:
            return talk.t("The code “{code}” is for another currency.", code=code)


def show_button(talk: Talk) -> Button:
    return Button(talk.t("Show the cart"), encode(ShowCart()))


def _wanted(talk: Talk, quote: Quote) -> str:
    assert quote.totals is not None  # there are lines
    total = talk.money(quote.totals.total)
    items = [item(talk, line) for line in quote.lines]
    if len(items) <= _ON_ONE_LINE:
        return talk.t("Cart: {items} — Total {total}", items=" · ".join(items), total=total)
    more = len(items) - _LONGEST_LIST
    listed = [f"• {each}" for each in items[:_LONGEST_LIST]]
    if more > 0:
        listed.append(talk.t("and {count} more", count=more))
    return "\n".join((talk.t("Cart:"), *listed, talk.t("Total {total}", total=total)))


def _sums(talk: Talk, quote: Quote) -> list[str]:
    """What the total has in it beside the things themselves."""
    totals, lines = quote.totals, []
    if totals is None:
        return []
    if quote.promotion is not None and quote.promotion.kind is PromotionKind.FREE_DELIVERY:
        lines.append(talk.t("Code {code}: delivery is free", code=quote.promotion.code))
    elif quote.promotion is not None:
        amount = talk.money(Money(totals.discount_minor, totals.currency))
        lines.append(talk.t("Code {code}: −{amount}", code=quote.promotion.code, amount=amount))
    elif quote.not_applied is not None:
        lines.append(not_applied(talk, quote.not_applied, quote.cart.coupon))
    if totals.delivery_minor:
        lines.append(talk.t("Delivery: {price}", price=talk.money(Money(totals.delivery_minor, totals.currency))))
    if not totals.tax_included and totals.tax_minor:
        lines.append(talk.t("Tax: {amount}", amount=talk.money(Money(totals.tax_minor, totals.currency))))
    return lines


def _short(talk: Talk, line: QuotedLine) -> str:
    name = item_name(talk, line.product, line.variant)
    if not line.available:
        return talk.t("{item}: sold out for now.", item=name)
    return talk.t("{item}: only {count} left.", item=name, count=line.available)


def _buttons(talk: Talk, quote: Quote) -> tuple[Button, ...]:
    change = Button(talk.t("Change the cart"), encode(ChangeCart()))
    if not quote.lines:
        return (change,)
    return (
        Button(talk.t("Pay"), encode(Pay())),
        Button(talk.t("Pick up in store"), encode(PickUpInStore())),
        change,
    )
