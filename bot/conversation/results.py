"""Answers of a search as a turn: at most three cards, the rest behind [More]; or plainly that there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.actions import AnotherPhoto, More, Person, PickGarment, Refine, Without, encode
from bot.conversation.cards import (
    card,
    cart_button,
    choose_button,
    close_title,
    levels_of,
    reason,
    shown_item,
    similar_button,
    store_button,
)
from bot.conversation.options import focus_on
from bot.conversation.person import not_understood
from bot.conversation.talk import Talk, Turn
from bot.messages import Button, Card
from bot.sessions import QUEUE_KEPT
from commerce.domain.money import Money
from commerce.domain.search import Found, SearchAnswer, Why
from commerce.domain.wish import Wish
from commerce.lexicon import fold
from commerce.ports import NotSeen
from commerce.services.wishes import request

CARDS = 3
BLOCK = 12  # results asked for at once; what is not shown waits in the session
CHEAPEST_OF = CARDS + QUEUE_KEPT  # of so many good ones, when the cheapest are wanted


def show(talk: Talk, wish: Wish, intro: str = "") -> Turn:
    """Searches for the wish and shows the best. `intro` stands in place of the usual first sentence."""
    answer = search(talk, wish, limit=CHEAPEST_OF if wish.cheapest_first else BLOCK)
    if isinstance(answer, NotSeen):
        return not_seen(talk, answer)
    talk = talk.with_session(replace(talk.session, wish=wish, queue=(), offset=0, pending=None))
    found = _kept(wish, answer.found)
    if not found:
        return _nothing(talk, wish, answer)
    available = levels_of(talk, [f.variants for f in found])
    ranked = _ranked(talk, wish, found, available)
    shown, waiting = ranked[:CARDS], ranked[CARDS:]
    session = replace(talk.session, queue=tuple(f.product.id for f in waiting), offset=len(answer.found))
    more = bool(waiting) or answer.total > len(answer.found)
    intro = intro or _intro(talk, wish, answer)
    if answer.unknown:
        left_out = ", ".join(answer.unknown)[:80]
        intro += " " + talk.t("(Nothing here answers to “{words}”: this is for the rest.)", words=left_out)
    return page(talk.with_session(session), shown, intro, more=more, available=available)


def search(talk: Talk, wish: Wish, *, limit: int = BLOCK, offset: int = 0) -> SearchAnswer | NotSeen:
    """The answer of the shop: by the photo of the session, by another product's looks, or by words."""
    discovery = talk.shop.discovery
    wanted = request(talk.shop.lexicon, wish, talk.language, limit=limit, offset=offset)
    if wish.by_photo:
        photo = talk.session.photo.seen(talk.now) if talk.session.photo else None
        if photo is not None:
            return discovery.by_photo(photo, wanted)
    if wish.similar_to:
        return discovery.similar(wish.similar_to, wanted)
    return discovery.search(wanted)


def page(talk: Talk, shown: Sequence[Found], intro: str, *, more: bool, available: dict[int, int]) -> Turn:
    """Some results as cards, each with its own buttons."""
    by_photo = talk.session.wish.by_photo
    alone = len(shown) == 1
    cards = tuple(_card(talk, found, available, alone=alone) for found in shown)
    focus = focus_on(shown[0].product, shown[0].variants) if alone else None
    buttons = []
    if not alone:
        buttons.append(similar_button(talk, shown[0].product.id))
    if by_photo:
        buttons.append(Button(talk.t("Refine"), encode(Refine())))
        if talk.session.photo is not None and talk.session.photo.picked:
            buttons.append(Button(talk.t("Another item in the photo"), encode(PickGarment())))
    if more:
        buttons.append(Button(talk.t("More"), encode(More())))
    session = replace(talk.session, focus=focus, pending=None)
    session = session.with_list(tuple(shown_item(talk, f.product, f.variants) for f in shown))
    return talk.say(intro, cards=cards, buttons=tuple(buttons), session=session)


