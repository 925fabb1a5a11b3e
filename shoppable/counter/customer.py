"""Everything between one customer and the shop, the newest first: on every channel, in every store."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.conversation import Touch, TouchKind
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_day, format_money, format_time
from commerce.ports import UnitOfWork
from shoppable import came_from
from shoppable.counter import access, facts, thread
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.counter.speaking import OFFER_KINDS, RESERVATION_STATES, TOUCH_KINDS, TOUCH_WORDS, channel_name, said
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import ORDER_STATES

TOUCHES, MOST_ROUNDS = 100, 20
_MOST_LINKED = 100
_ID = re.compile(r"[0-9a-f]{32}")
_STATES = {state.value: words for state, words in ORDER_STATES.items()}


@dataclass(frozen=True, slots=True)
class TouchShown:
    kind: str
    kind_words: str
    time: str
    at_iso: str
    channel: str
    what: str
    text: str
    who: str
    path: str


@blueprint.get("/customers/<customer_id>")
@access.needs(Permission.CUSTOMERS)
def customer(customer_id: str) -> ResponseReturnValue:
    member, shop, kind = access.member(), site().shop, _kind()
    with shop.storage.read() as uow:
        found = uow.customers.get(customer_id) if _ID.fullmatch(customer_id) else None
        if found is None:
            abort(404)
        if found.id != customer_id:
            return redirect(f"/staff/customers/{found.id}", 303)
        zone = thread.zone_of(uow, member)
        touches, rest = _touches(uow, found.id, kind, _before())
        names = {f"staff:{each.id}": each.name for each in uow.team.all()}
        pages = _pages(uow, member, found.id)
        shown = [_shown(uow, touch, pages, found.id, names, zone) for touch in touches]
        talk = facts.talk(uow, member, found.id, before_id=None, limit=1)
        sizes = shop.customers.sizes(uow, found.id)
        brought_by = came_from.in_words(uow, found.came_from)
    return counter_page(
        "counter/customer.html",
        room="inbox",
        talk=talk,
        customer=found,
        since=format_day(found.created_at, language(), zone),
        sizes=sizes,
        came_from=brought_by,
        touches=shown,
        kinds=[(each.value, translate(words), each is kind) for each, words in TOUCH_KINDS.items()],
        kind=kind.value if kind else "",
        older=to_us(rest) if rest else 0,
    )


def _touches(
    uow: UnitOfWork, customer_id: str, kind: TouchKind | None, before: datetime | None
) -> tuple[list[Touch], datetime | None]:
    """Of that kind, and from when on there are older ones (None: there are none)."""
    kept: list[Touch] = []
    for _ in range(MOST_ROUNDS):
        page = uow.conversations.touches(customer_id, before=before, limit=TOUCHES)
        kept += [touch for touch in page if kind is None or touch.kind is kind]
        if len(page) < TOUCHES:
            return kept, None
        before = page[-1].at
        if len(kept) >= TOUCHES or kind is None:
            break
    return kept, before


def _shown(
    uow: UnitOfWork, touch: Touch, pages: dict[str, str], customer_id: str, names: dict[str, str], zone: str
) -> TouchShown:
    local = touch.at.astimezone(ZoneInfo(zone))
    text, path = touch.text, ""
    match touch.kind:
        case TouchKind.RESERVATION:
            what = said(TOUCH_WORDS | RESERVATION_STATES, touch.what)
            path = pages.get(touch.subject, "")
        case TouchKind.ORDER:
            what = said(TOUCH_WORDS | _STATES, touch.what)
            path = pages.get(touch.subject, "")
            text = translate("No. {number}", number=touch.text)
        case TouchKind.PAYMENT:
            what = said(TOUCH_WORDS, touch.what)
            amount = format_money(Money(abs(touch.amount_minor), touch.currency), language())
            text = f"{amount} · {translate('No. {number}', number=touch.text)}"
            path = pages.get(touch.subject, "")
        case TouchKind.CART | TouchKind.WAITING:
            what = said(TOUCH_WORDS, touch.what)
            text = _thing(uow, touch)
        case TouchKind.OFFER:
            what = said(TOUCH_WORDS, touch.what)
            text = _thing(uow, replace(touch, text=said(OFFER_KINDS, touch.text) if touch.text else ""))
        case TouchKind.READING:
            what = said(TOUCH_WORDS, touch.what)
            lookbook_id, _, product_id = touch.subject.partition(":")
            book = uow.lookbooks.get(lookbook_id) if lookbook_id else None
            product = uow.products.get(int(product_id)) if product_id else None
            titles = [found.title(language()) for found in (book, product) if found is not None]
            text = " · ".join(part for part in (*titles, touch.text) if part)
        case TouchKind.MESSAGE_IN | TouchKind.MESSAGE_OUT | TouchKind.NOTE:
            what = said(TOUCH_WORDS, touch.what) if touch.what else ""
            path = f"/staff/inbox/{customer_id}"
        case _:
            what = said(TOUCH_WORDS, touch.what)
    return TouchShown(
        kind=touch.kind.value,
        kind_words=translate(TOUCH_KINDS[touch.kind]),
        time=f"{format_day(local, language(), zone)} {format_time(local, language(), zone)}",
        at_iso=touch.at.astimezone(UTC).isoformat(),
        channel=", ".join(channel_name(channel) for channel in touch.channel.split(", ") if channel),
        what=what,
        text=text,
        who=names.get(touch.actor, ""),
        path=path,
    )


def _pages(uow: UnitOfWork, member: StaffMember, customer_id: str) -> dict[str, str]:
    """The pages about their orders and reservations, by id: those of stores at which the member works."""
    orders = uow.orders.of_customer(customer_id, _MOST_LINKED)
    held = uow.reservations.of_customer(customer_id, only_open=False)[:_MOST_LINKED]
    return {
        order.id: f"/staff/orders/{order.id}" for order in orders if member.may(Permission.ORDERS, order.store_id)
    } | {
        each.id: f"/staff/pick-ups/reservation/{each.id}"
        for each in held
        if member.may(Permission.PICK_UPS, each.store_id)
    }


def _thing(uow: UnitOfWork, touch: Touch) -> str:
    found = uow.products.by_variant(int(touch.subject)) if touch.subject.isdecimal() else None
    if found is None:
        return touch.text
    product, variant = found
    return " · ".join(part for part in (product.title(language()), variant.size, touch.text) if part)


def _kind() -> TouchKind | None:
    asked = request.args.get("kind", "")
    return TouchKind(asked) if asked in {each.value for each in TouchKind} else None


def _before() -> datetime | None:
    asked = request.args.get("before", "")
    return from_us(int(asked)) if re.fullmatch(r"[0-9]{1,17}", asked) else None
