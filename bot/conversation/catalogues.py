"""From a page of a catalogue into the conversation: both are named, and what is shown there comes along."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import Leaf
from bot.conversation.browse import present
from bot.conversation.cards import levels_of
from bot.conversation.options import product_focus
from bot.conversation.results import CARDS, page
from bot.conversation.smalltalk import greet
from bot.conversation.talk import Ability, Talk, Turn
from commerce.domain.lookbook import Edition, Lookbook, LookbookState, came_from
from commerce.domain.product import Product
from commerce.domain.search import Found, Hit, Why
from commerce.domain.wish import Wish
from commerce.services.short_links import source_of
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

START = "l_"  # before product, page and catalogue in the parameter of a deep link
LINK = "s_"  # before the code of a short link that leads into the chat
_LONGEST_START = 64  # letters that a messenger carries: an address may have lost its end
_START = re.compile(r"l_([0-9]{1,18})_([0-9]{1,5})_([a-z0-9-]{1,64})")
_LINK = re.compile(r"s_([a-z0-9][a-z0-9-]{0,31})")
_PAGE = re.compile(r"\bpages?\s*(?:n[°o]\s*)?([0-9]{1,4})\b", re.IGNORECASE)


def started(talk: Talk, start: str) -> Turn:
    """A link from a page, its QR code or a hotspot. One that means nothing is a plain hello."""
    if (link := _LINK.fullmatch(start)) is not None:
        return _by_link(talk, link[1])
    found = _START.fullmatch(start)
    if found is None:
        return greet(talk)
    slug = found[3]
    with talk.shop.storage.read() as uow:
        book = uow.lookbooks.by_slug(slug)
        if book is None and len(start) == _LONGEST_START:
            cut = [each for each in uow.lookbooks.all() if each.slug.startswith(slug)]
            book = cut[0] if len(cut) == 1 else None
    return _opened(talk, book, int(found[2]), int(found[1]))


def _by_link(talk: Talk, code: str) -> Turn:
    """A hello; the link is followed once more, and what is bought says so. One that is not known is a plain hello."""
    with talk.shop.storage.read() as uow:
        link = uow.short_links.get(code)
    if link is None:
        return greet(talk)
    turn = greet(talk.with_session(talk.session.brought(source_of(code), talk.now)))

    def act(uow: UnitOfWork) -> Turn:
        talk.shop.short_links.followed(uow, link)
        return turn

    return replace(turn, act=act)


def tapped(talk: Talk, action: Leaf) -> Turn:
    with talk.shop.storage.read() as uow:
        book = uow.lookbooks.get(action.lookbook_id)
    return _opened(talk, book, action.page, action.product_id)


def in_words(talk: Talk) -> Turn:
    """« je suis page 4 », « où j'en étais »: of the catalogue they came from or read last, or the only one there is."""
    said = _PAGE.search(talk.message.text)
    with talk.shop.storage.read() as uow:
        read = uow.reading.last_page_of("", talk.customer.id) if talk.customer else None
        _, _, brought = talk.session.came_from.partition(":")
        brought_by, _, brought_page = brought.partition(":")
        if read is None and talk.session.came_from.startswith("catalogue:"):
            read = brought_by, int(brought_page or 0)
        if read is None and said is not None:
            shown = [each for each in uow.lookbooks.all() if each.state is LookbookState.PUBLISHED]
            read = (shown[0].id, 0) if len(shown) == 1 else None
        book = uow.lookbooks.get(read[0]) if read else None
    if read is None:
        return talk.say(
            talk.t(
                "I do not know where you were: I see it only when you let the catalogue remember it. Tell me what you "
                "saw there, or send me a photo of the page."
            )
        )
    return _opened(talk, book, int(said[1]) if said else read[1], 0)


def _opened(talk: Talk, book: Lookbook | None, number: int, product_id: int) -> Turn:
    with talk.shop.storage.read() as uow:
        is_shown = book is not None and book.state is LookbookState.PUBLISHED
        edition = uow.lookbooks.edition(book, book.version) if book is not None and is_shown else None
        products = _products(uow, edition, number) if edition else []
    if edition is None:
        text = talk.t("This catalogue is over. Tell me what you saw in it, and I look for it.")
        return talk.say(text) if book is not None else greet(talk)
    number = number if any(each.number == number for each in edition.pages) else 0
    source = came_from(edition.lookbook.id, number)
    talk = talk.with_session(talk.session.brought(source, talk.now))
    return _turn(talk, edition, number, products, product_id)


def _turn(talk: Talk, edition: Edition, number: int, products: list[Product], product_id: int) -> Turn:
    title = edition.lookbook.title(talk.language)
    where = (
        talk.t("You were on page {page} of “{title}”.", page=number, title=title)
        if number
        else talk.t("You were in “{title}”.", title=title)
    )
    product = talk.shop.catalog.product(product_id) if product_id else None
    if product is not None and product.variants:
        turn = present(talk, product, product_focus(talk, product.id))
        return replace(turn, replies=(replace(turn.replies[0], text=where), *turn.replies[1:]))
    if not products:
        ask = talk.t("Tell me what you liked there.")
        return talk.say(f"{where} {ask}")
    found = [Found(each, Hit(each.id, 1.0, Why.ATTRIBUTES), each.variants) for each in products]
    rest = tuple(each.id for each in products[CARDS:])
    talk = talk.with_session(replace(talk.session, wish=Wish(), queue=rest, offset=0))
    available = levels_of(talk, [each.variants for each in products[:CARDS]])
    return page(talk, found[:CARDS], where, more=bool(rest), available=available)


def _products(uow: UnitOfWork, edition: Edition, number: int) -> list[Product]:
    """What the page leads to, in reading order; of the whole catalogue where no page is meant."""
    spots = edition.on(number) or (edition.hotspots if not number else ())
    ids = dict.fromkeys(spot.product_id for spot in spots)
    known = uow.products.many(ids)
    return [known[each] for each in ids if each in known and known[each].variants]


ABILITY = Ability(intents={Intent.READING: in_words}, actions={Leaf: tapped})
