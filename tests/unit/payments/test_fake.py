"""The make-believe provider: its books outlive processes, and it misbehaves exactly as it was told."""

import json
import multiprocessing
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.payment import PaymentState, RefundState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.fake import TAGS, FakeProvider, Fault, SessionState, Tag
from commerce.payments.fake.behaviours import tags_of
from tests.contracts.payment_cases import NOW, Case
from tests.contracts.payment_cases import fake as fake_case


@pytest.fixture
def case(tmp_path):
    with fake_case(tmp_path) as opened:
        yield opened


@pytest.fixture
def bank(case) -> FakeProvider:
    assert isinstance(case.provider, FakeProvider)
    return case.provider


def begun(case: Case, email: str, number: int = 1):
    attempt = case.attempt(number)
    session = case.provider.start(case.request(attempt, email=email))
    return replace(attempt, session_ref=session.session_ref), session


def told(case: Case) -> list[PaymentState]:
    return [case.provider.parse(body, case.clock.now()).reports[0].state for body, _ in case.calls()]


# --- words in the address --------------------------------------------------------------------------------------------


def test_every_word_is_explained_in_the_packages_page():
    page = (Path(__file__).parents[3] / "commerce" / "payments" / "README.md").read_text("utf-8")
    for tag, meaning in TAGS.items():
        assert f"| `{tag}` | {meaning[0].lower()}{meaning[1:].rstrip('.')} |" in page
    assert set(TAGS) == set(Tag)


@pytest.mark.parametrize(
    ("email", "tags"),
    [
        ("sam@example.com", set()),
        ("sam+twice+late@example.com", {Tag.TWICE, Tag.LATE}),
        ("sam+TWICE@example.com", {Tag.TWICE}),
        ("sam+unknown+@example.com", set()),
        ("declined@example.com", set()),
        ("sam@late+twice.example", set()),
        ("", set()),
        ("+late", {Tag.LATE}),
    ],
)
def test_only_words_after_a_plus_mean_something(email, tags):
    assert tags_of(email) == tags


def test_declined(case, bank):
    attempt, session = begun(case, "sam+declined@example.com")
    paid = bank.pay_session(session.session_ref)
    assert paid is not None and paid.state is SessionState.FAILED
    assert bank.look_up(attempt).state is PaymentState.FAILED
    assert told(case) == [PaymentState.FAILED]


def test_short(case, bank):
    attempt, session = begun(case, "sam+short@example.com")
    assert case.pay(session)
    assert bank.look_up(attempt).amount.minor == attempt.amount.minor - 1


def test_eager(case, bank):
    _, session = begun(case, "sam+eager@example.com")
    assert session.state is PaymentState.CAPTURED and session.payment_ref
    assert told(case) == [PaymentState.CAPTURED]


def test_start_timeout_then_the_same_session(case, bank):
    request = case.request(case.attempt(), email="sam+start-timeout@example.com")
    with pytest.raises(PaymentUnknown):
        bank.start(request)
    assert bank.start(request).session_ref == bank.look_up(request.attempt).session_ref
    assert case.made() == 1


def test_start_500_for_ever(case, bank):
    request = case.request(case.attempt(), email="sam+start-500@example.com")
    for _ in range(3):
        with pytest.raises(PaymentUnknown):
            bank.start(request)
    assert bank.look_up(request.attempt).state is PaymentState.REQUIRES_ACTION
    assert case.made() == 1


def test_start_declined_for_ever(case, bank):
    request = case.request(case.attempt(), email="sam+start-declined@example.com")
    for _ in range(2):
        with pytest.raises(PaymentRefused):
            bank.start(request)
    assert case.made() == 0


def test_silent(case, bank):
    attempt, session = begun(case, "sam+silent@example.com")
    assert case.pay(session)
    case.clock.advance(timedelta(days=1))
    assert told(case) == []
    assert bank.look_up(attempt).state is PaymentState.CAPTURED


def test_late(case):
    _, session = begun(case, "sam+late@example.com")
    assert case.pay(session)
    assert told(case) == []
    case.clock.advance(timedelta(minutes=10))
    assert told(case) == [PaymentState.CAPTURED]


def test_twice_is_one_event(case):
    _, session = begun(case, "sam+twice@example.com")
    assert case.pay(session)
    bodies = [body for body, _ in case.calls()]
    assert len(bodies) == 2 and len({json.loads(body)["id"] for body in bodies}) == 1


