"""Every invariant of orders and money is broken on purpose, on both databases, and the doctor says which and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.dispute import Dispute, DisputeState
from commerce.domain.money import Money
from commerce.domain.order import OrderEvent, OrderState
from commerce.domain.payment import LedgerEntry, LedgerKind, PaymentState, RefundReason, RefundState
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.stock import MovementReason
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import LEA_PERSON, PLACED, a_refund, an_attempt, an_order, put_people
from tests.contracts.storage_values import LEA, NOW, put_stock
from tests.contracts.test_doctor import broken, run

HOUR = timedelta(hours=1)


@pytest.fixture
def storage(storage: Storage) -> Iterator[Storage]:
    """A paid order of two things, of which a part goes back, and another that waits for its payment."""
    put_people(storage)
    a, b = put_stock(storage, {"36": 5, "38": 3})

    def place(uow: UnitOfWork, order_id: str) -> None:
        holds = uow.stock.take(f"h-{order_id}", [(a, 1), (b, 1)], "bellecour", LEA_PERSON.id, NOW + HOUR, NOW)
        assert holds is not None
        by_variant = {hold.variant_id: hold.id for hold in holds}
        order = an_order([a, b], order_id)
        lines = tuple(replace(line, hold_id=by_variant[line.variant_id]) for line in order.lines)
        order = uow.orders.add(replace(order, lines=lines), LEA, PLACED)
        assert uow.promotions.use("MARS10", order_id, LEA_PERSON.id, once_per_customer=False)
        uow.payments.add(replace(an_attempt(order, f"a-{order_id}"), next_check_at=None))

    def pay(uow: UnitOfWork) -> None:
        order, attempt = uow.orders.get("paid"), uow.payments.get("a-paid")
        assert order is not None
        assert attempt is not None
        uow.payments.update(replace(attempt, state=PaymentState.CAPTURED, captured_minor=order.total_minor))
        uow.payments.enter(LedgerEntry("a-paid", LedgerKind.CAPTURE, order.total, "stripe", "pi_1", NOW))
        for line in order.lines:
            assert uow.stock.consume(line.hold_id, MovementReason.SALE, NOW)
        event = OrderEvent(NOW, order.state, OrderState.PAID, "provider:stripe")
        order = uow.orders.move(order, OrderState.PAID, event, paid_minor=order.total_minor)
        assert uow.payments.reserve_refund("a-paid", 500)
        done = replace(a_refund(order, "back", 500), attempt_id="a-paid", state=RefundState.DONE)
        uow.payments.add_refund(replace(done, reason=RefundReason.GOODWILL))
        uow.payments.confirm_refund("a-paid", 500)
        uow.payments.enter(LedgerEntry("a-paid", LedgerKind.REFUND, Money(-500, "EUR"), "stripe", "re_1", NOW))
        event = OrderEvent(NOW, order.state, order.state, "shop")
        uow.orders.move(order, order.state, event, refunded_minor=500)

    def work(uow: UnitOfWork) -> None:
        uow.promotions.put(Promotion("MARS10", PromotionKind.AMOUNT, 1000, "EUR"))
        place(uow, "paid")
        place(uow, "waiting")
        pay(uow)

    storage.write(work)
    yield storage


def test_a_healthy_till_has_nothing_broken(storage: Storage) -> None:
    assert broken(storage) == {}


@pytest.mark.parametrize(
    ("name", "says", "statements"),
    [
        (
            "no money without goods or a way back",
            "waits for its money, 14790 of attempt a-paid are not on their way back",
            ["UPDATE shop_order SET state = 'refund_pending' WHERE id = 'paid'"],
        ),
        (
            "what is paid is sold, what is over holds nothing",
            "is cancelled, its hold h-waiting is active",
            ["UPDATE shop_order SET state = 'cancelled' WHERE id = 'waiting'"],
        ),
        (
            "what is paid is sold, what is over holds nothing",
            "is pending_payment, its hold h-paid is consumed",
            ["UPDATE shop_order SET state = 'pending_payment' WHERE id = 'paid'"],
        ),
        (
            "what is paid is sold, what is over holds nothing",
            "is ready with 0 paid, its hold h-paid is consumed",
            ["UPDATE shop_order SET state = 'ready', refunded_minor = 0, paid_minor = 0 WHERE id = 'paid'"],
        ),
        (
            "what is paid is sold, what is over holds nothing",
            "the hold gone of its line 1 is not there",
            ["UPDATE order_line SET hold_id = 'gone' WHERE order_id = 'waiting' AND position = 1"],
        ),
        (
            "what was sold left the shelf once",
            "hold h-paid of 1 is consumed: 2 movements of -2",
            [
                "INSERT INTO stock_movement (variant_id, store_id, on_hand_change, held_change, reason, reference,"
                " at_us) SELECT variant_id, store_id, -1, -1, 'sale', id, 0 FROM hold WHERE id = 'h-paid'"
            ],
        ),
        (
            "what was sold left the shelf once",
            "hold h-paid of 1 is released: 1 movements of -1",
            ["UPDATE hold SET state = 'released' WHERE id = 'h-paid'"],
        ),
        (
            "money is what the ledger says",
            "order 1001, attempt a-paid: 15290 collected and 500 given back, the ledger says 0 and 500",
            ["DELETE FROM ledger_entry WHERE kind = 'capture'"],
        ),
        (
            "money is what the ledger says",
            "the ledger says 15290 and 0",
            ["DELETE FROM ledger_entry WHERE kind = 'refund'"],
        ),
        (
            "money is what the ledger says",
            "its attempts say 15290 and 500",
            ["UPDATE shop_order SET paid_minor = paid_minor + 1 WHERE id = 'paid'"],
        ),
        (
            "money is what the ledger says",
            "order 1001, attempt a-paid: 500 are to go back, its refunds ask for 600",
            ["UPDATE refund SET amount_minor = 600"],
        ),
        (
            "money is what the ledger says",
            "order 1001, attempt a-paid: its refunds gave 501 back, the ledger says 500",
            ["UPDATE refund SET amount_minor = 501"],
        ),
        (
            "no money without goods or a way back",
            "is paid with 15290 paid of 15291",
            ["UPDATE shop_order SET total_minor = 15291, delivery_minor = 491 WHERE id = 'paid'"],
        ),
        (
            "no money without goods or a way back",
            "is expired, 14790 of attempt a-paid are neither goods nor on their way back",
            ["UPDATE shop_order SET state = 'expired' WHERE id = 'paid'"],
        ),
        (
            "no money without goods or a way back",
            "is paid 2 times, and nothing of it goes back",
            ["UPDATE payment_attempt SET order_id = 'paid', captured_minor = 1 WHERE id = 'a-waiting'"],
        ),
        (
            "promotions count the orders that use them",
            "promotion MARS10 counts 3 uses, 2 orders have it",
            ["UPDATE promotion SET uses = 3"],
        ),
    ],
)
def test_each_rule_is_noticed(storage: Storage, name: str, says: str, statements: list[str]) -> None:
    run(storage, *statements)
    assert says in broken(storage)[name]


@pytest.mark.parametrize(
    ("says", "statement"),
    [
        ("attempt a-waiting (stripe, created) waits", "UPDATE payment_attempt SET next_check_at_us = 5"),
        ("refund back is unknown and waits", "UPDATE refund SET state = 'unknown'"),
        (
            "of stripe has not taken effect",
            "INSERT INTO payment_event (provider, event_id, body, received_at_us) VALUES ('stripe', 'evt_1', '', 5)",
        ),
    ],
)
def test_money_that_waits_too_long_is_noticed(storage: Storage, says: str, statement: str) -> None:
    run(storage, statement)
    assert says in broken(storage, minutes=24 * 60)["no payment is stuck"]


def test_a_refund_that_failed_is_known_to_somebody(storage: Storage) -> None:
    run(
        storage,
        "UPDATE shop_order SET state = 'paid_unfulfillable' WHERE id = 'paid'",
        "UPDATE refund SET state = 'failed'",
    )
    assert "no money without goods or a way back" not in broken(storage)


def told(*references: str) -> list[str]:
    """The provider has told of as many times five euros more, and everything is booked."""
    minor = 500 * (1 + len(references))
    return [
        f"UPDATE payment_attempt SET payment_ref = 'pi_1', refunding_minor = {minor}, refunded_minor = {minor}"
        " WHERE id = 'a-paid'",
        f"UPDATE shop_order SET refunded_minor = {minor} WHERE id = 'paid'",
        *(
            "INSERT INTO ledger_entry (attempt_id, kind, amount_minor, currency, provider, reference, at_us)"
            f" VALUES ('a-paid', 'refund', -500, 'EUR', 'stripe', '{reference}', 5)"
            for reference in references
        ),
    ]


@pytest.mark.parametrize(
    "references",
    [
        ["pi_1:refunded:1000"],
        ["pi_1:refunded:1000", "pi_1:refunded:1500"],
        ["pi_1:refunded:1000:a-paid:1000"],
        ["re_2"],
    ],
)
def test_what_went_back_elsewhere_is_as_much_as_the_provider_said(storage: Storage, references: list[str]) -> None:
    run(storage, *told(*references))
    assert broken(storage) == {}


def test_what_was_counted_twice_is_named_with_what_to_do(storage: Storage) -> None:
    run(storage, *told("pi_1:refunded:500", "pi_1:refunded:1200"))
    (name, said), *others = broken(storage).items()
    assert (name, others) == ("what went back is counted once", [])
    assert said.startswith("order 1001: €5.00 more than stripe had said (payment pi_1). Look these payments up")
    french = broken(storage, language="fr")[name]
    assert french.startswith(
        "commande 1001\xa0: 5,00\xa0€ de plus que ce que stripe avait annoncé (paiement pi_1). Cherchez"
    )


def test_what_a_bank_took_and_nobody_booked_is_named_with_what_to_do(storage: Storage) -> None:
    """While something of that payment is left that could be given back once more."""
    lost = Dispute(
        "d1", "a-paid", "paid", "stripe", "dp_1", DisputeState.LOST, Money(15290, "EUR"), True, "fraudulent", NOW, NOW
    )
    storage.write(lambda uow: uow.disputes.add(lost))
    (name, said), *others = broken(storage).items()
    assert (name, others) == ("what banks took is in the books", [])
    assert said.startswith(
        "order 1001: €152.90 of the dispute dp_1 at stripe. The banks have this money: give none of it"
    )
    french = broken(storage, language="fr")[name]
    assert french.startswith(
        "commande 1001\xa0: 152,90\xa0€ du litige dp_1 chez stripe. Les banques ont déjà cet argent"
    )
    for mended in (
        "UPDATE payment_dispute SET state = 'won'",
        "UPDATE payment_dispute SET state = 'lost', currency = 'CHF'",
        "UPDATE payment_dispute SET currency = 'EUR', lost_minor = amount_minor",
    ):
        run(storage, mended)
        assert name not in broken(storage)
    with storage.read() as uow:
        assert uow.disputes.not_in_the_books() == []


def test_losses_that_are_not_booked_are_of_one_provider(storage: Storage) -> None:
    lost = Dispute("d1", "a-paid", "paid", "stripe", "dp_1", DisputeState.LOST, Money(100, "EUR"), True, "", NOW, NOW)
    storage.write(lambda uow: uow.disputes.add(lost))
    with storage.read() as uow:
        assert [each.id for each in uow.disputes.not_in_the_books("stripe")] == ["d1"]
        assert uow.disputes.not_in_the_books("square") == []
