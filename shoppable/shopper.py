"""Whose cart and orders a browser sees: the customer behind the contact of its cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from commerce.domain.customer import Contact, Customer
from shoppable import security
from shoppable.chat import session
from shoppable.language import language
from shoppable.site import site

if TYPE_CHECKING:
    from commerce.domain.cart import Cart
    from commerce.domain.quote import Quote
    from commerce.ports import UnitOfWork


def customer_of(uow: UnitOfWork, contact: Contact | None) -> Customer | None:
    """None for a browser that has never done anything that the shop remembers."""
    return None if contact is None else uow.customers.by_contact(contact)


def recognised(uow: UnitOfWork, contact: Contact) -> Customer:
    """The customer behind a contact, made at the first thing worth remembering."""
    return site().shop.customers.recognise(uow, contact, language=language())


def quoted(uow: UnitOfWork, customer: Customer | None) -> Quote | None:
    """What this person's cart would cost now; None without a cart."""
    shop = site().shop
    cart = shop.carts.of(uow, customer.id) if customer else None
    return shop.quoting.quote(uow, cart, customer_id=customer.id) if cart and customer else None


def mark(cart: Cart | None) -> str:
    """Changes whenever the cart does, or becomes another one; tells nothing else."""
    return session.sign("cart", f"{cart.id}\n{cart.version}")[:16] if cart else "none"


def keep_to_one_person(blueprint: Blueprint) -> None:
    """Its pages are written to from pages of ours alone, and what they show is `private`."""
    blueprint.before_request(_only_from_our_pages)
    blueprint.after_request(private)


def _only_from_our_pages() -> None:
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        security.require_same_origin()


def private(response: Response) -> Response:
    """After every answer that shows something of one person: kept by no cache, its address told to no other site."""
    response.headers["Cache-Control"] = "no-store"
    # Not "no-referrer": with that, browsers hide the origin of our own forms too.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return session.keep(response)
