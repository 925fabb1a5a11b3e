"""Ready-made replies: the owner writes them, in both languages."""

from __future__ import annotations

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.conversation import PLACES
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.services.again import write_again
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.counter.speaking import NOT_CANNED
from shoppable.language import translate
from shoppable.site import site

PLACE_WORDS = {
    "name": "the customer’s name",
    "member": "your name",
    "order": "number of their latest order",
    "order_status": "how far it is",
    "order_total": "what it costs",
    "item": "what they reserved, or put into the cart last",
    "stock": "where that is in stock now, and how many",
    "code": "pick-up code",
    "until": "until when it is held",
    "store": "name of the store it is about",
    "address": "its address",
    "hours": "until when it is open today, or when it opens",
    "phone": "its telephone number",
}
DONE = {"kept": "Kept.", "removed": "Removed."}


@blueprint.get("/replies")
@access.needs(Permission.RULES)
def replies() -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _replies(translate(DONE[done]) if done in DONE else "")


def _replies(told: str = "", *, wrong: str = "", typed: dict[str, str] | None = None) -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        there = uow.conversations.canned()
    return counter_page(
        "counter/replies.html",
        room="inbox",
        status=422 if wrong else 200,
        replies=there,
        told=told,
        wrong=wrong,
        typed=typed or {},
        places=[(place, translate(PLACE_WORDS[place])) for place in PLACES],
    )


@blueprint.post("/replies")
@access.needs(Permission.RULES)
def keep_reply() -> ResponseReturnValue:
    shop, member = site().shop, access.member()
    title, canned_id = request.form.get("title", "")[:200], request.form.get("id", "")[:32]
    texts = {code: request.form.get(f"text_{code}", "")[:4000] for code in shop.settings.languages}
    result = write_again(shop.storage, lambda uow: shop.canned.keep(uow, member, title, texts, canned_id))
    if isinstance(result, Refused):
        typed = {"id": canned_id, "title": title, **{f"text_{code}": text for code, text in texts.items()}}
        return _replies(wrong=translate(NOT_CANNED[result.reason]), typed=typed)
    return redirect("/staff/replies?done=kept", 303)


@blueprint.post("/replies/<canned_id>/remove")
@access.needs(Permission.RULES)
def remove_reply(canned_id: str) -> ResponseReturnValue:
    shop, member = site().shop, access.member()
    if not canned_id.isalnum() or not shop.storage.write(lambda uow: shop.canned.remove(uow, member, canned_id)):
        abort(404)
    return redirect("/staff/replies?done=removed", 303)