def test_shuffled_is_the_newer_word_first(case):
    _, session = begun(case, "sam+shuffled@example.com")
    case.clock.advance(timedelta(minutes=2))
    assert case.pay(session)
    events = [case.provider.parse(body, case.clock.now()) for body, _ in case.calls()]
    assert [event.reports[0].state for event in events] == [PaymentState.CAPTURED, PaymentState.REQUIRES_ACTION]
    assert events[1].occurred_at < events[0].occurred_at


def test_slow_refund(case, bank):
    attempt, session = begun(case, "sam+slow-refund@example.com")
    assert case.pay(session)
    case.calls()
    refund = case.refund(attempt, 5_000)
    pending = bank.refund(refund, attempt)
    assert pending.state is RefundState.UNKNOWN and pending.provider_ref
    assert bank.look_up(attempt).refunded_minor == 0 and told(case) == []
    with pytest.raises(PaymentRefused):  # it is on its way all the same
        bank.refund(case.refund(attempt, 8_000, 2), attempt)
    case.clock.advance(timedelta(minutes=10))
    assert bank.look_up_refund(refund, attempt).state is RefundState.DONE
    assert bank.look_up(attempt).refunded_minor == 5_000
    assert told(case) == [PaymentState.PARTIALLY_REFUNDED]


def test_no_refund(case, bank):
    attempt, session = begun(case, "sam+no-refund@example.com")
    assert case.pay(session)
    report = bank.refund(case.refund(attempt, 5_000), attempt)
    assert (report.state, report.error) == (RefundState.FAILED, "refund_refused")
    assert bank.look_up(attempt).refunded_minor == 0


# --- on demand -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        (Fault.UNREACHABLE, RetryLater, 0),
        (Fault.BUSY, RetryLater, 0),
        (Fault.DECLINED, PaymentRefused, 0),
        (Fault.TIMEOUT, PaymentUnknown, 0),
        (Fault.TIMEOUT_DONE, PaymentUnknown, 1),
        (Fault.ERROR_500, PaymentUnknown, 0),
        (Fault.ERROR_500_DONE, PaymentUnknown, 1),
    ],
)
def test_a_start_fails_as_it_was_told_and_as_often(case, bank, fault, error, made):
    bank.control.fail("start", fault, times=2)
    with pytest.raises(error):
        bank.start(case.request(case.attempt(1)))
    with pytest.raises(error):
        bank.start(case.request(case.attempt(2)))
    assert case.made() == 2 * made
    assert bank.start(case.request(case.attempt(3))).session_ref


@pytest.mark.parametrize("what", ["look_up", "cancel", "refund", "look_up_refund", "list_since"])
@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.TIMEOUT, Fault.ERROR_500])
def test_other_calls_fail_too_and_change_nothing(case, bank, what, fault):
    attempt = case.paid()
    refund = case.refund(attempt, 100)
    bank.control.fail(what, fault)
    calls = {
        "look_up": lambda: bank.look_up(attempt),
        "cancel": lambda: bank.cancel(attempt),
        "refund": lambda: bank.refund(refund, attempt),
        "look_up_refund": lambda: bank.look_up_refund(refund, attempt),
        "list_since": lambda: bank.list_since(NOW),
    }
    with pytest.raises(RetryLater if fault is Fault.UNREACHABLE else PaymentUnknown):
        calls[what]()
    assert bank.look_up(attempt).state is PaymentState.CAPTURED
    assert bank.control.refunds() == []


@pytest.mark.parametrize("ended", ["cancel_session", "decline_session", "clock"])
def test_money_may_come_for_a_session_that_is_over(case, bank, ended):
    attempt, session = begun(case, "sam@example.com")
    if ended == "clock":
        case.clock.advance(timedelta(hours=1))
    else:
        getattr(bank, ended)(session.session_ref)
    assert bank.look_up(attempt).state in (PaymentState.CANCELED, PaymentState.FAILED)
    assert not case.pay(session)
    late = bank.control.pay_late(session.session_ref)
    assert late is not None and late.state is SessionState.PAID
    assert bank.look_up(attempt).state is PaymentState.CAPTURED
    assert told(case)[-1] is PaymentState.CAPTURED
    again = bank.control.pay_late(session.session_ref)
    assert again is not None and told(case) == [], "money comes once"


