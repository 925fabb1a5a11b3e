"""A shop that runs with make-believe money hears of it in time, as it would from a real provider."""

from __future__ import annotations

import time
from pathlib import Path

from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.payments.fake import PAGE, FakeProvider
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.fixture import build_fixture
from vitrine.serve import running

LEA = Contact("webchat", "web", "lea")


def ordered(shop: Shop, email: str) -> Placed:
    product = shop.catalog.by_source_id("P6")
    assert product is not None
    draft = CheckoutDraft(name="Léa M.", email=email, fulfilment=Fulfilment.PICKUP, store_id="S1", provider="fake")

    def place(uow: UnitOfWork) -> object:
        customer_id = shop.customers.recognise(uow, LEA, language="fr").id
        now = shop.clock.now()
        cart = uow.carts.create(shop.ids.new_id(), customer_id, now)
        uow.carts.add(cart.id, product.variants[0].id, 1, "", now, most=9)
        uow.carts.set_draft(cart.id, draft, now)
        return shop.checkout.place(
            uow, customer_id=customer_id, contact=LEA, source=OrderSource.WEB, language="fr", expected_total_minor=None
        )

    placed = shop.storage.write(place)
    assert isinstance(placed, Placed), placed
    return placed


def test_money_is_heard_of_by_itself(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, fake_payments=True)
    with build_shop(settings) as shop:
        build_fixture(shop, pictures=False)
        with running(shop, worker=True):
            placed = ordered(shop, "lea+twice@example.com")
            attempt = shop.paying.begin(placed.attempt.id)
            fake = shop.providers["fake"]
            assert isinstance(fake, FakeProvider)
            assert attempt.url == f"{settings.base_url}{PAGE}{attempt.session_ref}"
            assert fake.pay_session(attempt.session_ref) is not None
            until = time.monotonic() + 60
            state = OrderState.PENDING_PAYMENT
            while state is OrderState.PENDING_PAYMENT and time.monotonic() < until:
                time.sleep(0.1)
                with shop.storage.read() as uow:
                    order = uow.orders.get(placed.order.id)
                    assert order is not None
                    state = order.state
            assert state is OrderState.PAID
