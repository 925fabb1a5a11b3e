"""Banks ask money back: kept with payment and order, told to the team, in the books when lost; in whatever order it is
told; on both databases."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commerce.domain.dispute import Dispute, DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.payment import LedgerKind, NotRefunded, PaymentState, Placed, RefundReason, RefundState
from commerce.domain.reservation import Refused
from commerce.domain.staff import TaskKind
from commerce.domain.team import Role
from commerce.payments.fake import Fault
from commerce.services.again import write_again
from commerce.services.disputing import Disputing
from commerce.services.refund_sending import WHILE_DISPUTED
from commerce.services.refund_tasks import raise_refund_task
from commerce.services.staff_refunds import StaffRefunds
from tests.contracts.staff_values import a_member
from tests.unit.services.till import HOOK, Till

D = DisputeState
OWNER = a_member("hugo", Role.OWNER, ())


def opened(till: Till, placed: Placed, state: D = D.NEEDS_RESPONSE, *, withheld: bool = True) -> None:
    """The bank says so; the provider's signed call arrives."""
    till.clock.advance(timedelta(seconds=1))
    till.fake.control.dispute(till.attempt(placed.attempt.id).session_ref, state, withheld=withheld)
    till.hear()


def dispute(till: Till, placed: Placed) -> Dispute:
    with till.storage.read() as uow:
        (found,) = uow.disputes.of_order(placed.order.id)
    return found


def ledger(till: Till, placed: Placed) -> list[tuple[LedgerKind, int]]:
    with till.storage.read() as uow:
        return [(entry.kind, entry.amount.minor) for entry in uow.payments.ledger(placed.attempt.id)]


def ask_back(till: Till, placed: Placed, minor: int):
    refunds = StaffRefunds(till.clock, till.ids, till.selling.refunding, 10**6)
    return till.storage.write(lambda uow: refunds.ask(uow, OWNER, placed.order.id, minor))


def test_it_is_kept_told_to_the_team_and_to_nobody_else(till: Till):
    placed = till.paid(lines={"36": 1})
    till.news()
    opened(till, placed)
    found = dispute(till, placed)
    assert (found.state, found.amount.minor, found.is_withheld, found.reason) == (
        D.NEEDS_RESPONSE, 7900, True, "fraudulent",
    )  # fmt: skip
    assert (found.attempt_id, found.order_id) == (placed.attempt.id, placed.order.id)
    assert till.tasks(TaskKind.DISPUTE) == [found.id]
    assert till.notes(placed)[-1] == "dispute needs_response: 7900 EUR, fraudulent"
    assert till.order(placed).state is OrderState.PAID
    with till.storage.read() as uow:
        assert uow.disputes.open_among([placed.order.id, "f" * 32]) == {placed.order.id}
    opened(till, placed, D.UNDER_REVIEW)
    assert dispute(till, placed).state is D.UNDER_REVIEW
    assert till.tasks(TaskKind.DISPUTE) == [found.id], "one question, one task"
    assert till.kinds_of_news() == [], "the shopper hears nothing of it from us"
    assert ledger(till, placed) == [(LedgerKind.CAPTURE, 7900)]
    assert till.wrong() == []


def test_lost_it_is_money_that_is_gone_once(till: Till):
    placed = till.paid(lines={"36": 2})
    till.news()
    opened(till, placed)
    opened(till, placed, D.LOST)
    opened(till, placed, D.LOST)
    assert ledger(till, placed) == [(LedgerKind.CAPTURE, 15800), (LedgerKind.DISPUTE, -15800)]
    attempt, order = till.attempt(placed.attempt.id), till.order(placed)
    assert (attempt.state, attempt.refunded_minor, attempt.refundable_minor) == (PaymentState.REFUNDED, 15800, 0)
    assert (order.state, order.paid_minor, order.refunded_minor) == (OrderState.REFUNDED, 15800, 15800)
    assert till.stock("36") == (4, 0), "what had not left the shop is on the shelf again"
    assert dispute(till, placed).lost_minor == 15800
    assert till.tasks(TaskKind.DISPUTE) == []
    assert till.tasks(TaskKind.DISPUTE_LOST) == [dispute(till, placed).id]
    assert ask_back(till, placed, 100) == Refused(NotRefunded.TOO_MUCH)
    assert till.kinds_of_news() == []
    assert till.wrong() == []


