"""Changing prices and counts by machine. Mounted only where the shop has given out keys (setting API_KEYS)."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.ports import UnitOfWork
from shoppable import inputs, keys
from shoppable.api.facts import band_name
from shoppable.api.openapi import Operation, describes
from shoppable.limits import WRONG_KEY
from shoppable.problems import Problem
from shoppable.shapes import NewCount, NewPrice, PriceWritten, StockWritten
from shoppable.site import site

blueprint = Blueprint("api_operators", __name__, url_prefix="/api/v1")


_PROBLEMS = (401, 404, 415, 422, 429)


@blueprint.before_request
def require_key() -> None:
    if keys.given_key_is_valid():
        return
    inputs.take_turn("key", WRONG_KEY)
    raise Problem(401, "key_needed", "This needs a valid key (header Authorization: Bearer …).")


@blueprint.patch("/products/<path:sku>/price")
@describes(Operation("Set the price of a variant", {200: PriceWritten}, body=NewPrice, problems=_PROBLEMS, key=True))
def set_price(sku: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewPrice), keys.name_of_given_key(), site().shop
    list_minor = asked.get("list_price_minor")

    def write(uow: UnitOfWork) -> tuple[Money, bool]:
        found = uow.products.by_sku(sku)
        if found is None:
            raise Problem(404, "no_such_variant", "There is no such variant.")
        currency = found[1].price.currency
        if asked.get("currency", currency) != currency:
            raise Problem(422, "other_currency", "This is sold in {currency}.", currency=currency)
        price = Money(asked["price_minor"], currency)
        list_price = None if list_minor is None else Money(list_minor, currency)
        changed = shop.catalog.set_price(uow, sku, price, list_price)
        if changed:
            details = {"price_minor": price.minor, "list_price_minor": list_minor, "currency": currency}
            uow.audit.add(actor, "set_price", sku, details, shop.clock.now())
        return price, changed

    price, changed = shop.storage.write(write)
    return jsonify(
        {
            "sku": sku,
            "price_minor": price.minor,
            "list_price_minor": list_minor,
            "currency": price.currency,
            "changed": changed,
        }
    )


@blueprint.put("/stock/<path:sku>/<store>")
@describes(
    Operation(
        "Say how many of a variant a store has",
        {200: StockWritten},
        body=NewCount,
        problems=_PROBLEMS,
        key=True,
    )
)
def set_stock(sku: str, store: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewCount), keys.name_of_given_key(), site().shop

    entry = StockEntry(MovementReason.COUNT, sku, store, asked["on_hand"], shop.ids.new_id())
    counted = shop.storage.write(lambda uow: shop.stocktaking.enter(uow, entry, actor=actor))
    if isinstance(counted, Refused):
        raise Problem(404, "no_such_place", "There is no such variant or store.")
    level = counted.level
    return jsonify(
        {
            "sku": sku,
            "store": store,
            "on_hand": level.on_hand,
            "held": level.held,
            "available": level.available,
            "band": band_name(level.band),
        }
    )
