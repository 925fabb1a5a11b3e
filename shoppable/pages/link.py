"""One person on two doors: a one-time link from a conversation, shown for what it does, accepted by a button."""

from __future__ import annotations

import re

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import MergeChoice
from commerce.domain.linking import Linked, NotLinked
from commerce.domain.reservation import Refused
from shoppable import inputs, shopper
from shoppable.chat import session
from shoppable.language import translate
from shoppable.limits import CHECKOUT
from shoppable.pages.frame import page
from shoppable.site import site

blueprint = Blueprint("link", __name__)
shopper.keep_to_one_person(blueprint)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,40}")

NOT_LINKED = {
    NotLinked.UNKNOWN: "We do not know this link. Ask for a new one.",
    NotLinked.ALREADY_USED: "This link was already used.",
    NotLinked.EXPIRED: "This link is over. Ask for a new one.",
    NotLinked.SAME_CUSTOMER: "This is you already: your cart and your orders are here.",
}
_STATUS = {NotLinked.UNKNOWN: 404, NotLinked.ALREADY_USED: 410, NotLinked.EXPIRED: 410}
_CHANNELS = {"telegram": "Telegram", "whatsapp": "WhatsApp", "messenger": "Messenger", "instagram": "Instagram"}


@blueprint.get("/link/<token>")
def show(token: str) -> ResponseReturnValue:
    """Whom it joins. Nothing happens before the button is pressed."""
    inputs.take_turn("link", CHECKOUT)
    if not _TOKEN.fullmatch(token):
        return _refused(NotLinked.UNKNOWN)
    contact, shop = session.current_or_new(), site().shop
    with shop.storage.read() as uow:
        preview = shop.linking.preview(uow, token, contact)
    if isinstance(preview, Refused):
        return _refused(preview.reason)
    return page(
        "link.html",
        preview=preview,
        refused="",
        theirs=", ".join(_CHANNELS.get(each, translate("this shop’s pages")) for each in preview.joined_channels),
    )


@blueprint.post("/link/<token>")
def accept(token: str) -> ResponseReturnValue:
    inputs.take_turn("link", CHECKOUT)
    contact = session.current()
    if contact is None or not _TOKEN.fullmatch(token):  # the page that asks has given this browser its cookie
        return _refused(NotLinked.UNKNOWN)
    chosen, shop = request.form.get("choice", ""), site().shop
    if request.form.get("answer") == "no":  # whoever has the link has it for nothing
        shop.storage.write(lambda uow: shop.linking.decline(uow, token, contact))
        return redirect("/", 303)
    choice = MergeChoice(chosen) if chosen in set(MergeChoice) else None
    result: Linked | Refused[NotLinked] = shop.storage.write(
        lambda uow: shop.linking.accept(uow, token, contact, choice)
    )
    if isinstance(result, Refused):
        return _refused(result.reason)
    response = redirect("/cart?said=linked", 303)
    assert isinstance(response, Response)
    return response


def _refused(reason: NotLinked) -> ResponseReturnValue:
    return page("link.html", preview=None, refused=translate(NOT_LINKED[reason])), _STATUS.get(reason, 200)
