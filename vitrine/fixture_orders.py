"""What Léa has bought in the small shop before the journeys begin: a dress fetched in the store, a bag sent home.

Both go the way of every order, by the verbs of the shop, with its clock set back: so the sums agree and nothing is left
to be sent. Numbers and days are those that the journeys name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.customer import Contact
from commerce.domain.order import Order, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.domain.stock import MovementReason
from commerce.errors import SettingsError
from commerce.payments.fake import FakeProvider

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

LEA = "1001"  # her chat
Paying: TypeAlias = tuple[str, Callable[[str], object]]
"""A provider's name, and what pays one of its sessions: the button of its page."""

_PARIS = ZoneInfo("Europe/Paris")
_FIRST = 1042
_HOME = PostalAddress("Léa", "12 rue Mercière", "69002", "Lyon", "FR")
_STAFF = "staff:nadia"


def add_orders(
    shop: Shop, contact: Contact, *, name: str = "Léa", language: str = "fr", paying: Paying | None = None
) -> None:
    """Orders 1042 and 1043 of whoever talks to us from `contact`, the second paid online by `paying` (else with
    make-believe money). The shop needs a clock that can be set. Raises SettingsError without one, or without a way to
    pay."""
    clock, (provider, pay) = shop.clock, paying or ("fake", partial(_pay_make_believe, shop))
    if not isinstance(clock, ManualClock) or provider not in shop.providers or "pay_in_store" not in shop.providers:
        raise SettingsError("the fixture's orders need a clock that can be set and a way to pay")
    today = clock.now()

    def at(*moment: int) -> None:
        clock.set(datetime(*moment, tzinfo=_PARIS))  # type: ignore[arg-type, misc]

    def write(work: Callable[[UnitOfWork], Order]) -> Order:
        return shop.storage.write(work)

    shop.storage.write(lambda uow: uow.orders.number_after(_FIRST - 1))

    at(2026, 2, 27, 15, 0)
    dress = _place(shop, contact, "P1-navy-38", "S1", name, language, "pay_in_store").order
    for state in (OrderState.PREPARING, OrderState.READY):
        at(2026, 2, 27, 16, 0)
        write(lambda uow, to=state: _moved(shop.orders.advance(uow, dress.id, to, actor=_STAFF)))  # type: ignore[misc]
    at(2026, 2, 28, 12, 0)
    write(lambda uow: _moved(shop.handing_over.order(uow, dress.id, code=dress.pickup_code, by="nadia", paid=True)))

    at(2026, 3, 2, 20, 0)
    bag = _place(shop, contact, "P4-brown", "WEB", name, language, provider)
    pay(shop.paying.begin(bag.attempt.id).session_ref)
    shop.paying.look(bag.attempt.id)  # she comes back from the provider's page
    for state, moment in ((OrderState.SHIPPED, (2026, 3, 3, 9, 0)), (OrderState.COMPLETED, (2026, 3, 5, 14, 0))):
        at(*moment)
        write(lambda uow, to=state: _moved(shop.orders.advance(uow, bag.order.id, to, actor=_STAFF)))  # type: ignore[misc]

    clock.set(today)
    _heard(shop, contact)


def _pay_make_believe(shop: Shop, session_ref: str) -> None:
    """The button of its page, and the call that it makes then."""
    fake = shop.providers["fake"]
    assert isinstance(fake, FakeProvider)
    fake.pay_session(session_ref)
    hook = f"{shop.settings.base_url}/hooks/fake"
    fake.deliver(lambda body, headers: shop.paying.receive("fake", body, headers, hook).status == 200)
    shop.paying.tick()


def _place(shop: Shop, contact: Contact, sku: str, store_id: str, name: str, language: str, provider: str) -> Placed:
    """One unit, put on the shelf for it and ordered: collected and paid there, or paid online and sent."""
    is_sent = store_id == "WEB"

    def place(uow: UnitOfWork) -> Placed | OrderRefused:
        now = shop.clock.now()
        customer = shop.customers.recognise(uow, contact, name=name, language=language)
        found = uow.products.by_sku(sku)
        assert found is not None
        uow.stock.adjust(found[1].id, store_id, 1, MovementReason.COUNT, "", now)
        shop.carts.add(uow, customer.id, found[1].id)
        draft = CheckoutDraft(
            name=name,
            email="lea@example.org",
            fulfilment=Fulfilment.DELIVERY if is_sent else Fulfilment.PICKUP,
            store_id="" if is_sent else store_id,
            address=_HOME if is_sent else None,
            provider=provider,
            terms_accepted=True,
        )
        shop.carts.set_draft(uow, customer.id, draft)
        source = OrderSource.WEB if is_sent else OrderSource.BOT
        return shop.checkout.place(uow, customer_id=customer.id, contact=contact, source=source, language=language)

    placed = shop.storage.write(place)
    if isinstance(placed, OrderRefused):
        raise SettingsError(f"the fixture's order of {sku}: {placed.reason.value}")
    return placed


def _moved(result: object) -> Order:
    if not isinstance(result, Order):
        raise SettingsError(f"the fixture's orders: {result}")
    return result


def _heard(shop: Shop, contact: Contact) -> None:
    """She has read the news of these days long ago."""

    def read(uow: UnitOfWork) -> bool:
        row = uow.outbox.next_in(contact.lane, shop.clock.now())
        if row is None:
            return False
        uow.outbox.sending(row.id)
        uow.outbox.sent(row.id, "before", shop.clock.now())
        return True

    while shop.storage.write(read):
        pass
