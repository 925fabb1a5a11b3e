"""Links that fill a cart: `/buy/SKU:2,OTHER?coupon=CODE&from=link:code`. They change this browser's own cart and never
charge. `from` names the short link that counts them, as in the mails of a campaign."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import MAX_LINES, MAX_QUANTITY, Cart
from commerce.domain.moments import from_us, to_us
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from commerce.services.short_links import CODE, source_of
from shoppable import brought, inputs, shopper
from shoppable.chat import session
from shoppable.limits import CART
from shoppable.pages.cart import back
from shoppable.problems import Problem
from shoppable.site import site

blueprint = Blueprint("buy", __name__)

LONGEST = 2_000
_LONGEST_SKU = 128
_LONGEST_CODE = 40
_COME_BACK_S = 1
_REMEMBERED = timedelta(days=90)
SOURCE = "link"


@dataclass(frozen=True, slots=True)
class Asked:
    """`quantity` None: it could not be read."""

    sku: str
    quantity: int | None


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.get("/buy/<path:items>")
def buy(items: str) -> ResponseReturnValue:
    """Sees to it that the cart holds at least what the link asks for: following it twice adds nothing more, and brings
    nothing back that was taken out in between, unless it was bought.

    What is not sold here is named on the cart's page, and the rest is kept.
    """
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        # Nobody has followed it yet. Browsers throw such an answer away and ask again when somebody does.
        return Response(status=503, headers={"Retry-After": str(_COME_BACK_S)})
    if request.method == "HEAD":
        return back("")
    coupon = inputs.words_of("coupon", longest=_LONGEST_CODE)
    asked = asked_for(items)
    contact = session.current()
    inputs.take_turn("cart", CART, contact.address if contact else None)
    known = contact or session.current_or_new()
    code = _link_named()

    def work(uow: UnitOfWork) -> tuple[str, list[str], bool]:
        link = uow.short_links.get(code) if code else None
        if link is not None:
            site().shop.short_links.followed(uow, link)
        source = source_of(code) if link is not None else brought.source(otherwise=SOURCE)
        return *_fill(uow, shopper.recognised(uow, known).id, asked, coupon, source), link is not None

    said, unknown, is_known = site().shop.storage.write(work)
    response = back(said, unknown=unknown)
    return brought.remember(response, source_of(code)) if is_known else response


def _link_named() -> str:
    """The code of the short link in `from`; '' for anything else."""
    kind, _, code = request.args.get("from", "").partition(":")
    return code if kind == "link" and CODE.fullmatch(code) else ""


class _Before:
    """What this link has brought into this cart already, and since when: what was bought since may be brought again."""

    def __init__(self, uow: UnitOfWork, cart: Cart, asked: list[Asked]) -> None:
        named = ",".join(sorted(f"{each.sku}:{each.quantity}" for each in asked))
        self._uow, self._customer_id, self._now = uow, cart.customer_id, site().shop.clock.now()
        self._key = f"link:{cart.id}:{hashlib.blake2b(named.encode(), digest_size=16).hexdigest()}"
        kept = uow.state.get(self._key, self._now)
        self._brought: dict[str, int] = json.loads(kept) if kept else {}

    def has_brought(self, variant_id: int) -> bool:
        if (at_us := self._brought.get(str(variant_id))) is None:
            return False
        since = from_us(at_us)
        return not any(
            line.variant_id == variant_id
            for order in self._uow.orders.of_customer(self._customer_id)
            if order.created_at >= since
            for line in order.lines
        )

    def bring(self, variant_id: int) -> None:
        self._brought[str(variant_id)] = to_us(self._now)

    def keep(self) -> None:
        if self._brought:
            self._uow.state.put(self._key, json.dumps(self._brought), self._now + _REMEMBERED)


def asked_for(items: str) -> list[Asked]:
    """What the link names, each SKU once with its largest quantity. Raises Problem where it is too long."""
    parts = [part.strip() for part in items.split(",") if part.strip()]
    if len(items) > LONGEST or len(parts) > MAX_LINES:
        raise Problem(400, "long_link", "This link asks for too much at once.")
    found: dict[str, int | None] = {}
    for part in parts:
        sku, colon, number = part.rpartition(":")
        sku, number = (sku, number) if colon else (part, "1")
        ok = number.isascii() and number.isdigit() and len(number) <= 4 and 1 <= int(number) <= MAX_QUANTITY
        before = found.get(sku)
        found[sku] = max(int(number), before or 0) if ok else before
    return [Asked(sku[:_LONGEST_SKU], quantity) for sku, quantity in found.items()]


def _fill(uow: UnitOfWork, customer_id: str, asked: list[Asked], coupon: str, source: str) -> tuple[str, list[str]]:
    """What to say of it, and the SKUs that are not sold here (or not that many at once)."""
    shop, carts = site().shop, site().shop.carts
    cart = uow.carts.create(shop.ids.new_id(), customer_id, shop.clock.now())
    # The same link twice at the same moment must not add twice.
    cart = uow.carts.of_customer(customer_id, locked=True) or cart
    there = {line.variant_id: line.quantity for line in cart.wanted}
    before = _Before(uow, cart, asked)
    said, unknown, filled = "", [], False
    for each in asked:
        found = uow.products.by_sku(each.sku)
        if found is None or not found[0].active or each.quantity is None:
            unknown.append(each.sku)
            continue
        missing = each.quantity - there.get(found[1].id, 0)
        if missing > 0 and before.has_brought(found[1].id):
            said = said or "taken_out"
            continue
        result = carts.add(uow, customer_id, found[1].id, missing, source) if missing > 0 else None
        if isinstance(result, Refused):
            said = f"not_{result.reason.value}"
        else:
            filled = True
            before.bring(found[1].id)
    before.keep()
    if coupon:
        refused = carts.apply_coupon(uow, customer_id, coupon)
        if isinstance(refused, Refused):
            said = said or f"not_{refused.reason.value}"
    return said or ("filled" if filled else ""), unknown
