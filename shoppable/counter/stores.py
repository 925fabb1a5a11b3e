"""What a store takes on: pausing it for a while, and the hours and numbers in which people may come."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.collecting import CollectingRules
from commerce.domain.reservation import Refused
from commerce.domain.staff import PauseMethod
from commerce.domain.team import Permission
from commerce.i18n import format_deadline
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site

PAUSE_MINUTES = (15, 30, 60, 120, 240, 720)
METHODS = {
    PauseMethod.ALL: "Reservations and pick-ups",
    PauseMethod.RESERVE: "Reservations",
    PauseMethod.PICKUP: "Orders to be collected",
}
DONE = {
    "paused": "Paused: shoppers are told until when, and offered other stores.",
    "resumed": "Open for orders again.",
    "rules": "Saved.",
}


@blueprint.get("/stores")
@access.needs(Permission.PAUSE)
def stores() -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _stores(Told(translate(DONE[done])) if done in DONE else None)


def _stores(told: Told | None, status: int = 200) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    now = shop.clock.now()
    with shop.storage.read() as uow:
        own = [store for store in uow.stores.all() if member.works_at(store.id)]
        pauses = {store.id: shop.pausing.each_in_force(uow, store.id) for store in own}
        rules = {store.id: uow.pick_ups.rules(store.id) for store in own}
    return counter_page(
        "counter/stores.html",
        room="stores",
        status=status,
        told=told,
        minutes=[(each, _length(each)) for each in PAUSE_MINUTES],
        methods=[(method.value, translate(label)) for method, label in METHODS.items()],
        stores=[
            {
                "store": store,
                "pauses": [
                    (pause, format_deadline(pause.until, now, language(), store.timezone)) for pause in pauses[store.id]
                ],
                "rules": rules[store.id],
            }
            for store in own
        ],
        may_rule=member.may(Permission.RULES),
    )


def _length(minutes: int) -> str:
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"


@blueprint.post("/stores/<store>/pause")
@access.needs(Permission.PAUSE)
def pause_store(store: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    store_id = access.own_store(store).id
    given = request.form.get("minutes", "")
    minutes = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 30
    until = shop.clock.now() + timedelta(minutes=minutes)
    reason = inputs.clean(request.form.get("reason", ""))[:200]
    method, actor = _method(), f"staff:{member.id}"
    made = shop.storage.write(lambda uow: shop.pausing.pause(uow, store_id, until, reason, actor=actor, method=method))
    site().wake()
    if isinstance(made, Refused):
        return _stores(Told(translate("A pause lasts at most a month."), is_bad=True), 422)
    return redirect("/staff/stores?done=paused", 303)


@blueprint.post("/stores/<store>/resume")
@access.needs(Permission.PAUSE)
def resume_store(store: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    store_id = access.own_store(store).id
    method, actor = _method(), f"staff:{member.id}"
    shop.storage.write(lambda uow: shop.pausing.resume(uow, store_id, actor=actor, method=method))
    site().wake()
    return redirect("/staff/stores?done=resumed", 303)


def _method() -> PauseMethod:
    """What no form of ours sends means everything."""
    given = request.form.get("method", "")
    return next((method for method in METHODS if method.value == given), PauseMethod.ALL)


@blueprint.post("/stores/<store>/rules")
@access.needs(Permission.RULES)
def store_rules(store: str) -> ResponseReturnValue:
    member, shop, form = access.member(), site().shop, request.form
    store_id = access.own_store(store).id
    numbers = {}
    for name, least, most in (("slot_minutes", 5, 480), ("slot_capacity", 0, 1000), ("prep_minutes", 0, 10_080)):
        given = form.get(name, "")
        value = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else -1
        if not least <= value <= most:
            return _stores(
                Told(
                    translate("A number is out of bounds: from {least} to {most}.", least=least, most=most), is_bad=True
                ),
                422,
            )
        numbers[name] = value
    rules = CollectingRules(store_id, curbside=form.get("curbside") == "yes", **numbers)

    shop.storage.write(lambda uow: shop.slots.set_rules(uow, rules, actor=f"staff:{member.id}"))
    return redirect("/staff/stores?done=rules", 303)