def test_won_nothing_has_changed(till: Till):
    placed = till.paid(lines={"36": 1})
    opened(till, placed)
    opened(till, placed, D.WON, withheld=False)
    assert ledger(till, placed) == [(LedgerKind.CAPTURE, 7900)]
    assert till.order(placed).state is OrderState.PAID
    assert not dispute(till, placed).is_withheld
    assert till.tasks(TaskKind.DISPUTE) == till.tasks(TaskKind.DISPUTE_LOST) == []
    assert not isinstance(ask_back(till, placed, 7900), Refused)
    assert till.wrong() == []


def test_won_after_all_the_money_is_there_again_and_may_be_lost_again(till: Till):
    placed = till.paid(lines={"36": 1})
    opened(till, placed, D.LOST)
    opened(till, placed, D.WON, withheld=False)
    attempt, order = till.attempt(placed.attempt.id), till.order(placed)
    assert (attempt.refunded_minor, attempt.refunding_minor, order.refunded_minor) == (0, 0, 0)
    assert [minor for _, minor in ledger(till, placed)] == [7900, -7900, 7900]
    assert till.tasks(TaskKind.DISPUTE_LOST) == []
    assert till.wrong() == []
    opened(till, placed, D.LOST)
    assert [minor for _, minor in ledger(till, placed)] == [7900, -7900, 7900, -7900]
    assert till.attempt(placed.attempt.id).refunded_minor == 7900
    assert till.wrong() == []


def test_nobody_gives_money_back_that_the_bank_may_give_back(till: Till):
    placed = till.paid(lines={"36": 1})
    opened(till, placed)
    assert ask_back(till, placed, 500) == Refused(NotRefunded.DISPUTED)
    opened(till, placed, D.UNDER_REVIEW)
    assert ask_back(till, placed, 500) == Refused(NotRefunded.DISPUTED)
    assert till.refunds(placed) == []


def test_a_question_of_the_bank_is_answered_by_giving_it_back(till: Till):
    placed = till.paid(lines={"36": 1})
    opened(till, placed, D.INQUIRY, withheld=False)
    assert till.tasks(TaskKind.DISPUTE) == [dispute(till, placed).id]
    assert not isinstance(ask_back(till, placed, 7900), Refused)
    till.later(seconds=1)
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.DONE]


@pytest.mark.parametrize("end", [D.WON, D.LOST])
def test_what_the_shop_owes_waits_for_the_bank(till: Till, end: D):
    placed = till.paid(lines={"36": 1})
    opened(till, placed)
    order = till.order(placed)
    till.storage.write(lambda uow: till.selling.orders.cancel(uow, order.id, order.customer_id))
    assert till.order(placed).state is OrderState.REFUND_PENDING
    till.later(minutes=5)
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.QUEUED], "not sent"
    opened(till, placed, end, withheld=False)
    till.later(seconds=WHILE_DISPUTED.total_seconds())
    states = {D.WON: RefundState.DONE, D.LOST: RefundState.FAILED}
    assert [refund.state for refund in till.refunds(placed)] == [states[end]]
    order = till.order(placed)
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 7900)
    sent = sum(session.refunded_minor for session in till.fake.control.sessions())
    assert sent == (7900 if end is D.WON else 0), "never paid twice"
    assert till.wrong() == []


def test_part_of_it_went_back_before(till: Till):
    placed = till.paid(lines={"36": 1})
    assert not isinstance(ask_back(till, placed, 900), Refused)
    till.later(seconds=1)
    opened(till, placed, D.LOST)
    assert [minor for _, minor in ledger(till, placed)] == [7900, -900, -7000]
    assert till.order(placed).refunded_minor == 7900
    assert till.wrong() == []


def on_its_way(till: Till, placed: Placed, minor: int, *, arrives: bool) -> None:
    """Asked back, and the provider's answer was lost; asked again, it says that it was done, or that it refuses."""
    assert not isinstance(ask_back(till, placed, minor), Refused)
    till.fake.control.fail("refund", Fault.TIMEOUT_DONE if arrives else Fault.TIMEOUT)
    till.later(seconds=1)
    assert till.refunds(placed)[-1].state is RefundState.UNKNOWN
    if not arrives:
        till.fake.control.fail("refund", Fault.DECLINED)


