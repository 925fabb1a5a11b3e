"""Waiting for something that is sold out: the browser's own list. News comes to the chat, or to where this person has
another one that can be written to."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Literal, NotRequired

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from commerce.domain.customer import Contact
from commerce.domain.reservation import Refused
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import UnitOfWork
from shoppable import inputs, security, shopper
from shoppable.api.openapi import Operation, describes
from shoppable.api.products import LANG
from shoppable.chat import session
from shoppable.limits import CART, LOOK
from shoppable.problems import Problem
from shoppable.shapes import Iso
from shoppable.site import site
from shoppable.words import NOT_WAITING

blueprint = Blueprint("api_waits", __name__, url_prefix="/api/v1/waits")

_PAGES = frozenset({"web", "webchat"})
_WRITING = (400, 403, 404, 409, 415, 422, 429)


@with_config(ConfigDict(extra="forbid"))
class NewWait(TypedDict):
    """`store`: its id; left out: wherever it comes back."""

    sku: Annotated[str, Field(min_length=1, max_length=128)]
    store: NotRequired[Annotated[str, Field(max_length=64)]]


class WaitFacts(TypedDict):
    """`until`: until when one is held at `held_at`, once it is back."""

    id: str
    sku: str
    store: str
    state: Literal["waiting", "told"]
    since: Iso
    held_at: str
    until: Iso | None


class Waits(TypedDict):
    waits: list[WaitFacts]


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.get("")
@describes(Operation("What this browser's shopper waits for, newest first", {200: Waits}, (LANG,), problems=(429,)))
def mine() -> ResponseReturnValue:
    contact = session.current()
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    with site().shop.storage.read() as uow:
        customer = shopper.customer_of(uow, contact)
        found = site().shop.waiting.open_of(uow, customer.id) if customer else []
        return jsonify({"waits": [facts for each in found if (facts := _facts(uow, each))]})


@blueprint.post("")
@describes(
    Operation("Tell me when it is back", {201: WaitFacts}, (LANG,), body=NewWait, problems=_WRITING)
)  # fmt: skip
def wait() -> ResponseReturnValue:
    security.require_same_origin()
    asked, shop = inputs.body_as(NewWait), site().shop
    contact = session.current()
    inputs.take_turn("cart", CART, contact.address if contact else None)
    known = contact or session.current_or_new()

    def work(uow: UnitOfWork) -> WaitFacts | None:
        sku = asked["sku"]
        found = uow.products.by_sku(sku) if "\0" not in sku else None
        if found is None:
            raise Problem(404, "no_such_variant", "There is no such variant.")
        customer = shopper.recognised(uow, known)
        store = inputs.clean(asked.get("store", ""))
        waiter = shop.waiting.wait(
            uow,
            customer_id=customer.id,
            contact=_reached_at(uow, customer.id, known),
            variant_id=found[1].id,
            store_id=store,
        )
        if isinstance(waiter, Refused):
            raise Problem(409, f"not_waiting_{waiter.reason.value}", NOT_WAITING[waiter.reason])
        return _facts(uow, waiter)

    return jsonify(shop.storage.write(work)), 201


@blueprint.delete("/<wait>")
@describes(Operation("I want it no more", {204: None}, (LANG,), problems=(403, 404, 429)))
def leave(wait: str) -> ResponseReturnValue:
    security.require_same_origin()
    contact = session.current()
    inputs.take_turn("cart", CART, contact.address if contact else None)

    def work(uow: UnitOfWork) -> None:
        customer = shopper.customer_of(uow, contact)
        left = site().shop.waiting.leave(uow, wait[:32], customer.id if customer else "")
        if isinstance(left, Refused):
            raise Problem(404, "no_such_wait", "You do not wait for this.")

    site().shop.storage.write(work)
    return "", 204


def _reached_at(uow: UnitOfWork, customer_id: str, here: Contact) -> Contact:
    """Whoever leaves a page is told where they can be written to, if there is such a place."""
    elsewhere = [each for each in uow.customers.contacts(customer_id) if each.channel not in _PAGES]
    return elsewhere[0] if elsewhere else here


def _facts(uow: UnitOfWork, waiter: StockWaiter) -> WaitFacts | None:
    found = uow.products.by_variant(waiter.variant_id)
    if found is None:
        return None
    return {
        "id": waiter.id,
        "sku": found[1].sku,
        "store": waiter.store_id,
        "state": "told" if waiter.state is WaitState.TOLD else "waiting",
        "since": waiter.created_at.astimezone(UTC).isoformat(),
        "held_at": waiter.told_store_id,
        "until": waiter.until.astimezone(UTC).isoformat() if waiter.until else None,
    }
