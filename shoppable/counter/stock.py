"""The shelves of a store: sold, counted, damaged, not found, back; and who moved what. A scanner types the barcode."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import ENTERED, NotCounted, StockEntry
from commerce.domain.team import Permission
from commerce.i18n import format_moment
from commerce.ports import UnitOfWork
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.counter.pick_up import names, who
from shoppable.language import language, translate
from shoppable.site import site

_MOST_FOUND, _MOST_MOVEMENTS = 20, 30
REASONS = {
    MovementReason.SALE: "Sold",
    MovementReason.COUNT: "Counted",
    MovementReason.DAMAGE: "Damaged",
    MovementReason.NOT_FOUND: "Cannot be found",
    MovementReason.RETURN: "Back on the shelf",
    MovementReason.FEED: "From a file",
    MovementReason.HOLD: "Put aside",
    MovementReason.RELEASE: "Free again",
    MovementReason.COLLECT: "Handed over",
}
NOT_COUNTED = {
    NotCounted.NO_SUCH_VARIANT: "There is no such variant.",
    NotCounted.NO_SUCH_STORE: "There is no such store.",
    NotCounted.QUANTITY: "This is no number of units.",
    NotCounted.REFERENCE: "The reference is missing or too long.",
    NotCounted.NOT_THAT_MANY: "There are not that many on the shelf.",
    NotCounted.HELD_ONLINE: "They are held for somebody online. Tick the box to take them all the same: whoever loses "
    "them is told and offered something else.",
    NotCounted.PAID_FOR: "Somebody has paid for them already.",
}


@blueprint.get("/stock")
@access.needs(Permission.STOCK)
def stock() -> ResponseReturnValue:
    return _stock(None)


def _stock(told: Told | None, status: int = 200) -> ResponseReturnValue:
    member, shop, spoken = access.member(), site().shop, language()
    words = inputs.clean(request.values.get("q", ""))[:120]
    with shop.storage.read() as uow:
        stores = [store for store in uow.stores.all() if member.works_at(store.id)]
        ids = {store.id for store in stores}
        store_id = request.values.get("store", "")
        store_id = store_id if store_id in ids else next((store.id for store in stores), "")
        found = _variants(uow, words, spoken) if words else []
        levels = {level.variant_id: level for level in uow.stock.levels([v.id for _, v in found], store_id)}
        movements = []
        if len(found) == 1:
            listed = shop.stocktaking.movements(uow, found[0][1].sku, store_id, limit=_MOST_MOVEMENTS)
            movements = [] if isinstance(listed, Refused) else listed
    people, zone = names(), shop.settings.timezone
    return counter_page(
        "counter/stock.html",
        room="stock",
        status=status,
        told=told,
        words=words,
        stores=stores,
        store_id=store_id,
        shelves=[(product, variant, levels.get(variant.id)) for product, variant in found],
        movements=[
            (
                format_moment(each.at, spoken, zone),
                translate(REASONS[each.reason]),
                each.on_hand_change,
                each.held_change,
                who(uow_names=people, actor=each.actor) if each.actor else "",
                each.note,
            )
            for each in movements
        ],
        reasons=[(each.value, translate(REASONS[each])) for each in MovementReason if each in ENTERED],
        reference=shop.ids.new_id(),
    )


def _variants(uow: UnitOfWork, words: str, spoken: str) -> list[tuple[Product, Variant]]:
    """By SKU or barcode exactly; else what the shop's own search finds, every variant of it."""
    exact = uow.products.by_sku(words) or uow.products.by_gtin(words)
    if exact is not None:
        return [exact]
    shop = site().shop
    result = shop.discovery.search(shop.asking.request(words, language=spoken, limit=_MOST_FOUND))
    found = [(each.product, variant) for each in result.found for variant in each.product.variants]
    return found[:_MOST_FOUND]


@blueprint.post("/stock")
@access.needs(Permission.STOCK)
def enter_stock() -> ResponseReturnValue:
    """The form's reference makes it count once, however often it is sent."""
    member, shop, form = access.member(), site().shop, request.form
    store_id = access.own_store(form.get("store", "")).id
    units, reason = form.get("quantity", ""), form.get("reason", "")
    if reason not in {each.value for each in ENTERED} or not (units.isascii() and units.isdecimal() and len(units) < 7):
        return _stock(Told(translate(NOT_COUNTED[NotCounted.QUANTITY]), is_bad=True), 422)
    entry = StockEntry(
        MovementReason(reason),
        inputs.clean(form.get("sku", "")),
        store_id,
        int(units),
        inputs.clean(form.get("reference", "")),
        inputs.clean(form.get("note", ""))[:200],
        override=form.get("override") == "yes",
    )
    taken = shop.storage.write(lambda uow: shop.stocktaking.enter(uow, entry, actor=f"staff:{member.id}"))
    if isinstance(taken, Refused):
        return _stock(Told(translate(NOT_COUNTED[taken.reason]), is_bad=True), 409)
    site().wake()
    told = translate("{sku}: {on_hand} on the shelf now.", sku=entry.sku, on_hand=taken.level.on_hand)
    if taken.lost:
        told += " " + translate("Whoever had reserved them has been told.")
    return _stock(Told(told))
