"""A rehearsal collects money as the real thing would: the vendors' pages, their signed calls over HTTP, refunds."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.order import Order, OrderSource, OrderState
from commerce.domain.payment import PaymentAttempt, PaymentState, Placed, RefundReason, RefundState
from commerce.ports import UnitOfWork
from vitrine.rehearsal import Rehearsal, rehearsing
from vitrine.standins.provider import Fault, ProviderStandIn

# Where there is one of each at least: another rehearsal is not started for every test.
THINGS = {"stripe": ("P2", "S1"), "square": ("P3", "S2")}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsing(Path(tmp_path_factory.mktemp("rehearsal"))) as running:
        # Each provider's list is compared with the ledger once a day. Later than that, and nothing but calls tells.
        for vendor, listing in ((running.stripe, "checkout.sessions.list"), (running.square, "payments.list")):
            assert soon(lambda vendor=vendor, listing=listing: listing in [call.name for call in vendor.calls])
        yield running


def standin(on: Rehearsal, name: str) -> ProviderStandIn:
    return on.stripe if name == "stripe" else on.square


def ordered(on: Rehearsal, name: str, who: str) -> Placed:
    shop, (source_id, store_id) = on.shop, THINGS[name]
    contact = Contact("webchat", "web", who)
    product = shop.catalog.by_source_id(source_id)
    assert product is not None
    levels = {
        level.variant_id: level.available
        for level in shop.catalog.levels([v.id for v in product.variants])
        if level.store_id == store_id
    }
    variant_id = max(levels, key=lambda each: levels[each])
    draft = CheckoutDraft(
        name="Léa M.", email="lea@example.com", fulfilment=Fulfilment.PICKUP, store_id=store_id, provider=name
    )

    def place(uow: UnitOfWork) -> object:
        customer_id = shop.customers.recognise(uow, contact, language="fr").id
        now = shop.clock.now()
        cart = uow.carts.create(shop.ids.new_id(), customer_id, now)
        uow.carts.add(cart.id, variant_id, 1, "", now, most=9)
        uow.carts.set_draft(cart.id, draft, now)
        return shop.checkout.place(
            uow,
            customer_id=customer_id,
            contact=contact,
            source=OrderSource.WEB,
            language="fr",
            expected_total_minor=None,
        )

    placed = shop.storage.write(place)
    assert isinstance(placed, Placed), placed
    return Placed(placed.order, shop.paying.begin(placed.attempt.id))


def order_of(on: Rehearsal, placed: Placed) -> Order:
    with on.shop.storage.read() as uow:
        order = uow.orders.get(placed.order.id)
    assert order is not None
    return order


def attempt_of(on: Rehearsal, placed: Placed) -> PaymentAttempt:
    with on.shop.storage.read() as uow:
        attempt = uow.payments.get(placed.attempt.id)
    assert attempt is not None
    return attempt


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def press(url: str, how: str) -> str:
    """A button of the vendor's page; where the browser is sent then."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(urllib.request.Request(url, f"how={how}".encode())) as answer:
            return str(answer.url)
    except urllib.error.HTTPError as redirect:
        assert redirect.code == 303
        return redirect.headers["Location"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(THINGS))
def test_an_order_is_paid_on_the_vendors_page_and_given_back(on: Rehearsal, name: str) -> None:
    vendor = standin(on, name)
    placed = ordered(on, name, f"lea-{name}")
    assert placed.attempt.state is PaymentState.REQUIRES_ACTION and placed.attempt.url.startswith(vendor.url)
    assert press(placed.attempt.url, "declined") == placed.attempt.url, "the page stays"
    assert order_of(on, placed).state is OrderState.PENDING_PAYMENT
    back = press(placed.attempt.url, "card")
    assert back.startswith(on.address)
    assert soon(lambda: order_of(on, placed).state is OrderState.PAID)
    paid = order_of(on, placed)
    assert paid.paid_minor == paid.total_minor

    vendor.fail("refunds.create", Fault(drop=True))
    asked = on.shop.storage.write(
        lambda uow: on.shop.refunding.ask(uow, paid.id, paid.total_minor, RefundReason.GOODWILL)
    )
    assert isinstance(asked, list) and len(asked) == 1

    def is_back() -> bool:
        on.shop.paying.tick()
        with on.shop.storage.read() as uow:
            (refund,) = uow.payments.refunds_of(paid.id)
        if refund.state is not RefundState.DONE:
            on.clock.advance(timedelta(minutes=1))
        return refund.state is RefundState.DONE

    assert soon(is_back), "an answer that was lost is found again"
    assert soon(lambda: attempt_of(on, placed).state is PaymentState.REFUNDED)
    assert len(vendor.refunds) == 1  # type: ignore[attr-defined]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(THINGS))
def test_a_forged_call_pays_nothing(on: Rehearsal, name: str) -> None:
    vendor = standin(on, name)
    placed = ordered(on, name, f"sam-{name}")
    url = f"{on.address}/hooks/{name}"
    secret = vendor.webhook_secret if name == "stripe" else vendor.signature_key  # type: ignore[attr-defined]
    vendor.set_webhook(url, "the secret of a stranger")
    try:
        before = len(vendor.events)
        assert vendor.pay(placed.attempt.session_ref)  # type: ignore[attr-defined]
        vendor.settle(60)
        told = vendor.events[before:]
        assert told and order_of(on, placed).state is OrderState.PENDING_PAYMENT
        for headers in ({}, {"Stripe-Signature": "é", "x-square-hmacsha256-signature": "é"}):
            sent = urllib.request.Request(
                url, json.dumps(told[-1]).encode(), {k: v.encode().decode("latin-1") for k, v in headers.items()}
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(sent)
            assert refused.value.code == 401 and refused.value.read() == b""
    finally:
        vendor.set_webhook(url, secret)
    for event in [*told, *told]:
        assert vendor.deliver(event)
    assert soon(lambda: order_of(on, placed).state is OrderState.PAID)
    assert order_of(on, placed).paid_minor == placed.order.total_minor
