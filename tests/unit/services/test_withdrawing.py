"""The legal withdrawal: once, receipted word for word, refunded to the cent, and never after its last day."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from commerce.domain.customer import Contact
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import RefundReason
from commerce.domain.reservation import Refused
from commerce.domain.returns import NotReturned, ReturnKind, ReturnRequest, ReturnState
from commerce.domain.spreadsheets import safe_cell
from commerce.domain.staff import TaskKind
from commerce.storage.audit_queries import stock_against_holds, stock_against_movements
from tests.unit.services.conftest import LEA, SAM
from tests.unit.services.selling import AT_COUNTER, Selling

FIVE_DAYS_AGO = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sound_stock(selling: Selling):
    yield
    with selling.storage.read() as uow:
        assert not stock_against_holds(uow)
        assert not stock_against_movements(uow)


def delivered(selling: Selling, *lines: tuple[str, int], **more):
    asked = {"store_id": "WEB", "delivery_minor": 490, "delivered": FIVE_DAYS_AGO, **more}
    return selling.bought(*(lines or (("38", 1),)), **asked)


def receipts_to(selling: Selling, contact: Contact) -> list[str]:
    with selling.storage.read() as uow:
        row = uow.outbox.next_in(contact.lane, selling.clock.now())
        found = []
        while row is not None and row.message.kind != "withdrawal_receipt":
            uow_row = row
            selling.storage.write(lambda write, r=uow_row: write.outbox.sent(r.id, "", selling.clock.now()))
            with selling.storage.read() as again:
                row = again.outbox.next_in(contact.lane, selling.clock.now())
        if row is not None:
            found.append(json.loads(row.message.body)["return_id"])
    return found


def test_everything_goes_back_with_its_delivery(selling: Selling):
    order = delivered(selling)
    done = selling.withdraw(order)
    assert isinstance(done, ReturnRequest)
    assert (done.kind, done.state, done.refund_minor) == (ReturnKind.WITHDRAWAL, ReturnState.APPROVED, 8390)
    assert done.due_at == selling.clock.now() + timedelta(days=14)
    (refund,) = selling.refunds(order)
    assert (refund.amount.minor, refund.reason, refund.due_at) == (8390, RefundReason.WITHDRAWAL, done.due_at)
    with selling.storage.read() as uow:
        (task,) = uow.tasks.open(kind=TaskKind.REFUND)
    assert (task.subject, task.due_at) == (refund.id, done.due_at)
    assert receipts_to(selling, LEA) == [done.id]
    assert selling.order(order).state is OrderState.REFUND_PENDING


@pytest.mark.parametrize(("state", "goods"), [(OrderState.PAID, "stay"), (OrderState.SHIPPED, "come back")])
def test_an_order_whose_money_is_on_its_way_already(selling: Selling, state: OrderState, goods: str):
    """What had not left the shop is on the shelf again since then; what had left it has to come back still."""
    before = selling.on_hand("38", "WEB")
    order = delivered(selling, state=state)
    selling.storage.write(lambda uow: selling.refunding.ask(uow, order.id, None, RefundReason.GOODWILL))
    assert selling.order(order).state is OrderState.REFUND_PENDING
    there = selling.on_hand("38", "WEB")
    assert there == before - (state is OrderState.SHIPPED)
    done = selling.withdraw(selling.order(order))
    assert isinstance(done, ReturnRequest)
    assert done.state is (ReturnState.APPROVED if goods == "come back" else ReturnState.SETTLED)
    assert selling.on_hand("38", "WEB") == there
    assert selling.refunds(order)[1:] == [], "all of it is on its way"
    with selling.storage.read() as uow:
        (told,) = [json.loads(task.details) for task in uow.tasks.open(kind=TaskKind.REFUND) if task.subject == done.id]
    assert told["goods"].startswith(goods)


def test_the_receipt_says_what_when_and_who(selling: Selling):
    order = delivered(selling, ("36", 2), ("38", 1))
    text = selling.withdraw(order, lines={0: 1}).receipt
    assert text == "\n".join(
        [
            "ACCUSÉ DE RÉCEPTION D’UNE RÉTRACTATION",
            "",
            "Boutique\u00a0: Vitrine",
            "Reçue le\u00a0: 10/03/2026 10:00 (Europe/Paris)",
            f"Commande\u00a0: n°\u00a0{order.number} du 10/03/2026",
            "Nom\u00a0: Léa Martin",
            "Cet accusé de réception est envoyé à\u00a0: Telegram",
            "",
            "Déclaration\u00a0: «\u00a0Je me rétracte du contrat portant sur la vente des biens ci-dessous.\u00a0»",
            "",
            "1 × Robe midi en lin, 36 (P1-36)",
            "",
            "À rembourser\u00a0: 79,00\u00a0€, au plus tard le 24/03/2026, par le moyen utilisé pour payer.",
            "Merci de renvoyer ou de rapporter les biens dans les 14 jours.",
            f"Référence\u00a0: {selling.withdrawn(order)[0].id}",
            "",
        ]
    )


def test_the_receipt_in_english(selling: Selling):
    text = selling.withdraw(delivered(selling), language="en").receipt
    assert "Received on: 10 March 2026 10:00\u202fAM (Europe/Paris)" in text
    assert "To be refunded: €83.90, by 24 March 2026 at the latest" in text


def test_a_second_tap_gives_the_same_receipt(selling: Selling):
    order = delivered(selling, ("36", 2))
    first = selling.withdraw(order, lines={0: 1})
    selling.clock.advance(timedelta(minutes=3))
    assert selling.withdraw(order, lines={0: 1}) == first, "though there is another one left"
    assert len(selling.refunds(order)) == 1
    second = selling.withdraw(order, lines={0: 1}, seen=1)
    assert second.id != first.id
    assert second.refund_minor == 7900 + 490, "the last one brings the delivery back"
    assert selling.withdraw(order) == second
    assert selling.withdraw(order, seen=2) == second, "nothing is left to withdraw from"


def test_many_taps_at_once_are_one(selling: Selling):
    order = delivered(selling)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: selling.withdraw(order), range(6)))
    assert len({request.id for request in found}) == 1
    assert len(selling.refunds(order)) == 1
    with selling.storage.read() as uow:
        assert len(uow.tasks.open(kind=TaskKind.REFUND)) == 1


def test_before_it_leaves_the_shop_it_stays_there(selling: Selling):
    order = selling.bought(("36", 2), ("38", 1), state=OrderState.PREPARING)
    assert (selling.on_hand("36"), selling.on_hand("38")) == (2, 0)
    part = selling.withdraw(order, lines={0: 1})
    assert (part.state, part.refund_minor) == (ReturnState.SETTLED, 7900)
    assert selling.on_hand("36") == 3
    assert selling.order(order).state is OrderState.PREPARING, "the rest is still wanted"
    rest = selling.withdraw(order, seen=1)
    assert rest.refund_minor == 2 * 7900
    assert (selling.on_hand("36"), selling.on_hand("38")) == (4, 1)
    assert "renvoyer" not in rest.receipt
    assert [line.returned for line in selling.order(order).lines] == [2, 1]
    assert selling.receive(rest) == HandOverRefused(NotHandedOver.ALREADY)
    assert (selling.on_hand("36"), selling.on_hand("38")) == (4, 1)


def test_goods_come_back_to_the_shelf_and_no_more_money_moves(selling: Selling):
    order = delivered(selling)
    done = selling.withdraw(order)
    assert selling.receive(done, store_id="S2").state is ReturnState.SETTLED
    assert selling.on_hand("38", "S2") == 2
    assert [refund.amount.minor for refund in selling.refunds(order)] == [8390]


def test_a_promise_to_exchange_does_not_stand_in_the_way(selling: Selling):
    order = delivered(selling)
    held = selling.ask(order, ReturnKind.EXCHANGE, size="36")
    assert selling.small.available("36") == 3
    assert isinstance(selling.withdraw(order), ReturnRequest)
    assert selling.request_now(held).state is ReturnState.CANCELLED
    assert selling.small.available("36") == 4


def test_nobody_can_refuse_or_cancel_it(selling: Selling):
    order = delivered(selling)
    done = selling.withdraw(order)
    over = Refused(NotReturned.OVER)
    assert selling.storage.write(lambda uow: selling.returns.reject(uow, done.id, by="nadia", note="")) == over
    assert selling.storage.write(lambda uow: selling.returns.cancel(uow, done.id, order.customer_id)) == over


def test_until_the_last_moment_of_the_fourteenth_day(selling: Selling):
    order, other = delivered(selling), delivered(selling, ("36", 1))
    selling.clock.set(datetime(2026, 3, 19, 22, 59, 59, tzinfo=UTC))  # 23:59:59 in Paris
    assert isinstance(selling.withdraw(order), ReturnRequest)
    selling.clock.set(datetime(2026, 3, 19, 23, 0, tzinfo=UTC))
    assert selling.withdraw(other) == Refused(NotReturned.TOO_LATE)
    assert isinstance(selling.withdraw(order), ReturnRequest), "the receipt can still be had"
    assert selling.refunds(other) == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"provider": AT_COUNTER}, NotReturned.NOT_PAID_ONLINE),
        ({"source": OrderSource.COUNTER}, NotReturned.NOT_PAID_ONLINE),
        ({"source": OrderSource.MARKETPLACE}, NotReturned.NOT_PAID_ONLINE),
    ],
)
def test_who_has_no_such_right(selling: Selling, more, reason):
    assert selling.withdraw(delivered(selling, **more)) == Refused(reason)


def test_only_ones_own_order_and_its_own_lines(selling: Selling):
    order = delivered(selling, ("36", 2))
    assert selling.withdraw(order, customer_id=selling.small.customer(SAM)) == Refused(NotReturned.NOT_FOUND)
    for lines in ({}, {0: 0}, {5: 1}, {0: -1}, {0: 1, 9: 1}):
        assert selling.withdraw(order, lines=lines) == Refused(NotReturned.NO_SUCH_LINE)
    assert selling.withdraw(order, lines={0: 3}) == Refused(NotReturned.ALREADY)
    assert selling.refunds(order) == []


def test_the_receipt_goes_where_the_shopper_chose(selling: Selling):
    selling.withdraw(delivered(selling), contact=SAM)
    assert len(receipts_to(selling, SAM)) == 1
    assert receipts_to(selling, LEA) == []


def test_the_list_for_the_operator(selling: Selling):
    order = delivered(selling)
    done = selling.withdraw(order)
    selling.withdraw(delivered(selling, ("36", 2)), lines={0: 1})
    with selling.storage.read() as uow:
        rows = list(csv.DictReader(io.StringIO(selling.withdrawing.as_csv(uow))))
    assert len(rows) == 2
    assert rows[0] == {
        "reference": done.id,
        "received_at": "2026-03-10T09:00:00+00:00",
        "order": str(order.number),
        "handed_over_at": "2026-03-05T14:00:00+00:00",
        "name": "Léa Martin",
        "receipt_to": "telegram",
        "items": "1 x P1-38",
        "refund_minor": "8390",
        "currency": "EUR",
        "refund_due_at": "2026-03-24T09:00:00+00:00",
        "state": "approved",
        "refunds": "8390 queued",
    }


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "\0="])
def test_no_cell_is_a_formula(begin):
    assert safe_cell(f"{begin}cmd|' /C calc'!A0").startswith("'")
    assert "\0" not in safe_cell(f"{begin}x")


def test_other_cells_are_as_they_are():
    assert [safe_cell(text) for text in ("Léa", "", "1043", "a=b", "O'Neil")] == ["Léa", "", "1043", "a=b", "O'Neil"]