@pytest.mark.parametrize("arrives", [True, False])
def test_lost_while_a_part_is_on_its_way(till: Till, arrives: bool):
    """What is on its way is not counted twice, and not forgotten when it does not arrive."""
    placed = till.paid(lines={"36": 1})
    on_its_way(till, placed, 3000, arrives=arrives)
    opened(till, placed, D.LOST)
    assert ledger(till, placed) == [(LedgerKind.CAPTURE, 7900), (LedgerKind.DISPUTE, -4900)]
    till.later(minutes=1)
    last = LedgerKind.REFUND if arrives else LedgerKind.DISPUTE
    assert ledger(till, placed)[2:] == [(last, -3000)]
    assert till.order(placed).state is OrderState.REFUNDED
    assert dispute(till, placed).lost_minor == (4900 if arrives else 7900)
    assert till.tasks(TaskKind.REFUND_FAILED) == [], "the bank gave it back: nobody has to"
    assert till.wrong() == []


def test_all_of_it_was_on_its_way_and_a_part_was_lost(till: Till):
    """What the bank did not give back is asked back anew."""
    placed = till.paid(lines={"36": 1})
    hears = Disputing(till.clock, till.ids, till.selling.refunding)
    on_its_way(till, placed, 7900, arrives=False)
    (told,) = (each for each in reports(till.paid(lines={"book": 1}), till.clock.now()) if each.state is D.LOST)
    part = replace(told, payment_ref=till.attempt(placed.attempt.id).payment_ref, amount=Money(1000, "EUR"))
    write_again(till.storage, lambda uow: hears.hear(uow, part))
    assert ledger(till, placed) == [(LedgerKind.CAPTURE, 7900)]
    till.later(minutes=1, ticks=2)
    assert ledger(till, placed)[1:] == [(LedgerKind.DISPUTE, -1000), (LedgerKind.REFUND, -6900)]
    assert till.order(placed).state is OrderState.REFUNDED
    assert till.tasks(TaskKind.REFUND_FAILED) == []
    assert till.wrong() == []


def test_one_refund_is_on_its_way_and_another_still_waits(till: Till):
    placed = till.paid(lines={"36": 1})
    on_its_way(till, placed, 3000, arrives=True)
    assert not isinstance(ask_back(till, placed, 1000), Refused)
    opened(till, placed, D.LOST)
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.UNKNOWN, RefundState.FAILED]
    till.later(minutes=1)
    assert [minor for _, minor in ledger(till, placed)] == [7900, -4900, -3000]
    assert till.wrong() == []


def test_the_daily_comparison_books_what_was_lost_before_and_not_booked(till: Till):
    """As the books stood once a refund beside a lost dispute had failed."""
    placed = till.paid(lines={"36": 1})
    now, amount = till.clock.now(), placed.order.total
    lost = Dispute("d1", placed.attempt.id, placed.order.id, "fake", "fd_1", D.LOST, amount, True, "general", now, now)
    till.storage.write(lambda uow: uow.disputes.add(lost))
    assert [found.partition(":")[0] for found in till.wrong()] == ["what banks took is in the books"]
    till.later(days=2)
    assert ledger(till, placed)[1:] == [(LedgerKind.DISPUTE, -7900)]
    assert (dispute(till, placed).lost_minor, till.order(placed).state) == (7900, OrderState.REFUNDED)
    till.later(days=2)
    assert len(ledger(till, placed)) == 2
    assert till.wrong() == []


@pytest.mark.parametrize("is_sent", [True, False])
def test_nobody_is_asked_any_more_for_what_the_bank_gave_back(till: Till, is_sent: bool):
    """A withdrawal tells the team until when its money has to be back."""
    placed = till.paid(lines={"36": 1})
    (refund,) = ask_back(till, placed, 7900)
    till.storage.write(lambda uow: raise_refund_task(uow, "t", TaskKind.REFUND, refund, "", till.clock.now()))
    if is_sent:
        till.fake.control.fail("refund", Fault.TIMEOUT)
        till.later(seconds=1)
        till.fake.control.fail("refund", Fault.DECLINED)
    opened(till, placed, D.LOST)
    till.later(minutes=1)
    assert ledger(till, placed)[1:] == [(LedgerKind.DISPUTE, -7900)]
    assert till.tasks(TaskKind.REFUND) == till.tasks(TaskKind.REFUND_FAILED) == []
    assert till.wrong() == []


