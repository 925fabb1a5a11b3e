"""Something bought comes back: which order, which thing, why; another size is held before anything is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.conversation.actions import BringBack, KeepIt, Person, encode
from bot.conversation.options import variant_label
from bot.conversation.person import order_matter
from bot.conversation.photo import is_picture
from bot.conversation.return_steps import Return, ReturnBy, Swap, SwapFor, code, is_tiny, step_in, step_of, tiny
from bot.conversation.return_words import (
    OFFERED_REASONS,
    REASONS,
    asked_for,
    item,
    items_of,
    order_label,
    reason_words,
    refusal,
)
from bot.conversation.store_list import nearest, offers
from bot.conversation.talk import LARGEST_PHOTO_BYTES, Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.coming_back import LineOptions, units
from commerce.domain.geo import GeoPoint
from commerce.domain.order import Order
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.returns import NotReturned, ReturnKind, ReturnReason, ReturnWay
from commerce.errors import FetchRefused
from commerce.ports import NotSeen
from commerce.services.returns import ReturnOptions, Wanted
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

MOST_ORDERS = 8
_KINDS = {kind.value: kind for kind in ReturnKind if kind is not ReturnKind.WITHDRAWAL}


# --- in words


def exchange_in_words(talk: Talk) -> Turn:
    return asked(talk, Return(_number_said(talk), kind=ReturnKind.EXCHANGE.value))


def return_in_words(talk: Talk) -> Turn:
    return asked(talk, Return(_number_said(talk), kind=ReturnKind.RETURN.value))


def problem_in_words(talk: Talk) -> Turn:
    """Something is wrong and no wish said yet: the order that it must be about, and what can be done."""
    number = _number_said(talk)
    with talk.shop.storage.read() as uow:
        mine = _orders_with(talk, uow, ReturnKind.PROBLEM)
        about = next((order for order in mine if order.number == number), mine[0] if mine else None)
        if about is None:
            return order_matter(talk)
        text = talk.t(
            "I can see your order no. {number}: {items}. What would you like?",
            number=about.number,
            items=items_of(talk, about),
        )
    return talk.say(
        text,
        buttons=(
            Button(talk.t("Exchange"), code(Return(about.number, kind=ReturnKind.EXCHANGE.value))),
            Button(talk.t("Refund"), code(Return(about.number, kind=ReturnKind.PROBLEM.value))),
            Button(talk.t("Talk to a person"), encode(Person())),
        ),
    )


# --- which order, which thing, why


def tapped(talk: Talk, action: BringBack) -> Turn:
    match step_of(action):
        case Return() as step:
            return asked(talk, step)
        case ReturnBy() as step:
            return returned(talk, step)
        case SwapFor() as step:
            return instead(talk, step)
        case Swap() as step:
            return hold(talk, step)
        case _:
            return no_such_button(talk)


def no_such_button(talk: Talk) -> Turn:
    return talk.say(talk.t("This button no longer works. Tell me what you are looking for."), session=talk.session)


def asked(talk: Talk, action: Return) -> Turn:
    """Asks what is missing, one thing at a time; what there is only one of is not asked."""
    kind = _KINDS.get(action.kind)
    if kind is None:
        return no_such_button(talk)
    with talk.shop.storage.read() as uow:
        if not action.number:
            mine = _orders_with(talk, uow, kind)
            if len(mine) != 1:
                return _which_order(talk, uow, kind, mine)
            action = replace(action, number=mine[0].number)
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, kind))
        found = talk.shop.returns.options(uow, order)
        lines = found.lines_for(kind)
        if not lines:
            return talk.say(refusal(talk, _why_none(found, kind), kind, order))
        if not action.line and len(lines) > 1:
            return _which_line(talk, action, lines)
        line = next((each for each in lines if each.line.position + 1 == action.line), None)
        if line is None:
            if action.line:
                return talk.say(refusal(talk, NotReturned.ALREADY, kind, order))
            line = lines[0]
        action = replace(action, line=line.line.position + 1)
        reason = next((each for each in OFFERED_REASONS[kind] if each.value == action.reason), None)
        if reason is None:
            return _why(talk, action, kind, line)
        if kind is ReturnKind.EXCHANGE:
            return _which_instead(talk, uow, order, found, line, reason)
    if kind is ReturnKind.PROBLEM:
        return _show_me(talk, action)
    return _which_way(talk, action)


def own_order(talk: Talk, uow: UnitOfWork, number: int) -> Order | None:
    """One of this person's orders; None for everybody else's."""
    customer = uow.customers.by_contact(talk.message.contact)
    order = uow.orders.by_number(number) if 0 < number < 2**31 else None
    return order if order and customer and order.customer_id == customer.id else None


def _number_said(talk: Talk) -> int:
    said = talk.slots.order_number or ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def _orders_with(talk: Talk, uow: UnitOfWork, kind: ReturnKind) -> list[Order]:
    """This person's orders of which something may come back in this way, newest first."""
    if talk.customer is None:
        return []
    mine = uow.orders.of_customer(talk.customer.id)
    return [order for order in mine if talk.shop.returns.options(uow, order).lines_for(kind)]