def more(talk: Talk) -> Turn:
    """The next results: those that wait in the session, looked up again; then the next block."""
    session, wish = talk.session, talk.session.wish
    if not session.queue and not session.offset:
        return talk.say(talk.t("Tell me first what you are looking for, or send me a photo of it."))
    found: list[Found] = []
    waiting: tuple[int, ...] = ()
    total_left = False
    if session.queue:
        again = _again(talk, wish, session.queue)
        found, waiting = again[:CARDS], tuple(f.product.id for f in again[CARDS:])
        total_left = True
    offset = session.offset
    if not found:
        answer = search(talk, wish, offset=offset)
        if isinstance(answer, NotSeen):
            return not_seen(talk, answer)
        kept = _kept(wish, answer.found)
        found, waiting = list(kept[:CARDS]), tuple(f.product.id for f in kept[CARDS:])
        offset += len(answer.found)
        total_left = answer.total > offset
    if not found:
        return talk.say(talk.t("That is all I have of this."), buttons=_way_out(talk))
    talk = talk.with_session(replace(session, queue=waiting, offset=offset))
    available = levels_of(talk, [f.variants for f in found])
    return page(talk, found, talk.t("More of it:"), more=bool(waiting) or total_left, available=available)


def not_seen(talk: Talk, why: NotSeen) -> Turn:
    """Why a photo was no use, and what to do instead."""
    again = (Button(talk.t("Another photo"), encode(AnotherPhoto())),)
    person = (Button(talk.t("Talk to a person"), encode(Person())),)
    match why:
        case NotSeen.OFF:
            text = talk.t("I cannot look at photos right now. Describe what you are looking for, and I will find it.")
            return talk.say(text, buttons=person)
        case NotSeen.AGAIN:
            text = talk.t("I no longer have this photo in front of me. Could you send it again?")
        case NotSeen.NO_PRODUCT:
            text = talk.t("I don’t see a fashion item in this photo.")
        case NotSeen.TOO_LARGE:
            text = talk.t("This photo is too large for me. Send a smaller one, or a screenshot of it.")
        case NotSeen.UNKNOWN_FORMAT:
            text = talk.t("I cannot read this kind of file. Send a JPEG, PNG or WebP picture.")
        case NotSeen.DAMAGED:
            text = talk.t("This photo seems damaged. Could you send it again?")
        case NotSeen.TOO_SLOW:
            text = talk.t("This photo took me too long. Could you send a simpler one, or a screenshot?")
        case NotSeen.TOO_SMALL:
            text = talk.t("This photo is too small to see anything. Could you send a larger one?")
    return talk.say(text, buttons=(*again, *person))


def _card(talk: Talk, found: Found, available: dict[int, int], *, alone: bool) -> Card:
    chosen = focus_on(found.product, found.variants)
    choose = () if chosen.size else choose_button(talk, found.product)
    buttons = (*choose, store_button(talk, found.product.id), cart_button(talk, found.product.id))
    if alone:
        buttons = (*buttons, similar_button(talk, found.product.id))
    made = card(talk, found.product, found.variants, available, title=close_title(talk, found))
    return replace(made, facts=(*made.facts, *reason(talk, found)), buttons=buttons)


def _intro(talk: Talk, wish: Wish, answer: SearchAnswer) -> str:
    if wish.by_photo and talk.session.photo is not None:
        seen = {f.hit.why for f in answer.found}
        if seen == {Why.CLOSE}:
            return talk.t("Nothing very close to your photo, but these come near:")
        if seen == {Why.FAR} and (wish.query or wish.words or wish.colours or wish.materials or wish.patterns):
            return talk.t("The nearest to what you describe:")  # a photo moved by words is like no photo
        if seen == {Why.FAR}:
            return talk.t("Nothing here really looks like your photo. The nearest:")
        return talk.t("Here is what comes closest to your photo:")
    if wish.similar_to:
        return talk.t("Similar items:")
    if wish.query and fold(answer.read_as) != fold(wish.query) and answer.read_as:
        return talk.t("Showing “{query}”.", query=answer.read_as)
    return talk.t("Here is what I found:")


