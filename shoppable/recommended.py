"""What is recommended to this browser's shopper, why, in words, and what they said about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from commerce.domain.customer import Contact, Customer
from commerce.domain.geo import GeoPoint
from commerce.domain.recommending import LONGEST, Because, Choice, Recommendation
from commerce.ports import UnitOfWork
from shoppable import shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.site import site

# What is agreed to, or refused, in the very words of the switch: they go into the ledger.
ALLOW = "Suggest from what I look at"
REFUSE = "Suggest nothing from what I do"
READER = "Remember what I look at, so that the chat knows where I stopped and what to suggest"


@dataclass(frozen=True, slots=True)
class Shown:
    items: tuple[Recommendation, ...]
    choice: Choice

    @property
    def is_personal(self) -> bool:
        return any(each.reason.because.is_personal for each in self.items)


def shown_to(
    contact: Contact | None, *, limit: int = LONGEST, but: Collection[int] = (), near: GeoPoint | None = None
) -> Shown:
    """What everybody is shown to whom the shop does not know."""
    shop = site().shop
    customer: Customer | None = None
    choice = Choice.UNASKED
    if contact is not None:
        with shop.storage.read() as uow:
            customer = shopper.customer_of(uow, contact)
            choice = shop.recommending.choice(uow, customer.id) if customer else choice
    items = shop.recommending.for_customer(customer.id if customer else "", limit=limit, but=but, near=near)
    return Shown(items, choice)


def is_refused() -> bool:
    """Whether this browser's shopper has said no, here or at another door."""
    contact = session.current()
    if contact is None:
        return False
    with site().shop.storage.read() as uow:
        customer = shopper.customer_of(uow, contact)
        return customer is not None and site().shop.recommending.choice(uow, customer.id) is Choice.REFUSED


def reader(uow: UnitOfWork, contact: Contact | None) -> tuple[str, str]:
    """(visitor, customer id) for what somebody who agrees looks at; both '' for whoever does not, or has refused."""
    if contact is None:
        return "", ""
    customer = shopper.recognised(uow, contact)
    if site().shop.recommending.choice(uow, customer.id) is Choice.REFUSED:
        return "", ""
    return session.sign("reader", contact.address)[:32], customer.id


def because(recommended: Recommendation) -> str:
    """« Vu p. 4 du catalogue Printemps »: why it is recommended."""
    reason = recommended.reason
    thing = recommended.about.title(language()) if recommended.about else ""
    match reason.because:
        case Because.PAGE:
            title = recommended.lookbook.title(language()) if recommended.lookbook else ""
            return translate("Seen on p. {page} of {title}", page=reason.page, title=title)
        case Because.SEEN:
            if reason.times > 1:
                return translate("You looked at it {count} times", count=reason.times)
            return translate("You looked at it lately")
        case Because.LIKE_SEEN:
            return translate("Because you looked at “{title}”", title=thing)
        case Because.GOES_WITH_BOUGHT:
            return translate("Goes with “{title}”, which you bought", title=thing)
        case Because.GOES_WITH_CART:
            return translate("Goes with “{title}” in your cart", title=thing)
        case Because.AGAIN:
            return translate("You bought it before")
        case Because.SAVED:
            return translate("You saved it for later")
        case Because.LIKE_AWAITED:
            return translate("Because you wait for “{title}”", title=thing)
        case Because.POPULAR:
            return translate("Popular now")
        case Because.NEW:
            return translate("New here")