def reports(placed: Placed, at: datetime) -> list[DisputeReport]:
    """A whole story as a provider tells it, with two that were told in the same second."""
    story = [
        (0, D.INQUIRY, False), (10, D.NEEDS_RESPONSE, False), (10, D.NEEDS_RESPONSE, True), (20, D.UNDER_REVIEW, True),
        (30, D.LOST, True), (40, D.WON, True), (40, D.WON, False),
    ]  # fmt: skip
    return [
        DisputeReport(
            "fake", "du_1", placed.attempt.payment_ref, state, placed.order.total, withheld, "general",
            at + timedelta(seconds=seconds),
        )
        for seconds, state, withheld in story
    ]  # fmt: skip


@pytest.mark.parametrize("upto", range(1, 8))
def test_told_in_any_order_and_more_than_once_it_ends_the_same(till: Till, upto: int):
    rng = random.Random(upto)
    hears = Disputing(till.clock, till.ids, till.selling.refunding)
    first = till.paid(lines={"36": 1})
    story = reports(first, till.clock.now())[:upto]
    orders = list(itertools.permutations(story)) if upto < 4 else [rng.sample(story * 2, len(story) * 2)]
    ends = []
    for told in [story, *orders[:5]]:
        placed = till.paid(lines={"book": 1})
        again = [
            DisputeReport(
                each.provider, f"{each.reference}-{placed.order.id}", placed.attempt.payment_ref, each.state,
                placed.order.total, each.is_withheld, each.reason, each.occurred_at,
            )
            for each in told
        ]  # fmt: skip
        for each in again:
            write_again(till.storage, lambda uow, each=each: hears.hear(uow, each))
        found, order = dispute(till, placed), till.order(placed)
        attempt = till.attempt(placed.attempt.id)
        ends.append((found.state, found.is_withheld, found.lost_minor, attempt.refunded_minor, order.refunded_minor))
        till.set_stock("book", 50)
    assert set(ends) == {ends[0]}
    assert ends[0][0] is story[-1].state
    assert till.wrong() == []


def test_the_same_call_twice_and_a_forged_one(till: Till):
    placed = till.paid(lines={"36": 1})
    till.fake.control.dispute(placed.attempt.session_ref, D.LOST)
    ((call, headers),) = till.fake.calls_due()
    forged = call.body.replace(b"7900", b"9900")
    assert till.selling.paying.receive("fake", forged, headers, HOOK).status == 401
    for _ in range(3):
        assert till.selling.paying.receive("fake", call.body, headers, HOOK).status == 200
    assert [minor for _, minor in ledger(till, placed)] == [7900, -7900]
    assert till.wrong() == []


def test_news_of_a_dispute_waits_for_news_of_its_payment(till: Till):
    placed = till.begun(lines={"36": 1})
    till.pay(placed)
    till.fake.control.dispute(placed.attempt.session_ref, D.NEEDS_RESPONSE)
    paid, disputed = till.fake.calls_due()
    stranger = disputed[0].body.replace(placed.attempt.session_ref.encode(), b"somebody-elses-session")
    assert till.selling.paying.receive("fake", disputed[0].body, disputed[1], HOOK).status == 200
    assert dispute(till, placed).state is D.NEEDS_RESPONSE, "the fake's call carries its payment"
    assert till.selling.paying.receive("fake", paid[0].body, paid[1], HOOK).status == 200
    assert stranger != disputed[0].body
    assert till.order(placed).paid_minor == 7900
    assert till.wrong() == []


def test_one_about_what_was_sold_elsewhere_is_let_go(till: Till):
    placed = till.paid(lines={"36": 1})
    hears = Disputing(till.clock, till.ids, till.selling.refunding)
    (told, *_) = reports(placed, till.clock.now())
    other = DisputeReport("fake", "du_2", "not-ours", told.state, told.amount, False, "", told.occurred_at)
    assert till.storage.write(lambda uow: hears.hear(uow, other)) is None
    with till.storage.read() as uow:
        assert uow.disputes.by_reference("fake", "du_2") is None


def test_a_refund_that_was_queued_for_goodwill_is_not_sent_while_disputed(till: Till):
    placed = till.paid(lines={"36": 1})
    till.storage.write(lambda uow: till.selling.refunding.ask(uow, placed.order.id, 500, RefundReason.GOODWILL))
    opened(till, placed)
    till.later(seconds=1)
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.QUEUED]
    opened(till, placed, D.WON, withheld=False)
    till.later(hours=1)
    assert [refund.state for refund in till.refunds(placed)] == [RefundState.DONE]
