"""J6: paying in the chat; the last unit lost; never twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot.channels.neutral import event_of
from bot.channels.recorder.send import Recorder
from bot.conversation.actions import PlaceOrder, encode
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.stock import MovementReason
from commerce.ids import SeededIds
from commerce.payments.fake import FakeProvider
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.drivers.telegram import TelegramDriver
from tests.journeys.dsl import normal
from tests.journeys.paying import (
    ABOVE,
    AT_BELLECOUR,
    AT_PART_DIEU,
    CHANGE,
    HELD,
    IN_STORE,
    JUST_SOLD,
    LINK,
    NADIA,
    PAIR,
    PAY,
    SNEAKERS,
    SUMMARY,
    collected_at_bellecour,
    counter,
    invoices,
    movements,
    orders,
    pay,
    set_price,
    to_the_summary,
    with_sneakers,
)
from vitrine.fixture import build_fixture
from vitrine.standins.telegram import PROVIDER_TOKEN

on_pages = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat"], indirect=True)
everywhere = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook"], indirect=True)
in_telegram = pytest.mark.parametrize("stage", ["telegram-webhook", "telegram-polling"], indirect=True)
by_webhook = pytest.mark.parametrize("stage", ["telegram-webhook"], indirect=True)


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, selling by invoices in Telegram, through the make-believe provider, and at the counter."""
    settings = load_settings(
        data_dir=data_dir, database_url=database_url, encoder="none", secret_key="s" * 32, fake_payments=True,
        telegram_token="700700700:" + "t" * 30, telegram_payment_token=PROVIDER_TOKEN,
        telegram_api_url="http://127.0.0.1:1",
    )  # fmt: skip
    with build_shop(settings, clock=clock, ids=ids) as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        yield shop


# --- 1. the summary and the invoice ----------------------------------------------------------------------------------


@on_pages
def test_the_summary_and_one_order_however_often_it_is_tapped(shop: Shop, person: People) -> None:
    lea = with_sneakers(person("Léa"))
    lea.say("payer ‖ pay").expect("Lyon Bellecour").expect_buttons(AT_BELLECOUR)
    lea.expect_no_button(AT_PART_DIEU, "Livraison ‖ Delivery")
    to_the_summary(lea).expect(SNEAKERS, "Total : 89,90 € ‖ Total: €89.90")
    lea.expect("dont TVA 20 % : 14,98 € ‖ of which 20% tax: €14.98", "Lyon Bellecour, 12 place Bellecour")
    lea.expect_buttons(PAY, IN_STORE, CHANGE)
    lea.tap(PAY).expect("Commande 1001 ‖ Order 1001", "payez 89,90 € ici ‖ pay €89.90 here")
    lea.tap(PAY).expect("Commande 1001 ‖ Order 1001")
    (order,) = orders(shop)
    assert (order.total_minor, order.store_id, order.state) == (8990, "S1", OrderState.PENDING_PAYMENT)
    with shop.storage.read() as uow:
        assert [attempt.amount for attempt in uow.payments.of_order(order.id)] == [Money(8990, "EUR")]


