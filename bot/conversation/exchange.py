"""An exchange: the next size up or down, or another one, held in the nearest store that has it or sent by post."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.options import variant_label
from bot.conversation.own_orders import own_order
from bot.conversation.return_steps import Return, Swap, SwapFor, code, is_tiny, tiny
from bot.conversation.return_words import REASONS, asked_for, refusal
from bot.conversation.store_list import nearest, offers
from bot.conversation.talk import Talk, Turn
from bot.messages import Button
from commerce.domain.coming_back import LineOptions, units
from commerce.domain.geo import GeoPoint
from commerce.domain.order import Order
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.returns import COMING_STATES, NotReturned, ReturnKind, ReturnReason, ReturnWay
from commerce.services.returns import ReturnOptions, Wanted

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def which_instead(
    talk: Talk, uow: UnitOfWork, order: Order, found: ReturnOptions, line: LineOptions, reason: ReturnReason
) -> Turn:
    """The next size up or down where that is the matter; else a choice of the others."""
    had = _had(uow, found, line)
    if had is None:
        return _gone(talk, order, line)
    product, variant = had
    step = {ReturnReason.TOO_SMALL: 1, ReturnReason.TOO_LARGE: -1}.get(reason, 0)
    wanted = _neighbour(product, variant, step) if step else None
    if wanted is not None:
        return _offer(talk, order, line, product, variant, wanted, reason)
    return _which_variant(talk, order, line, product, variant, reason, talk.t("Which one would you like instead?"))


def instead(talk: Talk, action: SwapFor) -> Turn:
    """Another one was chosen, or the choice is asked for again."""
    reason = _reason_at(action.reason)
    with talk.shop.storage.read() as uow:
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, ReturnKind.EXCHANGE))
        found = talk.shop.returns.options(uow, order)
        lines = found.lines_for(ReturnKind.EXCHANGE)
        line = next((each for each in lines if each.line.position + 1 == action.line), None)
        if line is None:
            return talk.say(refusal(talk, found.why_none(ReturnKind.EXCHANGE), ReturnKind.EXCHANGE, order))
        had = _had(uow, found, line)
        if had is None:
            return _gone(talk, order, line)
        product, variant = had
        wanted = next((each for each in product.variants if each.id == action.variant_id), None)
        if wanted is None:
            words = talk.t("Which one would you like instead?")
            return _which_variant(talk, order, line, product, variant, reason, words)
        return _offer(talk, order, line, product, variant, wanted, reason)


def _had(uow: UnitOfWork, found: ReturnOptions, line: LineOptions) -> tuple[Product, Variant] | None:
    mine = units(line.line, found.requests)
    return uow.products.by_variant(mine[0].variant_id) if mine else None


def _offer(
    talk: Talk,
    order: Order,
    line: LineOptions,
    product: Product,
    variant: Variant,
    wanted: Variant,
    reason: ReturnReason,
) -> Turn:
    """« Taille 40 disponible à Part-Dieu. Je vous la garde ? »: the nearest store that has it, or by post."""
    near = talk.session.location or _point_of(talk, order)
    at = [offer.store for offer in offers(talk, wanted.id, near) if offer.available > 0 and offer.store.takes_visitors]
    levels = talk.shop.catalog.levels([wanted.id])
    swap = Swap(order.number, line.line.position + 1, wanted.id, REASONS.index(reason))
    by_post = Button(talk.t("By post"), code(swap))
    choose = Button(
        talk.t("Another one"), code(SwapFor(order.number, line.line.position + 1, 0, REASONS.index(reason)))
    )
    what = _what(talk, product, variant, wanted)
    if at:
        text = talk.t(
            "{what} is at {store}. Shall I hold it?", what=what, store=at[0].short_name(talk.language)
        ) + _price_note(talk, variant, wanted)
        yes = Button(talk.t("Yes"), code(replace(swap, store=tiny(at[0].id))))
        return talk.say(text, buttons=(yes, by_post, choose))
    if any(level.available > 0 for level in levels):
        text = talk.t("{what} can be sent to you. Shall I hold it?", what=what) + _price_note(talk, variant, wanted)
        return talk.say(text, buttons=(by_post, choose))
    words = talk.t("{what} is sold out. Which one would you like instead?", what=what)
    return _which_variant(talk, order, line, product, variant, reason, words, without=wanted.id)


def _which_variant(
    talk: Talk,
    order: Order,
    line: LineOptions,
    product: Product,
    variant: Variant,
    reason: ReturnReason,
    words: str,
    *,
    without: int = 0,
) -> Turn:
    """The others of the product that are to be had now, and a return for who wants none of them."""
    there = {
        level.variant_id for level in talk.shop.catalog.levels([v.id for v in product.variants]) if level.available
    }
    others = [v for v in product.variants if v.id in there and v.id not in (without, variant.id)]
    position = line.line.position + 1
    give_back = Button(talk.t("Return it"), code(Return(order.number, position, ReturnKind.RETURN.value, reason.value)))
    if not others:
        return talk.say(talk.t("There is no other one at the moment. You can return it."), buttons=(give_back,))
    buttons = tuple(
        Button(
            _short_name(talk, product, variant, each),
            code(SwapFor(order.number, position, each.id, REASONS.index(reason))),
        )
        for each in others[:12]
    )
    return talk.say(words, buttons=(*buttons, give_back))


def hold(talk: Talk, action: Swap) -> Turn:
    """Holds the new one, and only then says how the old one comes back."""
    reason = _reason_at(action.reason)
    store = next((s for s in talk.shop.catalog.stores() if action.store and is_tiny(action.store, s.id)), None)
    near = nearest(talk, talk.session.location)

    def act(uow: UnitOfWork) -> Turn:
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, ReturnKind.EXCHANGE))
        wanted = Wanted(
            ReturnKind.EXCHANGE,
            {action.line - 1: 1},
            reason,
            ReturnWay.STORE if action.store else ReturnWay.PARCEL,
            store_id=store.id if store else near[0].id if near and not action.store else "",
            new_variant_id=action.variant_id,
        )
        result = talk.shop.returns.request(uow, order.id, order.customer_id, wanted)
        if isinstance(result, Refused):
            same = [
                request
                for request in uow.returns.of_order(order.id)
                if request.new_variant_id == action.variant_id and request.hold_id and request.state in COMING_STATES
            ]
            if result.reason is NotReturned.ALREADY and same:
                result = same[-1]  # a second tap holds nothing more
            else:
                return _not_held(talk, action, result.reason, order)
        found = uow.products.by_variant(action.variant_id)
        label = variant_label(talk, *found) if found else talk.t("your item")
        return Turn((asked_for(talk, uow, order, result, label),), replace(talk.session, pending=None))

    return Turn((), talk.session, act)


def _not_held(talk: Talk, action: Swap, reason: NotReturned, order: Order) -> Turn:
    again = Button(talk.t("Another one"), code(SwapFor(action.number, action.line, 0, action.reason)))
    buttons = (again,) if reason in (NotReturned.SOLD_OUT, NotReturned.DEARER, NotReturned.NO_STORE) else ()
    return talk.say(refusal(talk, reason, ReturnKind.EXCHANGE, order), buttons=buttons)


def _neighbour(product: Product, variant: Variant, step: int) -> Variant | None:
    """The same colour in the next size, in the source's order of sizes."""
    alike = [v for v in product.variants if v.colour == variant.colour and v.colour_words == variant.colour_words]
    sizes = list(dict.fromkeys(v.size for v in alike if v.size))
    if variant.size not in sizes:
        return None
    place = sizes.index(variant.size) + step
    return next((v for v in alike if 0 <= place < len(sizes) and v.size == sizes[place]), None)


