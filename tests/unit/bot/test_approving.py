"""Paying inside a chat: a question before a charge is answered in time or not at all; money is never passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest

from bot.approving import PAID_RETRIES
from bot.channels.recorder.send import CAPABILITIES, Recorder
from bot.channels.telegram.parse import parse, split
from bot.messages import Message, Reply
from bot.wire import reply_to_json
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent, OutboundMessage
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import Counted, StockEntry
from commerce.errors import RetryLater, SendUnknown
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from vitrine.standins.telegram import PROVIDER_TOKEN

BOT = "700700700"
LEA = Contact("telegram", BOT, "1001")
PAIR = "P3-white-42"
_numbers = count(1)


class InMemoryTelegram(Recorder):
    """Telegram's updates in, the recorder's memory out."""

    name, account = "telegram", BOT

    def parse(self, event: InboundEvent) -> Message | None:
        return parse(event)


@dataclass
class Till:
    """Léa has ordered the pair and has an invoice for it."""

    shop: Shop
    channel: InMemoryTelegram
    worker: Worker
    attempt_id: str
    order_id: str

    def update(self, **content: object) -> InboundEvent:
        body = json.dumps({"update_id": 5000 + next(_numbers), **content}).encode()
        (received,) = split(body, BOT, self.shop.clock.now())
        assert received.problem == ""
        return received.event

    def question(self, query_id: str = "q1", *, reference: str = "", amount: int = 8990) -> InboundEvent:
        sender = {"id": 1001, "first_name": "Léa", "language_code": "fr"}
        query = {"id": query_id, "from": sender, "currency": "EUR", "total_amount": amount}
        return self.update(pre_checkout_query={**query, "invoice_payload": reference or self.attempt_id})

    def payment(self, charge_id: str = "charge-1", *, reference: str = "", amount: int = 8990) -> InboundEvent:
        message = {
            "message_id": 9,
            "date": int(self.shop.clock.now().timestamp()),
            "chat": {"id": 1001, "type": "private"},
        }
        paid = {"currency": "EUR", "total_amount": amount, "invoice_payload": reference or self.attempt_id}
        paid |= {"telegram_payment_charge_id": charge_id, "provider_payment_charge_id": "p"}
        return self.update(message={**message, "successful_payment": paid})

    def accept(self, *events: InboundEvent) -> None:
        for event in events:
            now = self.shop.clock.now()
            self.shop.storage.write(lambda uow, event=event: uow.inbox.accept(event, now))

    def settle(self, *events: InboundEvent) -> None:
        self.accept(*events)
        self.worker.run_until_quiet()

    @property
    def answers(self) -> list[tuple[str, bool, str]]:
        return [(answer.query_id, answer.ok, answer.why_not) for answer in self.channel.payment_answers]

    @property
    def texts(self) -> list[str]:
        return [message.text for sent in self.channel.sent_to(LEA) for message in sent.outgoing]

    def state(self) -> OrderState:
        with self.shop.storage.read() as uow:
            order = uow.orders.get(self.order_id)
        assert order is not None
        return order.state


@pytest.fixture
def till(make_shop: Callable[..., Shop]) -> Till:
    shop = make_shop(
        telegram_token=f"{BOT}:" + "t" * 30,
        telegram_payment_token=PROVIDER_TOKEN,
        telegram_api_url="http://127.0.0.1:1",
    )
    channel = InMemoryTelegram(shop.media, replace(CAPABILITIES, invoices=True))

    def work(uow: UnitOfWork) -> Placed:
        found = uow.products.by_sku(PAIR)
        assert found is not None
        customer = shop.customers.recognise(uow, LEA, name="Léa", language="fr")
        shop.carts.add(uow, customer.id, found[1].id)
        draft = CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1", provider="telegram")
        shop.carts.set_draft(uow, customer.id, draft)
        placed = shop.checkout.place(uow, customer_id=customer.id, contact=LEA, source=OrderSource.BOT, language="fr")
        assert isinstance(placed, Placed)
        return placed

    placed = shop.storage.write(work)
    worker = Worker(shop, [channel])
    worker.run_until_quiet()
    return Till(shop, channel, worker, placed.attempt.id, placed.order.id)


def sell(shop: Shop) -> None:
    entry = StockEntry(MovementReason.SALE, PAIR, "S1", 1, "receipt-1", override=True)
    assert isinstance(shop.storage.write(lambda uow: shop.stocktaking.enter(uow, entry, actor="staff:nadia")), Counted)


def test_the_invoice_sums_up_and_names_the_attempt(till: Till) -> None:
    (invoice,) = [m.invoice for sent in till.channel.sent_to(LEA) for m in sent.outgoing if m.invoice]
    assert (invoice.total_minor, invoice.currency, invoice.reference) == (8990, "EUR", till.attempt_id)


def test_yes_extends_the_hold_and_the_payment_makes_one_receipt(till: Till, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=25))
    till.settle(till.question())
    assert till.answers == [("q1", True, "")]
    with till.shop.storage.read() as uow:
        order = uow.orders.get(till.order_id)
        assert order is not None and order.expires_at is not None
        assert order.expires_at >= clock.now() + timedelta(minutes=10)
    before = len(till.texts)
    once = till.payment()
    till.settle(once, once, till.payment(), till.payment())
    assert till.state() is OrderState.PAID
    assert len([text for text in till.texts[before:] if "payée" in text]) == 1
    assert till.texts[before:] == till.texts[before : before + 1]


def test_no_with_the_reason_in_the_shopper_s_language_and_a_choice_in_the_chat(till: Till) -> None:
    sell(till.shop)
    till.settle(till.question())
    assert till.answers == [("q1", False, "La dernière paire vient d’être vendue. Rien n’a été débité.")]
    assert "Rien n’a été débité" in till.texts[-1]
    labels = [b.label for sent in till.channel.sent_to(LEA)[-1:] for m in sent.outgoing for row in m.rows for b in row]
    assert "Articles similaires" in labels
    assert till.state() is OrderState.PENDING_PAYMENT


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reference": "f" * 32}, "n’est plus valable"),
        ({"reference": "'; DROP TABLE orders; --"}, "n’est plus valable"),
        ({"amount": 8989}, "Le prix a changé"),
        ({"amount": 0}, "Le prix a changé"),
    ],
)
def test_what_we_did_not_ask_for_is_not_charged(till: Till, changed: dict[str, object], words: str) -> None:
    till.settle(till.question(**changed))  # type: ignore[arg-type]
    ((_, ok, why_not),) = till.answers
    assert not ok
    assert words in why_not and "Rien n’a été débité" in why_not


def test_nothing_in_the_chat_holds_the_answer_up(till: Till, clock: ManualClock) -> None:
    """The chat's own lane waits for a retry, on both sides."""
    till.channel.fail_with(RetryLater(3600, "slow down"))
    body = reply_to_json(Reply("…"))
    till.shop.storage.write(lambda uow: uow.outbox.add(OutboundMessage(LEA, "reply", body), clock.now()))
    till.worker.run_until_quiet()
    shown = len(till.texts)
    till.settle(till.question())
    assert till.answers == [("q1", True, "")]
    assert len(till.texts) == shown


