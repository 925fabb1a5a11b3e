"""The make-believe provider's own page: where a trial order is paid, declined, given up or left for later.

It stands for a page that a real provider has on its own site. Only there while FAKE_PAYMENTS is on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.money import Money
from commerce.errors import StorageError
from commerce.payments.fake import PAGE, FakeProvider, FakeSession, SessionState
from shoppable import inputs, shopper
from shoppable.limits import CART
from shoppable.pages.frame import page
from shoppable.payment_callbacks import callback_url
from shoppable.site import site

if TYPE_CHECKING:
    from commerce.wiring import Shop

blueprint = Blueprint("fake_payment", __name__)
shopper.keep_to_one_person(blueprint)

NAME = "fake"
_REF = re.compile(r"[A-Za-z0-9_-]{8,64}")


def _provider() -> FakeProvider:
    provider = site().shop.providers[NAME]
    assert isinstance(provider, FakeProvider)
    return provider


def _session(ref: str) -> FakeSession:
    found = _provider().session(ref) if _REF.fullmatch(ref) else None
    if found is None or found.id != ref:
        abort(404)
    return found


@blueprint.get(f"{PAGE}<ref>")
def show(ref: str) -> ResponseReturnValue:
    found = _session(ref)
    lines = [(line, Money(line.total_minor, found.amount.currency)) for line in found.lines]
    return page("fake_payment.html", paid=found, lines=lines, is_open=found.state is SessionState.OPEN)


@blueprint.post(f"{PAGE}<ref>")
def play(ref: str) -> ResponseReturnValue:
    """One of the four buttons. What happened is told to the shop by the provider's own signed call, as for real; the
    way back says nothing about money."""
    inputs.take_turn("cart", CART)
    provider, found = _provider(), _session(ref)
    to = found.return_url
    match request.form.get("do", ""):
        case "pay":
            provider.pay_session(ref)
        case "decline":
            provider.decline_session(ref)
        case "cancel":
            provider.cancel_session(ref)
            to = found.cancel_url
        case "later":
            to = found.cancel_url
    tell_the_shop(site().shop)
    response = redirect(to, 303)
    assert isinstance(response, Response)
    return response


def tell_the_shop(shop: Shop) -> None:
    """The provider's calls that are due, believed as little as a real one's. What is not taken comes again."""
    provider = shop.providers.get(NAME)
    if not isinstance(provider, FakeProvider):
        return

    def receive(body: bytes, headers: Mapping[str, str]) -> bool:
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            return shop.paying.receive(NAME, body, lowered, callback_url(shop, NAME)).status == 200
        except StorageError:
            return False

    provider.deliver(receive)
