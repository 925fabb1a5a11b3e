"""What we think this shopper may like, why, and their word on it. A part of it stands on other pages too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.recommending import LONGEST, Choice
from commerce.ports import UnitOfWork
from shoppable import inputs, recommended, security, shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import CART, SEARCH
from shoppable.pages.cards import Card, card
from shoppable.pages.frame import page
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("for_you", __name__)

ON_A_PAGE = 4  # of another page's own


@dataclass(frozen=True, slots=True)
class Block:
    cards: list[Card]
    choice: Choice
    is_personal: bool


@blueprint.get("/for-you")
def for_you() -> Response:
    inputs.take_turn("search", SEARCH)
    contact = session.current()
    answer = page("for_you.html", block=_block(recommended.shown_to(contact, limit=LONGEST)), done=_done())
    return shopper.private(answer)


@blueprint.post("/for-you/choice")
def choice() -> ResponseReturnValue:
    """Yes or no, from the switch or from the tick under a catalogue; a script that asks for `X-Part: choice` stays
    where it is. A no makes nobody known: whom the shop does not know it recognises nowhere."""
    security.require_same_origin()
    known = session.current()
    inputs.take_turn("cart", CART, known.address if known else None)
    allowed = request.form.get("allowed") == "yes"
    is_reader = request.form.get("where") == "catalogue"
    contact = session.current_or_new() if allowed else known
    shop = site().shop

    def work(uow: UnitOfWork) -> None:
        customer = shopper.recognised(uow, contact) if contact and allowed else shopper.customer_of(uow, contact)
        if customer is None or contact is None:
            return
        said = recommended.READER if is_reader else recommended.ALLOW if allowed else recommended.REFUSE
        shop.recommending.choose(
            uow,
            customer.id,
            allowed=allowed,
            wording=translate(said),
            language=language(),
            channel=contact.channel,
            source="catalogue" if is_reader else "page",
        )

    shop.storage.write(work)
    if request.headers.get("X-Part") == "choice":
        return session.keep(Response(status=204))
    response = make_response(redirect(f"/for-you?done={'yes' if allowed else 'no'}", 303))
    return shopper.private(response)


def beside(but: Collection[int] = ()) -> Block | None:
    """For a page about something else, which shows the products `but` by itself. None for whom the shop does not
    know."""
    contact = session.current()
    if contact is None:
        return None
    block = _block(recommended.shown_to(contact, limit=ON_A_PAGE, but=but))
    return block if block.cards else None


def _block(shown: recommended.Shown) -> Block:
    shop = site().shop
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [each.product for each in shown.items], shop.clock.now())
    cards = [card(each.product, shelf, each.variants, note=recommended.because(each)) for each in shown.items]
    return Block(cards, shown.choice, shown.is_personal)


def _done() -> str:
    said = request.args.get("done", "")
    return said if said in ("yes", "no") else ""
