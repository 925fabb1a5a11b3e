"""Stores: where they are, when they are open, and which of them has a thing."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.search import NearRequest
from commerce.domain.staff import StorePause
from commerce.domain.store import Store
from shoppable import coming, inputs
from shoppable.api import facts
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.products import LANG, NEAR
from shoppable.problems import Problem
from shoppable.shapes import Slots, Stores
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("api_stores", __name__, url_prefix="/api/v1")


@blueprint.get("/stores")
@describes(
    Operation(
        "Stores, nearest first where a place is given; with a variant, how much of it each has",
        {200: Stores},
        (LANG, NEAR, Parameter("variant", "SKU of a variant.")),
        problems=(400, 404),
    )
)
def stores() -> ResponseReturnValue:
    shop, near, sku = site().shop, inputs.near(), request.args.get("variant", "")
    at = shop.clock.now()
    if sku:
        with shop.storage.read() as uow:
            found = uow.products.by_sku(inputs.words_of("variant", longest=128))
        if found is None:
            raise Problem(404, "no_such_variant", "There is no such variant.")
        offers = shop.discovery.stores_with(NearRequest(found[1].id, near, include_empty=True), at)
        pauses = _pauses(offer.store for offer in offers)
        listed = [
            facts.store_facts(
                offer.store, at, distance_m=offer.distance_m, band=offer.band, pause=pauses.get(offer.store.id)
            )
            for offer in offers
        ]
    else:
        shelf = Shelf(shop.catalog.stores(), (), at=at, near=near)
        pauses = _pauses(shelf.stores)
        listed = [
            facts.store_facts(store, at, distance_m=shelf.distance_m.get(store.id), pause=pauses.get(store.id))
            for store in shelf.stores
        ]
    return jsonify({"stores": listed})


@blueprint.get("/stores/<store>/slots")
@describes(
    Operation(
        "When one could come to a store to collect what is ordered now; checkout takes one of them",
        {200: Slots},
        (LANG,),
        problems=(404,),
    )
)
def slots(store: str) -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        found = uow.stores.get(store)
        if found is None:
            raise Problem(404, "no_such_store", "There is no such store.")
        offered = shop.checkout.times_to_come(uow, found)
    listed = [
        {
            "starts_at": coming.written(slot.starts_at),
            "ends_at": coming.written(slot.ends_at),
            "left": slot.left,
            "words": coming.in_words(slot.starts_at, found),
        }
        for slot in offered
    ]
    return jsonify({"slots": listed})


def _pauses(stores: Iterable[Store]) -> dict[str, StorePause]:
    """Which of them take no online orders now."""
    shop = site().shop
    with shop.storage.read() as uow:
        return shop.pausing.those_in_force(uow, [store.id for store in stores])