@in_telegram
def test_the_summary_and_the_invoice(shop: Shop, person: People) -> None:
    lea = with_sneakers(person("Léa"))
    shop.storage.write(lambda uow: collected_at_bellecour(shop, uow, lea))
    lea.say("payer ‖ pay").expect(SUMMARY, SNEAKERS, "Total : 89,90 € ‖ Total: €89.90", HELD)
    lea.expect_order(SUMMARY, "Commande 1001 : payez 89,90 € ici ‖ Order 1001: pay €89.90 here")
    lea.expect_buttons(PAY, LINK, IN_STORE, CHANGE, "Annuler ‖ Cancel")
    (invoice,) = invoices(lea)
    assert (invoice["currency"], invoice["total_amount"]) == ("EUR", 8990)
    # Said again, it is the same order with the same invoice.
    lea.say("payer ‖ pay").expect(SUMMARY, HELD, ABOVE).expect_buttons(LINK, CHANGE).expect_no_button(PAY)
    assert len(invoices(lea)) == 1
    (order,) = orders(shop)
    assert (order.total_minor, order.store_id, order.state) == (8990, "S1", OrderState.PENDING_PAYMENT)
    with shop.storage.read() as uow:
        assert [attempt.provider for attempt in uow.payments.of_order(order.id)] == ["telegram"]
    # The same order by a page instead; then it is for the shopper to say which of the two.
    lea.tap(LINK).expect("Commande 1001 ‖ Order 1001").expect_buttons("Payer 89,90 € ‖ Pay €89.90").expect_picture()
    lea.say("payer ‖ pay").expect(SUMMARY).expect_buttons(PAY, LINK, IN_STORE)
    assert len(orders(shop)) == len(invoices(lea)) == 1
    # Back to an invoice: the first one's attempt is over, this is another.
    lea.tap(PAY).expect(HELD)
    assert len(orders(shop)) == 1
    assert len(invoices(lea)) == 2
    assert pay(lea).ok is True
    lea.expect("Commande 1001 payée : 89,90 € ‖ Order 1001 is paid: €89.90")


@in_telegram
def test_paid_with_the_button_of_the_invoice(shop: Shop, person: People) -> None:
    """« payer », one tap, paid."""
    lea = to_the_summary(with_sneakers(person("Léa"))).tap(PAY)
    lea.expect("Commande 1001 payée : 89,90 € ‖ Order 1001 is paid: €89.90")
    assert [(order.state, order.paid_minor) for order in orders(shop)] == [(OrderState.PAID, 8990)]