def _why_none(found: ReturnOptions, kind: ReturnKind) -> NotReturned:
    if not any(line.quantity > line.returned for line in found.order.lines):
        return NotReturned.ALREADY
    if any(each.ways for each in found.lines) or found.order.fulfilled_at is None:
        return NotReturned.NOT_YET if found.order.fulfilled_at is None else NotReturned.TOO_LATE
    return NotReturned.ALREADY if any(r.kind is kind for r in found.requests) else NotReturned.TOO_LATE


def _which_order(talk: Talk, uow: UnitOfWork, kind: ReturnKind, mine: list[Order]) -> Turn:
    if not mine:
        return order_matter(talk)
    return talk.say(
        talk.t("Which order is it about?"),
        buttons=tuple(
            Button(order_label(talk, order), code(Return(order.number, kind=kind.value)))
            for order in mine[:MOST_ORDERS]
        ),
    )


def _which_line(talk: Talk, action: Return, lines: tuple[LineOptions, ...]) -> Turn:
    return talk.say(
        talk.t("Which item?"),
        buttons=tuple(
            Button(item(talk, each.line, 1), code(replace(action, line=each.line.position + 1))) for each in lines
        ),
    )


def _why(talk: Talk, action: Return, kind: ReturnKind, line: LineOptions) -> Turn:
    return talk.say(
        talk.t("{item}: what is the matter?", item=item(talk, line.line, 1)),
        buttons=tuple(
            Button(reason_words(talk, reason), code(replace(action, reason=reason.value)))
            for reason in OFFERED_REASONS[kind]
        ),
    )


# --- an exchange


def _which_instead(
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
            return talk.say(refusal(talk, _why_none(found, ReturnKind.EXCHANGE), ReturnKind.EXCHANGE, order))
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
                if request.new_variant_id == action.variant_id and request.hold_id and _is_open(request.state.value)
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


def _is_open(state: str) -> bool:
    return state in ("requested", "approved")


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


# --- a return


def _which_way(talk: Talk, action: Return) -> Turn:
    by = ReturnBy(action.number, action.line, action.reason)
    return talk.say(
        talk.t("How will it come back?"),
        buttons=(
            Button(talk.t("In a store"), code(replace(by, way=ReturnWay.STORE.value))),
            Button(talk.t("By parcel"), code(replace(by, way=ReturnWay.PARCEL.value))),
        ),
    )


def returned(talk: Talk, action: ReturnBy) -> Turn:
    reason = next((each for each in ReturnReason if each.value == action.reason), ReturnReason.NONE)
    way = ReturnWay.PARCEL if action.way == ReturnWay.PARCEL.value else ReturnWay.STORE
    near = nearest(talk, talk.session.location)
    return _asked(talk, action.number, action.line, ReturnKind.RETURN, reason, way, near[0].id if near else "")


def _asked(
    talk: Talk,
    number: int,
    line: int,
    kind: ReturnKind,
    reason: ReturnReason,
    way: ReturnWay,
    store_id: str,
    *,
    note: str = "",
    photo_key: str = "",
) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        order = own_order(talk, uow, number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, kind))
        wanted = Wanted(kind, {line - 1: 1}, reason, way, store_id=store_id, note=note, photo_key=photo_key)
        result = talk.shop.returns.request(uow, order.id, order.customer_id, wanted)
        if isinstance(result, Refused):
            mine = [r for r in uow.returns.of_order(order.id) if r.kind is kind and _is_open(r.state.value)]
            if result.reason is not NotReturned.ALREADY or not mine:
                return talk.say(refusal(talk, result.reason, kind, order))
            result = mine[-1]
        bought = next((each for each in order.lines if each.position == result.lines[0].position), order.lines[0])
        reply = asked_for(talk, uow, order, result, item(talk, bought, result.lines[0].quantity))
        return Turn((reply,), replace(talk.session, pending=None), photo_key=photo_key)

    return Turn((), talk.session, act, photo_key)