def _what(talk: Talk, product: Product, variant: Variant, wanted: Variant) -> str:
    if wanted.size and (wanted.colour, wanted.colour_words) == (variant.colour, variant.colour_words):
        return talk.t("Size {size}", size=wanted.size)
    return variant_label(talk, product, wanted)


def _short_name(talk: Talk, product: Product, variant: Variant, other: Variant) -> str:
    same_colour = (other.colour, other.colour_words) == (variant.colour, variant.colour_words)
    return other.size if other.size and same_colour else variant_label(talk, product, other)


def _price_note(talk: Talk, variant: Variant, wanted: Variant) -> str:
    more = wanted.price.minor - variant.price.minor
    if more > 0:
        return "\n" + talk.t("It costs {amount} more.", amount=talk.money(replace(wanted.price, minor=more)))
    if more < 0:
        return "\n" + talk.t("{amount} would go back to you.", amount=talk.money(replace(wanted.price, minor=-more)))
    return ""


def _gone(talk: Talk, order: Order, line: LineOptions) -> Turn:
    back = code(Return(order.number, line.line.position + 1, ReturnKind.RETURN.value))
    return talk.say(
        talk.t("This item is no longer sold: it can be returned."), buttons=(Button(talk.t("Return it"), back),)
    )


def _point_of(talk: Talk, order: Order) -> GeoPoint | None:
    return next((s.point for s in talk.shop.catalog.stores() if s.id == order.store_id), None)


def _reason_at(place: int) -> ReturnReason:
    return REASONS[place] if 0 <= place < len(REASONS) else ReturnReason.NONE
