"""Choosing the products of a catalogue: found as shoppers find them, or by article number; put in order; laid out.

All that is chosen travels in the form: nothing is kept before there is a draft. A product that is found has a tick; the
ticks of a page are taken over with whatever button is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.layout import Cover, Density
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import NotPublished, PageKind
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.ports import UnitOfWork
from commerce.services.laying_out import MOST_CHOSEN, Chosen, LaidOut, chosen_in
from commerce.services.naming import named
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.pages.asked import LAST_PAGE, Asked, asked_for, question
from shoppable.pages.cards import Card, card, swatch
from shoppable.pages.menu import menu
from shoppable.shelf import Shelf
from shoppable.site import site
from shoppable.sized import sized_path
from shoppable.studio.blueprint import blueprint
from shoppable.studio.catalogues import NOT_PUBLISHED, edition_of, is_id, revision_typed, titles_typed

Kind = TypeVar("Kind", Density, Cover)

PER_PAGE = 24
_CHOSEN = re.compile(r"(\d{1,18})(?:\.(\d{1,18}))?")
_DO = re.compile(r"(up|down|drop)-(\d{1,4})")
_LONGEST_LIST = 20_000  # characters of article numbers
_UNKNOWN_TOLD = 8
DENSITIES = {
    Density.AIRY: "Airy: one or two on a page",
    Density.MIXED: "Mixed: large and small in turn",
    Density.DENSE: "Dense: many on a page",
}
COVERS = {
    Cover.ONE: "The first product, large",
    Cover.MANY: "Many products",
    Cover.NONE: "Without a cover",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says. `book` is '' for a new catalogue."""

    chosen: tuple[Chosen, ...]
    asked: Asked
    titles: LocalText
    density: Density
    cover: Cover
    book: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Something chosen. `named`: its article number, where one variant was chosen."""

    value: str
    product: str
    title: str
    picture: str
    named: str
    has_photo: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """Something found."""

    product: str
    card: Card
    is_chosen: bool


# --- the form


def _wanted() -> Wanted:
    form = request.form
    chosen = _chosen_typed()
    ticked = {int(each) for each in form.getlist("tick") if _is_number(each)}
    offered = [int(each) for each in form.getlist("offered") if _is_number(each)]
    if form.get("do") == "all":
        ticked |= set(offered)
    have = {each.product_id for each in chosen}
    chosen = [each for each in chosen if each.product_id not in offered or each.product_id in ticked]
    chosen += [Chosen(number) for number in dict.fromkeys(offered) if number in ticked and number not in have]
    book = form.get("book", "")
    return Wanted(
        tuple(_moved(chosen)),
        asked_for(form),
        titles_typed(),
        _one_of(Density, form.get("density", ""), Density.MIXED),
        _one_of(Cover, form.get("cover", ""), Cover.ONE),
        book if is_id(book) else "",
        revision_typed(),
    )


def _chosen_typed() -> list[Chosen]:
    found = [_CHOSEN.fullmatch(each) for each in request.form.getlist("chosen")[:MOST_CHOSEN]]
    return list(dict.fromkeys(Chosen(int(each[1]), int(each[2] or 0)) for each in found if each))


def _moved(chosen: list[Chosen]) -> list[Chosen]:
    """By the buttons beside them."""
    asked = _DO.fullmatch(request.form.get("do", ""))
    at = int(asked[2]) if asked else -1
    if asked is None or not 0 <= at < len(chosen):
        return chosen
    moved = chosen.pop(at)
    if asked[1] != "drop":
        chosen.insert(max(0, at + (-1 if asked[1] == "up" else 1)), moved)
    return chosen


def _one_of(kind: type[Kind], text: str, otherwise: Kind) -> Kind:
    return kind(text) if text in {each.value for each in kind} else otherwise


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


# --- the page


@blueprint.get("/products")
@access.needs(Permission.PUBLISH)
def choose_products() -> ResponseReturnValue:
    """Empty for a new catalogue; with what is in it for one to be laid out again."""
    book = request.args.get("book", "")
    nothing = asked_for({})
    wanted = Wanted((), nothing, LocalText(), Density.MIXED, Cover.ONE)
    if book:
        if not is_id(book):
            abort(404)
        with site().shop.storage.read() as uow:
            edition = edition_of(uow, book)
        cover = Cover.ONE if edition.pages and edition.pages[0].kind is PageKind.COVER else Cover.NONE
        wanted = Wanted(
            chosen_in(edition), nothing, edition.lookbook.title, Density.MIXED, cover, book, edition.lookbook.revision
        )
    return _page(wanted)


@blueprint.post("/products")
@access.needs(Permission.PUBLISH)
def change_products() -> ResponseReturnValue:
    wanted, do = _wanted(), request.form.get("do", "")
    if do == "make":
        return _made(wanted)
    if do == "paste":
        return _pasted(wanted)
    return _page(wanted)


def _pasted(wanted: Wanted) -> ResponseReturnValue:
    """Article numbers, barcodes or product numbers: one a line, or with spaces or commas between them."""
    text = inputs.clean(request.form.get("numbers", ""))[:_LONGEST_LIST]
    found: list[Chosen] = []
    unknown: list[str] = []
    with site().shop.storage.read() as uow:
        for line in filter(None, map(str.strip, text.splitlines())):
            whole = named(uow, line)
            for number in [line] if whole else filter(None, re.split(r"[\s,;]+", line)):
                known = whole or named(uow, number)
                if known is None:
                    unknown.append(number)
                else:
                    found.append(Chosen(known[0].id, known[1].id if known[1] else 0))
    chosen = tuple(dict.fromkeys((*wanted.chosen, *found)))[:MOST_CHOSEN]
    told = None
    if unknown:
        names = ", ".join(unknown[:_UNKNOWN_TOLD]) + (" …" if len(unknown) > _UNKNOWN_TOLD else "")
        told = Told(translate("Nothing that the shop sells has these numbers: {names}", names=names), is_bad=True)
    return _page(replace(wanted, chosen=chosen), told)


def _made(wanted: Wanted) -> ResponseReturnValue:
    """Takes about a fifth of a second a page."""
    laying_out, actor = site().shop.laying_out, access.actor()
    done: LaidOut | Refused[NotPublished]
    if wanted.book:
        done = laying_out.again(
            wanted.book, wanted.revision, wanted.chosen, density=wanted.density, cover=wanted.cover, actor=actor
        )
    else:
        done = laying_out.make(wanted.chosen, wanted.titles, density=wanted.density, cover=wanted.cover, actor=actor)
    if isinstance(done, Refused):
        if done.reason is NotPublished.NO_PAGES:
            return _page(wanted, Told(translate("Choose a product first."), is_bad=True), 422)
        return _page(wanted, Told(translate(NOT_PUBLISHED[done.reason]), is_bad=True), 409 if wanted.book else 422)
    return redirect(f"/studio/{done.edition.lookbook.id}" + ("?done=laid_out" if wanted.book else ""), 303)


def _page(wanted: Wanted, told: Told | None = None, status: int = 200) -> ResponseReturnValue:
    shop, asked = site().shop, wanted.asked
    answer = shop.discovery.search(question(asked, PER_PAGE))
    have = {each.product_id for each in wanted.chosen}
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [found.product for found in answer.found], shop.clock.now())
        lines = _lines(uow, wanted.chosen)
    choices = menu(site())
    return counter_page(
        "studio/products.html",
        room="studio",
        status=status,
        told=told,
        wanted=wanted,
        asked=asked,
        lines=lines,
        offered=[
            Offered(str(found.product.id), card(found.product, shelf, found.variants), found.product.id in have)
            for found in answer.found
        ],
        total=answer.total,
        has_more=asked.page < LAST_PAGE and asked.page * PER_PAGE < answer.total,
        categories=choices.categories(language()),
        colours=[swatch(key) for key in choices.colours],
        titles=[(code, wanted.titles.by_language.get(code, "")) for code in site().languages],
        densities=[(each.value, translate(words), each is wanted.density) for each, words in DENSITIES.items()],
        covers=[(each.value, translate(words), each is wanted.cover) for each, words in COVERS.items()],
        longest_list=_LONGEST_LIST,
    )


def _lines(uow: UnitOfWork, chosen: Sequence[Chosen]) -> list[Line]:
    products = uow.products.many({each.product_id for each in chosen})
    return [_line(each, products.get(each.product_id)) for each in chosen]


def _line(chosen: Chosen, product: Product | None) -> Line:
    variant: Variant | None = None
    if product and chosen.variant_id:
        variant = next((each for each in product.variants if each.id == chosen.variant_id), None)
    picture = product.picture_for(variant) if product else None
    return Line(
        f"{chosen.product_id}.{chosen.variant_id}" if chosen.variant_id else str(chosen.product_id),
        str(chosen.product_id),
        product.title(language()) if product else translate("No longer sold"),
        sized_path(picture.media_key, 240) if picture else "",
        variant.sku if variant else "",
        picture is not None and (variant is not None or not chosen.variant_id),
    )