def keep(talk: Talk, action: KeepIt) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        result = talk.shop.returns.cancel(uow, action.return_id, customer.id if customer else "")
        if isinstance(result, Refused):
            return talk.say(refusal(talk, result.reason, ReturnKind.RETURN))
        return talk.say(talk.t("All right, you keep it. Nothing comes back."))

    return Turn((), talk.session, act)


# --- a problem


def _show_me(talk: Talk, action: Return) -> Turn:
    pending = Pending(Question.PROBLEM, wording=code(action))
    return talk.say(
        talk.t("Send me a photo of it, or tell me in your words what is wrong."),
        session=replace(talk.session, pending=pending),
    )


_NO_ANSWER = frozenset({Intent.TALK_TO_PERSON, Intent.START_OVER, Intent.STOP_MESSAGES, Intent.HELP, Intent.NO})


def is_no_answer(talk: Talk) -> bool:
    """Whether somebody wants something else than to answer a question that is answered in free words."""
    return talk.message.start is not None or talk.message.text.startswith("/") or talk.understood.intent in _NO_ANSWER


def shown(talk: Talk) -> Turn | None:
    """The photo or the words that we asked for. A tap on something else is no answer."""
    pending = talk.session.pending
    action = step_in(pending.wording) if pending else None
    picture = next((ref for ref in talk.message.media if is_picture(ref)), None)
    if not isinstance(action, Return) or is_no_answer(talk) or (picture is None and not talk.message.text):
        return None
    key = ""
    if picture is not None:
        try:
            data = talk.fetch(picture) if picture.size_bytes <= LARGEST_PHOTO_BYTES else b""
        except FetchRefused:
            data = b""
        seen = talk.shop.image_matcher.look(data) if data else NotSeen.TOO_LARGE
        if isinstance(seen, NotSeen) and not talk.message.text:
            text = talk.t("I cannot read this photo. Send another one, or tell me in your words what is wrong.")
            return talk.say(text, session=talk.session)
        if not isinstance(seen, NotSeen):
            days = timedelta(days=talk.shop.settings.problem_photo_days)
            (key,) = talk.shop.photos.put(talk.message.contact, [seen.clean_jpeg], keep=days)
    reason = next((each for each in ReturnReason if each.value == action.reason), ReturnReason.NONE)
    near = nearest(talk, talk.session.location)
    return _asked(
        talk,
        action.number,
        action.line,
        ReturnKind.PROBLEM,
        reason,
        ReturnWay.STORE if near else ReturnWay.PARCEL,
        near[0].id if near else "",
        note=talk.message.text,
        photo_key=key,
    )


ABILITY = Ability(
    intents={
        Intent.EXCHANGE_ITEM: exchange_in_words,
        Intent.RETURN_ITEM: return_in_words,
        Intent.PROBLEM: problem_in_words,
    },
    actions={BringBack: tapped, KeepIt: keep},
    told={Question.PROBLEM: shown},
)