def test_too_late_to_ask_is_not_answered(till: Till, clock: ManualClock) -> None:
    late = till.question()
    clock.advance(timedelta(seconds=12))
    till.settle(late)
    assert till.answers == []


def test_too_late_to_answer_is_dropped(till: Till, clock: ManualClock) -> None:
    till.channel.fail_with(*[RetryLater(0.5, "busy")] * 2)
    till.settle(till.question())
    assert till.answers == []
    clock.advance(timedelta(seconds=12))
    till.worker.run_until_quiet()
    assert till.answers == []
    with till.shop.storage.read() as uow:
        assert [letter.error for letter in uow.outbox.dead_letters(5)] == ["too late to answer"]


def test_an_answer_that_may_have_arrived_is_repeated_without_harm(till: Till, clock: ManualClock) -> None:
    till.channel.fail_with(SendUnknown("no answer"))
    till.settle(till.question())
    clock.advance(timedelta(seconds=2))
    till.worker.run_until_quiet()
    assert till.answers == [("q1", True, "")]


class Broken:
    """A surprise wherever it is asked."""

    def precheck(self, *args: object) -> object:
        raise RuntimeError("surprise")

    def settle(self, *args: object) -> object:
        raise RuntimeError("surprise")


def test_a_surprise_twice_is_a_no(till: Till, clock: ManualClock) -> None:
    broken = replace(till.shop, checkout=Broken())  # type: ignore[arg-type]
    till.worker = Worker(broken, [till.channel])
    till.settle(till.question())
    assert till.answers == []
    clock.advance(timedelta(seconds=2))
    till.worker.run_until_quiet()
    ((_, ok, why_not),) = till.answers
    assert not ok and "Rien n’a été débité" in why_not


def test_money_is_tried_for_more_than_an_hour_and_then_shown_to_a_person(till: Till, clock: ManualClock) -> None:
    whole, paying = till.worker, till.shop.paying

    class HalfBroken(Broken):
        def tick(self) -> None:
            paying.tick()

    till.worker = Worker(replace(till.shop, paying=HalfBroken()), [till.channel])  # type: ignore[arg-type]
    till.settle(till.payment())
    for pause in PAID_RETRIES[:-1]:
        clock.advance(pause)
        till.worker.run_until_quiet()
        with till.shop.storage.read() as uow:
            assert uow.tasks.open() == []
    clock.advance(PAID_RETRIES[-1])
    till.worker.run_until_quiet()
    with till.shop.storage.read() as uow:
        (task,) = uow.tasks.open()
        assert "charge-1" in task.details
        (letter,) = uow.inbox.dead(5)
    # Mended, an operator replays it.
    till.shop.storage.write(lambda uow: uow.inbox.replay(letter.id, clock.now()))
    whole.run_until_quiet()
    assert till.state() in (OrderState.PAID, OrderState.PAID_UNFULFILLABLE)


def test_money_for_nothing_we_know_is_a_task_and_one_only(till: Till) -> None:
    till.settle(till.payment("charge-9", reference="e" * 32), till.payment("charge-9", reference="e" * 32))
    with till.shop.storage.read() as uow:
        (task,) = uow.tasks.open()
    assert json.loads(task.details)["charge_id"] == "charge-9"
    assert till.state() is OrderState.PENDING_PAYMENT


def test_it_makes_no_customers_and_touches_no_session(till: Till) -> None:
    till.settle(till.question(), till.payment())
    with till.shop.storage.read() as uow:
        assert uow.customers.by_contact(LEA.urgent) is None
        assert uow.customers.by_contact(LEA.aside) is None
        assert uow.state.get("session:telegram:700700700:1001", till.shop.clock.now()) is None
