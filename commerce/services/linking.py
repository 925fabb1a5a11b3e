"""Two contacts, one person: a one-time token joins them, both look first, and it can be undone.

A token is made on one side and accepted on the other: whoever accepts acts (a tap) and has been shown whom they join.
Nothing else joins people: no e-mail address, no name, no telephone number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from commerce.domain.cart import MAX_QUANTITY, Cart, CartLine, CheckoutDraft, MergeChoice
from commerce.domain.customer import Contact, Customer
from commerce.domain.linking import CustomerMerge, Linked, LinkPreview, LinkToken, NotLinked, TokenPurpose
from commerce.domain.mail import OutboundMessage
from commerce.domain.reservation import Refused
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.carts import Carts
from commerce.services.customers import Customers

TOKEN_LASTS = timedelta(minutes=30)
_LONGEST_NOTE = 128

NOTICE_LINKED = "linked"  # to where the token was made
_PAGES = frozenset({"web", "webchat"})  # whoever made one on a page sees the page


class Linking:
    """All verbs belong to the caller's unit of work. `key` makes what is stored of a token useless to its readers."""

    def __init__(self, clock: Clock, ids: Ids, customers: Customers, carts: Carts, key: bytes) -> None:
        self._clock, self._ids, self._customers, self._carts, self._key = clock, ids, customers, carts, key

    def offer(self, uow: UnitOfWork, customer_id: str, contact: Contact, purpose: TokenPurpose, note: str = "") -> str:
        """A token for this person to carry to another door: 32 hexadecimal digits, 128 bits. It works once, for half an
        hour. `note` tells where it was made."""
        token, now = self._ids.new_id(), self._clock.now()
        uow.links.add_token(
            LinkToken(
                digest=self._digest(token),
                purpose=purpose,
                customer_id=customer_id,
                contact=contact,
                note=note[:_LONGEST_NOTE],
                created_at=now,
                expires_at=now + TOKEN_LASTS,
            )
        )
        return token

    def preview(self, uow: UnitOfWork, token: str, contact: Contact) -> LinkPreview | Refused[NotLinked]:
        """What `accept` would do for whoever writes from `contact`. Changes nothing."""
        found = self._usable(uow, token)
        if isinstance(found, Refused):
            return found
        joined, kept = uow.customers.by_contact(found.contact), uow.customers.by_contact(contact)
        if joined is None:
            return Refused(NotLinked.UNKNOWN)
        if kept is not None and kept.id == joined.id:
            return Refused(NotLinked.SAME_CUSTOMER)
        brought = self._carts.of(uow, joined.id)
        own = self._carts.of(uow, kept.id) if kept else None
        return LinkPreview(
            kept_id=kept.id if kept else "",
            kept_name=kept.name if kept else "",
            kept_channels=_channels(uow, kept) if kept else (contact.channel,),
            joined_id=joined.id,
            joined_name=joined.name,
            joined_channels=_channels(uow, joined),
            both_carts_filled=bool(brought and brought.wanted and own and own.wanted),
            brings_cart=bool(brought and brought.lines),
            made_at=found.created_at,
            note=found.note or _source(brought),
        )

    def accept(
        self, uow: UnitOfWork, token: str, contact: Contact, choice: MergeChoice | None = None
    ) -> Linked | Refused[NotLinked]:
        """Makes the two one: whoever writes from `contact` stays, whoever made the token becomes them. Without a
        choice both carts are kept."""
        found = self._usable(uow, token)
        if isinstance(found, Refused):
            return found
        kept = self._customers.recognise(uow, contact)
        joined = uow.customers.by_contact(found.contact)
        if joined is None:
            return Refused(NotLinked.UNKNOWN)
        if kept.id == joined.id:
            return Refused(NotLinked.SAME_CUSTOMER)
        # Both rows stay ours until the end, taken in one order: two links that cross do not swap two people.
        for person in sorted((kept, joined), key=lambda each: each.id):
            uow.customers.update(person)
        if uow.customers.by_contact(found.contact) != joined or uow.customers.by_contact(contact) != kept:
            return Refused(NotLinked.UNKNOWN)
        now = self._clock.now()
        if not uow.links.use_token(found.digest, now):
            return Refused(NotLinked.ALREADY_USED)
        own, brought = self._carts.lock(uow, kept.id, joined.id)
        merged = self._carts.merge(uow, brought_id=joined.id, into_id=kept.id, choice=choice or MergeChoice.KEEP_BOTH)
        moved: dict[str, Any] = {
            "shop": uow.links.join(kept.id, joined.id),
            "kept": _written(own),
            "joined": _written(brought),
            "merged": _written(merged.cart),
            "draft_taken": own.draft != merged.cart.draft,
            "name_taken": not kept.name and bool(joined.name),
            "language_taken": not kept.language and bool(joined.language),
            "came_from": kept.came_from,
        }
        first, then = sorted((kept, joined), key=lambda each: each.created_at)
        kept = replace(
            kept,
            name=kept.name or joined.name,
            language=kept.language or joined.language,
            came_from=first.came_from or then.came_from,
        )
        uow.customers.update(kept)
        uow.customers.brought_by(kept.id, kept.came_from)
        merge = CustomerMerge(self._ids.new_id(), kept.id, joined.id, now, json.dumps(moved, ensure_ascii=False))
        uow.links.add_merge(merge)
        uow.audit.add(f"shopper:{kept.id}", "link", joined.id, {"merge": merge.id, "note": found.note}, now)
        if found.contact.channel not in _PAGES:
            body = json.dumps({"merge_id": merge.id, "channel": contact.channel, "language": joined.language})
            uow.outbox.add(OutboundMessage(found.contact, NOTICE_LINKED, body), now)
        return Linked(merge, kept, merged, found.note or _source(brought))

    def decline(self, uow: UnitOfWork, token: str, contact: Contact) -> None:
        """« That was not me »: the token opens nothing any more, for nobody."""
        found = self._usable(uow, token)
        if isinstance(found, LinkToken) and uow.links.use_token(found.digest, self._clock.now()):
            uow.audit.add(
                "shopper", "decline_link", contact.lane[:255], {"made_by": found.customer_id}, self._clock.now()
            )

    def last_of(self, uow: UnitOfWork, customer_id: str) -> CustomerMerge | None:
        """The newest link of this customer that can be undone."""
        merges = uow.links.merges_of(customer_id)
        return merges[0] if merges else None

    def unlink(self, uow: UnitOfWork, customer_id: str) -> CustomerMerge | None:
        """Makes two again of the newest link: each has what was theirs, the cart too; what came into the cart since
        stays with `customer_id`. None: there is nothing to undo."""
        merge, now = self.last_of(uow, customer_id), self._clock.now()
        if merge is None or not uow.links.undone(merge.id, now):
            return None
        moved = json.loads(merge.moved)
        uow.links.part(replace(merge, moved=moved["shop"]))
        self._give_orders_back(uow, merge)
        self._part_carts(uow, merge, moved, now)
        kept = uow.customers.get(merge.kept_id)
        if kept is not None:
            name = "" if moved["name_taken"] else kept.name
            language = "" if moved["language_taken"] else kept.language
            uow.customers.update(replace(kept, name=name, language=language))
            uow.customers.brought_by(kept.id, moved.get("came_from", kept.came_from))  # older links took nothing
        uow.audit.add(f"shopper:{merge.kept_id}", "unlink", merge.joined_id, {"merge": merge.id}, now)
        return replace(merge, undone_at=now)

    def sweep(self, uow: UnitOfWork) -> int:
        """Forgets tokens that ended long ago."""
        return uow.links.sweep(self._clock.now())

    def _usable(self, uow: UnitOfWork, token: str) -> LinkToken | Refused[NotLinked]:
        found = uow.links.token(self._digest(token))
        if found is None:
            return Refused(NotLinked.UNKNOWN)
        if found.used_at is not None:
            return Refused(NotLinked.ALREADY_USED)
        if found.expires_at <= self._clock.now():
            return Refused(NotLinked.EXPIRED)
        return found

    def _digest(self, token: str) -> str:
        return hmac.new(self._key, f"link\n{token}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _give_orders_back(self, uow: UnitOfWork, merge: CustomerMerge) -> None:
        """Orders that were placed since from a contact of the joined customer go with them."""
        theirs = set(uow.customers.contacts(merge.joined_id))
        since = [order.id for order in uow.orders.of_customer(merge.kept_id) if order.created_at >= merge.at]
        going = [order_id for order_id in since if uow.orders.contact_of(order_id) in theirs]
        if going:
            uow.orders.set_customer(going, merge.joined_id)

    def _part_carts(self, uow: UnitOfWork, merge: CustomerMerge, moved: dict[str, Any], now: datetime) -> None:
        cart, theirs = self._carts.lock(uow, merge.kept_id, merge.joined_id)
        kept, joined = _parted(cart, _read(moved["kept"]), _read(moved["joined"]), _read(moved["merged"]))
        coupon = moved["kept"]["coupon"] if cart.coupon == moved["merged"]["coupon"] else cart.coupon
        draft = CheckoutDraft() if moved["draft_taken"] and cart.draft == theirs.draft else cart.draft
        # What reached the old cart while it was being joined is there still.
        uow.carts.replace(replace(theirs, lines=(*joined, *_others(theirs.lines, joined))), now)
        uow.carts.replace(replace(cart, lines=kept, coupon=coupon, draft=draft), now)


def _source(cart: Cart | None) -> str:
    """Where the newest thing in a cart was added."""
    return next((line.source for line in reversed(cart.wanted) if line.source), "") if cart else ""


def _channels(uow: UnitOfWork, customer: Customer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(contact.channel for contact in uow.customers.contacts(customer.id)))


def _parted(
    now: Cart, kept: tuple[CartLine, ...], joined: tuple[CartLine, ...], merged: tuple[CartLine, ...]
) -> tuple[tuple[CartLine, ...], tuple[CartLine, ...]]:
    """The lines of each of the two again. A thing that nobody has touched since is exactly as it was; of any other one
    the joined customer gets back at most what they brought, and whatever else there is stays."""
    ours: list[CartLine] = []
    theirs: list[CartLine] = []
    for variant_id in dict.fromkeys(line.variant_id for line in (*kept, *joined, *now.lines)):
        present = _of(now.lines, variant_id)
        if _amounts(present) == _amounts(_of(merged, variant_id)):
            ours += _of(kept, variant_id)
            theirs += _of(joined, variant_id)
            continue
        for line in _of(joined, variant_id):
            wanted = line.quantity
            # First what is as they had it (wanted, or put aside), then the other line of the same thing.
            for source in sorted(present, key=lambda each: each.saved != line.saved):
                taken = min(wanted, source.quantity)
                if taken:
                    theirs = _plus(theirs, replace(line, quantity=taken))
                    present = [
                        replace(each, quantity=each.quantity - taken) if each is source else each for each in present
                    ]
                    wanted -= taken
        ours += [line for line in present if line.quantity]
    return tuple(ours), tuple(theirs)


def _of(lines: tuple[CartLine, ...], variant_id: int) -> list[CartLine]:
    return [line for line in lines if line.variant_id == variant_id]


def _amounts(lines: list[CartLine]) -> set[tuple[bool, int]]:
    return {(line.saved, line.quantity) for line in lines}


def _plus(lines: list[CartLine], more: CartLine) -> list[CartLine]:
    """With that line, its units added where the list has one of its kind."""
    for number, line in enumerate(lines):
        if (line.variant_id, line.saved) == (more.variant_id, more.saved):
            quantity = min(line.quantity + more.quantity, MAX_QUANTITY)
            return [*lines[:number], replace(line, quantity=quantity), *lines[number + 1 :]]
    return [*lines, more]


def _others(lines: tuple[CartLine, ...], than: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
    there = {(line.variant_id, line.saved) for line in than}
    return tuple(line for line in lines if (line.variant_id, line.saved) not in there)


def _written(cart: Cart) -> dict[str, Any]:
    """Lines and coupon as JSON values. What was said about the checkout stays where it is: it names people."""
    return {
        "coupon": cart.coupon,
        "lines": [
            [line.variant_id, line.quantity, line.saved, line.source, line.added_at.isoformat()] for line in cart.lines
        ],
    }


def _read(written: dict[str, Any]) -> tuple[CartLine, ...]:
    return tuple(
        CartLine(variant_id, quantity, saved, source, datetime.fromisoformat(added_at))
        for variant_id, quantity, saved, source, added_at in written["lines"]
    )