def _nothing(talk: Talk, wish: Wish, answer: SearchAnswer) -> Turn:
    """Says plainly that nothing satisfies the wish; what comes near is named as such, never above the budget."""
    if answer.broken == "price" and answer.price_floor is not None:
        return _too_cheap(talk, wish, answer.price_floor)
    near = _kept(wish, answer.nearest)[:CARDS]
    if near and answer.broken != "price":
        available = levels_of(talk, [f.variants for f in near])
        return page(talk, near, _nearest_text(talk, wish, answer), more=False, available=available)
    asked = answer.read_as or wish.query
    text = talk.t("I found nothing for “{query}”.", query=asked[:80]) if asked else talk.t("I found nothing like that.")
    hint = talk.t("Try other words, a photo, or ask our team.")
    told = talk.say(f"{text} {hint}", buttons=_way_out(talk))
    # Words that are no garment, no colour, nothing we know: they may have been meant for a person.
    return not_understood(talk, told) if wish == Wish(query=wish.query, words=wish.words) else told


def _too_cheap(talk: Talk, wish: Wish, floor: Money) -> Turn:
    price = talk.money(floor)
    if wish.price_max_minor is not None:
        limit = talk.money(Money(wish.price_max_minor, floor.currency))
        text = talk.t("I have nothing of this under {limit}. It starts at {price}.", limit=limit, price=price)
    else:
        text = talk.t("I have nothing of this at that price. It starts at {price}.", price=price)
    button = Button(talk.t("See from {price}", price=price), encode(Without("price")))
    return talk.say(text, buttons=(button,))


def _nearest_text(talk: Talk, wish: Wish, answer: SearchAnswer) -> str:
    match answer.broken:
        case "size":
            return talk.t("Nothing in {size} at the moment. In other sizes:", size=", ".join(wish.sizes))
        case "colour":
            return talk.t("Nothing in that colour. In others:")
        case "stock":
            return talk.t("Sold out at the moment, but here is what it was:")
        case "gender":
            return talk.t("Nothing of this in that department. Elsewhere:")
        case _:
            asked = wish.query or answer.read_as
            if asked:
                return talk.t("Nothing is exactly “{query}”. This comes closest:", query=asked[:80])
            return talk.t("Nothing is exactly that. This comes closest:")


def _kept(wish: Wish, found: Sequence[Found]) -> list[Found]:
    """Without what the shopper excluded and no filter knows."""
    excluded = {("material", key) for key in wish.without_materials} | {
        ("pattern", key) for key in wish.without_patterns
    }
    return [f for f in found if not excluded.intersection(f.product.attributes.items())]


def _ranked(talk: Talk, wish: Wish, found: list[Found], available: dict[int, int]) -> list[Found]:
    """The shop's order, but the exact picture first, then what can be had, the shopper's own size before others."""

    def rank(f: Found) -> tuple[int, int]:
        own = talk.own_size(f.product)
        in_own = bool(own) and any(available[v.id] for v in f.variants if v.size == own)
        if f.hit.is_exact:
            return 0, 0
        if wish.by_photo or wish.similar_to:
            return (1 if any(available[v.id] for v in f.variants) else 2), 0
        price = f.price_from.minor if wish.cheapest_first else 0
        return (1 if in_own else 2), price

    return sorted(found, key=rank)


def _again(talk: Talk, wish: Wish, ids: tuple[int, ...]) -> list[Found]:
    """Results found before, with today's facts: those that still satisfy the wish, in the order they had."""
    wanted = request(talk.shop.lexicon, wish, talk.language, limit=len(ids))
    narrowed = replace(wanted, words="", filters=replace(wanted.filters, product_ids=frozenset(ids)))
    answer = talk.shop.discovery.search(narrowed)
    by_id = {f.product.id: f for f in answer.found}
    return [by_id[product_id] for product_id in ids if product_id in by_id]


def _way_out(talk: Talk) -> tuple[Button, ...]:
    return (Button(talk.t("Talk to a person"), encode(Person())),)


__all__ = ["BLOCK", "CARDS", "more", "not_seen", "page", "search", "show"]