@in_telegram
def test_the_invoice_gives_way_to_the_counter(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    lea.tap(IN_STORE).expect("Commande 1001 enregistrée : 89,90 € ‖ Order 1001 is placed: €89.90", "Code ")
    assert [order.state for order in orders(shop)] == [OrderState.PLACED]
    assert pay(lea).ok is False
    assert [(order.state, order.paid_minor) for order in orders(shop)] == [(OrderState.PLACED, 0)]


@pytest.mark.parametrize("stage", ["memory", "webchat"], indirect=True)
def test_paid_on_the_provider_s_page(shop: Shop, person: People) -> None:
    """Where there are no invoices: a link, its page, one receipt."""
    lea = to_the_summary(with_sneakers(person("Léa"))).expect_no_button(LINK)
    lea.tap(PAY).expect_picture()
    (order,) = orders(shop)
    with shop.storage.read() as uow:
        (attempt,) = uow.payments.of_order(order.id)
    fake = shop.providers["fake"]
    assert isinstance(fake, FakeProvider)
    fake.pay_session(attempt.session_ref)
    for _ in range(3):
        fake.deliver(lambda body, headers: shop.paying.receive("fake", body, headers, "").status == 200)
        shop.paying.tick()
    lea.wait().expect("Merci ! Commande 1001 payée : 89,90 €. ‖ Thank you! Order 1001 is paid: €89.90.")
    assert lea.text.count("1001") == 1
    lea.wait()
    assert lea.last == []


@everywhere
def test_to_be_paid_at_the_counter(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    lea.tap(IN_STORE).expect("Commande 1001 enregistrée : 89,90 € ‖ Order 1001 is placed: €89.90", "Code ")
    (order,) = orders(shop)
    assert order.state is OrderState.PLACED
    lea.say("où est ma commande ? ‖ where is my order?").expect(
        "à payer à Lyon Bellecour ‖ to be paid at Lyon Bellecour"
    )
    lea.expect(order.pickup_code).expect_picture()


# --- 2. the last pair is sold in the store ---------------------------------------------------------------------------


@in_telegram
def test_the_last_pair_is_sold_in_the_store(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    counter(shop, MovementReason.SALE, 1, "receipt-77", override=True)
    lea.wait().expect("vient d’être vendu ‖ has just been sold")
    payment = pay(lea)
    assert payment.ok is False
    assert payment.why_not == lea.of(JUST_SOLD)
    assert payment.answered_after_s < 10
    lea.expect("Rien n’a été débité ‖ You have not been charged").expect_buttons("Articles similaires ‖ Similar items")
    assert orders(shop)[0].paid_minor == 0

    # 3. A pair comes in: the same again, and the payment is told three times, with copies of each update.
    counter(shop, MovementReason.RETURN, 1, "receipt-78")
    lea.say("payer ‖ pay").expect(SUMMARY).expect_not(ABOVE)
    standin = cast(TelegramDriver, lea.driver)._rig.standin
    standin.desk.copies = 3
    payment = pay(lea)
    assert payment.ok is True
    lea.expect(
        "payée : 89,90 € ‖ is paid: €89.90", "Elle n’est pas prête avant mon message ‖ It is not ready before my"
    )
    assert lea.text.count(lea.of("Merci ! ‖ Thank you!")) == 1
    paid = [order for order in orders(shop) if order.state is OrderState.PAID]
    assert [(order.paid_minor, order.total_minor) for order in paid] == [(8990, 8990)]
    assert movements(shop, MovementReason.SALE) == 2  # the one at the counter, and this one
    assert lea.wait().last == []
    # Whoever presses the old invoice once more is not charged again.
    again = pay(lea)
    assert again.ok is False
    assert again.why_not == lea.of(
        "Cette commande est déjà payée. Rien n’a été débité une seconde fois."
        " ‖ This order is paid already. You have not been charged again."
    )
    assert len(standin.desk.payments) == 3


@by_webhook
def test_every_update_delivered_several_times_in_any_order(shop: Shop, person: People, language: str) -> None:
    import random

    lea = to_the_summary(with_sneakers(person("Léa")))
    driver = cast(TelegramDriver, lea.driver)
    standin = driver._rig.standin
    with standin.held(random.Random(7), copies=3):
        driver.person.pay()
    with standin.held(random.Random(8), copies=3):
        driver._rig.settle()
    driver._rig.settle()
    lea.wait().expect("payée : 89,90 € ‖ is paid: €89.90")
    assert lea.text.count(lea.of("Merci ! ‖ Thank you!")) == 1
    assert [order.state for order in orders(shop)] == [OrderState.PAID]
    assert movements(shop, MovementReason.SALE) == 1


@by_webhook
def test_the_price_changes_before_the_charge(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    set_price(shop, 9490)
    payment = pay(lea)
    assert payment.ok is False
    assert "prix" in payment.why_not or "price" in payment.why_not
    lea.expect(SUMMARY, "Total : 94,90 € ‖ Total: €94.90").expect_buttons(PAY, LINK)
    lea.tap(PAY)
    assert pay(lea).ok is True
    lea.expect("payée : 94,90 € ‖ is paid: €94.90")
    assert sorted((order.state, order.paid_minor) for order in orders(shop)) == [
        (OrderState.CANCELLED, 0),
        (OrderState.PAID, 9490),
    ]


@on_pages
def test_the_price_changes_before_the_order(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    set_price(shop, 9490)
    lea.tap(PAY).expect("Le total a changé ‖ The total has changed", SUMMARY, "Total : 94,90 € ‖ Total: €94.90")
    assert orders(shop) == []


@by_webhook
def test_the_price_changes_before_another_way_to_pay(shop: Shop, person: People) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    set_price(shop, 9490)
    lea.tap(LINK).expect("Le total a changé ‖ The total has changed", SUMMARY, "Total : 94,90 € ‖ Total: €94.90")
    assert [order.total_minor for order in orders(shop)] == [8990]
    lea.tap(PAY)
    assert pay(lea).ok is True
    assert sorted((order.state, order.paid_minor) for order in orders(shop)) == [
        (OrderState.CANCELLED, 0),
        (OrderState.PAID, 9490),
    ]


# --- 4. the store pauses ---------------------------------------------------------------------------------------------


@everywhere
def test_the_store_pauses(shop: Shop, person: People, clock: ManualClock, timekeeper: Worker) -> None:
    lea = to_the_summary(with_sneakers(person("Léa")))
    until = clock.now().replace(minute=45, second=0, microsecond=0)
    shop.storage.write(lambda uow: shop.pausing.pause(uow, "S1", until, "inventory", actor=NADIA))
    resumes = "Lyon Bellecour reprend les commandes à 10:45. ‖ Lyon Bellecour resumes at 10:45 AM."
    lea.say("payer ‖ pay").expect(resumes).expect_buttons("Part-Dieu", "Me prévenir ‖ Tell me")
    lea.tap("Me prévenir ‖ Tell me").expect("Lyon Bellecour")
    lea.tap("Part-Dieu").expect("Baskets blanches ‖ White sneakers")
    lea.tap(AT_BELLECOUR) if lea.of(AT_BELLECOUR) in lea.labels else None
    clock.advance(until - clock.now() + timedelta(seconds=1))
    timekeeper.tick()
    lea.wait().expect("Lyon Bellecour reprend les commandes. ‖ Lyon Bellecour takes orders again.")
    to_the_summary(lea)
    if not orders(shop):  # nothing is ordered with the summary where there are no invoices
        lea.tap(PAY)
    lea.expect("tout vous est réservé jusqu’à ‖ everything is held for you until")
    assert [order.state for order in orders(shop)].count(OrderState.PENDING_PAYMENT) == 1


# --- 5. fifty at once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL], indirect=True)
def test_fifty_press_pay_on_one_pair(shop: Shop, stage: str, language: str) -> None:
    recorder = Recorder(shop.media)
    contacts = [Contact(recorder.name, recorder.account, f"shopper-{n}") for n in range(50)]
    now = shop.clock.now()

    def prepare(uow: UnitOfWork) -> None:
        found = uow.products.by_sku(PAIR)
        assert found is not None
        for contact in contacts:
            customer = shop.customers.recognise(uow, contact, name=contact.address, language=language)
            shop.carts.add(uow, customer.id, found[1].id)
            shop.carts.set_draft(uow, customer.id, CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1"))
        for contact in contacts:
            uow.inbox.accept(
                event_of(
                    contact, f"tap-{contact.address}", now, action=encode(PlaceOrder("fake", 8990)), language=language
                ),
                now,
            )

    shop.storage.write(prepare)
    workers = [Worker(shop, [recorder]) for _ in range(2)]
    for worker in workers:
        worker.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and not all(recorder.sent_to(contact) for contact in contacts):
        time.sleep(0.05)
    for worker in workers:
        worker.stop()
    heard = [normal("\n".join(m.text for sent in recorder.sent_to(c) for m in sent.outgoing)) for c in contacts]
    told = "Rien n’a été commandé" if language == "fr" else "Nothing was ordered"
    likes = "Articles similaires" if language == "fr" else "Similar items"
    assert sum(told in text for text in heard) == 49, heard[:3]
    offered = [
        any(
            button.label == likes
            for sent in recorder.sent_to(c)
            for m in sent.outgoing
            for row in m.rows
            for button in row
        )
        for c, text in zip(contacts, heard, strict=True)
        if told in text
    ]
    assert all(offered), "everybody who lost has a choice"
    (order,) = orders(shop)
    with shop.storage.read() as uow:
        (attempt,) = uow.payments.of_order(order.id)
    fake = shop.providers["fake"]
    assert isinstance(fake, FakeProvider)
    fake.pay_session(attempt.session_ref)
    fake.deliver(lambda body, headers: shop.paying.receive("fake", body, headers, "").status == 200)
    shop.paying.tick()
    assert [(order.state, order.paid_minor) for order in orders(shop)] == [(OrderState.PAID, 8990)]
    assert movements(shop, MovementReason.SALE) == 1
    assert threading.active_count() < 100