def test_a_call_that_is_not_taken_comes_again_ten_times_at_most(case, bank):
    _, session = begun(case, "sam@example.com")
    assert case.pay(session)
    seen = []
    for _ in range(30):
        bank.deliver(lambda body, headers: bool(seen.append(body)))
        case.clock.advance(timedelta(minutes=15))
    assert len(seen) == 10 and len(set(seen)) == 1
    assert bank.deliver(lambda body, headers: True) == 0


def test_nobody_learns_a_session_by_the_name_of_its_attempt(case, bank):
    attempt, session = begun(case, "sam@example.com")
    assert bank.session(session.session_ref).amount == attempt.amount
    for name in (attempt.id, "", "fs_unknown", session.session_ref.upper()):
        assert bank.session(name) is None
        assert bank.pay_session(name) is None
    assert bank.look_up(attempt).state is PaymentState.REQUIRES_ACTION


def test_a_bank_may_send_money_back(case, bank):
    attempt = case.paid()
    refund = case.refund(attempt, 5_000)
    assert bank.refund(refund, attempt).state is RefundState.DONE
    case.calls()
    bank.control.bounce(refund.id)
    bank.control.bounce(refund.id)
    ((body, _),) = case.calls()
    callback = bank.parse(body, case.clock.now())
    assert callback.refused_refunds == ((refund.id, "returned_by_the_bank"),)
    assert bank.look_up_refund(refund, attempt).state is RefundState.FAILED
    assert bank.look_up(attempt).refunded_minor == 0
    assert bank.refund(case.refund(attempt, attempt.amount.minor, 2), attempt).state is RefundState.DONE


# --- several processes -----------------------------------------------------------------------------------------------


def test_a_restart_sees_the_same_money(case, bank, tmp_path):
    attempt = case.paid()
    bank.control.fail("refund", Fault.TIMEOUT)
    again = FakeProvider(tmp_path / "fake_payments.db", "a secret of the shop", "http://127.0.0.1/pay/", case.clock)
    assert again.look_up(attempt) == bank.look_up(attempt)
    with pytest.raises(PaymentUnknown):
        again.refund(case.refund(attempt, 100), attempt)
    (call, headers), *_ = bank.calls_due()
    assert again.verify(call.body, headers, "", case.clock.now())
    other = FakeProvider(tmp_path / "other.db", "a secret of another shop", "http://127.0.0.1/pay/", case.clock)
    assert not other.verify(call.body, headers, "", case.clock.now())


def test_books_that_somebody_else_is_opening_are_waited_for(case, tmp_path):
    path = tmp_path / "new.db"
    bank = FakeProvider(path, "a secret", "http://127.0.0.1/pay/", case.clock)
    request = case.request(case.attempt())
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        somebody.execute("CREATE TABLE fault_of_another (kind TEXT)")
        done = threading.Timer(0.2, lambda: somebody.execute("COMMIT"))
        done.start()
        assert bank.start(request).session_ref
        done.join()


def test_one_key_from_many_threads_is_one_session(case, bank):
    request = case.request(case.attempt())
    refs: list[str] = []
    threads = [threading.Thread(target=lambda: refs.append(bank.start(request).session_ref)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refs) == 16 and len(set(refs)) == 1
    assert case.made() == 1


def press(path: Path, ref: str, attempt, button: str, answers) -> None:
    bank = FakeProvider(path, "a secret of the shop", "http://127.0.0.1/pay/", ManualClock(NOW))
    if button == "pay":
        answers.put(("pay", bank.pay_session(ref).state.value))
    else:
        answers.put(("cancel", bank.cancel(attempt).state.value))


def test_paying_and_cancelling_in_two_processes_agree(case, bank, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    attempt, session = begun(case, "sam@example.com")
    processes = [
        spawn.Process(target=press, args=(tmp_path / "fake_payments.db", session.session_ref, attempt, button, answers))
        for button in ("pay", "cancel")
    ]
    for process in processes:
        process.start()
    said = dict(answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    final = bank.look_up(attempt).state
    expected = {PaymentState.CAPTURED: ("paid", "captured"), PaymentState.CANCELED: ("canceled", "canceled")}
    assert (said["pay"], said["cancel"]) == expected[final]


def test_the_books_themselves_refuse_to_give_back_more_than_came(case, bank, tmp_path):
    case.paid()
    with sqlite3.connect(tmp_path / "fake_payments.db") as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE session SET refunding_minor = paid_minor + 1")
