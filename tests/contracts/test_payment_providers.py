"""The contract of every payment provider: asked twice it does it once; what it says is believed only when signed."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.dispute import DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import CallbackKind, PaymentState, RefundState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from tests.contracts.payment_cases import CASES, Case


@pytest.fixture(params=sorted(CASES))
def case(request, tmp_path) -> Iterator[Case]:
    with CASES[request.param](tmp_path) as opened:
        yield opened


# --- starting --------------------------------------------------------------------------------------------------------


def test_a_start_gives_something_to_pay_at(case):
    attempt, session = case.started()
    assert session.session_ref and session.url.startswith("http")
    assert session.state is PaymentState.REQUIRES_ACTION
    report = case.provider.look_up(attempt)
    assert report is not None
    assert (report.state, report.attempt_id) == (PaymentState.REQUIRES_ACTION, attempt.id)
    assert (report.session_ref, report.provider) == (session.session_ref, case.provider.name)


@pytest.mark.parametrize(
    "email", ["", "Léa@exemple.fr", "sam@localhost", "sam@@example.com", "sam example.com", "x" * 300 + "@example.com"]
)
def test_an_address_that_the_provider_would_not_take_costs_no_order(case, email):
    assert case.provider.start(case.request(case.attempt(), email=email)).session_ref


def test_a_start_asked_twice_is_one_session(case):
    request = case.request(case.attempt())
    first, again = case.provider.start(request), case.provider.start(request)
    assert (first.session_ref, first.url) == (again.session_ref, again.url)
    assert case.made() == 1


def test_a_key_used_for_something_else_is_neither_done_nor_believed(case):
    attempt = case.attempt()
    session = case.provider.start(case.request(attempt))
    with pytest.raises(PaymentUnknown):
        case.provider.start(case.request(replace(attempt, amount=Money(1_000, "EUR"))))
    assert case.made() == 1
    report = case.provider.look_up(attempt)
    assert report is not None and (report.session_ref, report.amount) == (session.session_ref, attempt.amount)


def test_a_start_whose_answer_was_lost_is_found_by_our_own_name(case):
    attempt = case.attempt()
    case.lose("start")
    with pytest.raises(PaymentUnknown):
        case.provider.start(case.request(attempt))
    assert attempt.session_ref == ""
    report = case.provider.look_up(attempt)
    assert report is not None and report.session_ref and report.attempt_id == attempt.id
    assert case.provider.start(case.request(attempt)).session_ref == report.session_ref
    assert case.made() == 1


def test_a_start_answered_500_is_unknown_and_can_be_looked_up(case):
    attempt = case.attempt()
    case.fail("start")
    with pytest.raises(PaymentUnknown):
        case.provider.start(case.request(attempt))
    assert case.provider.look_up(attempt) is None


def test_a_provider_that_cannot_be_reached_has_done_nothing(case):
    attempt = case.attempt()
    refund = case.refund(attempt, 100)
    case.unreachable()
    for call in (
        lambda: case.provider.start(case.request(attempt)),
        lambda: case.provider.look_up(attempt),
        lambda: case.provider.cancel(attempt),
        lambda: case.provider.refund(refund, replace(attempt, session_ref="x", payment_ref="x")),
        lambda: list(case.provider.list_since(case.clock.now())),
    ):
        with pytest.raises(RetryLater) as later:
            call()
        assert later.value.after_s > 0


def test_nothing_is_known_of_what_was_never_started(case):
    attempt = case.attempt(99)
    assert case.provider.look_up(attempt) is None
    assert case.provider.cancel(attempt) is None
    assert case.provider.look_up_refund(case.refund(attempt, 100), attempt) is None


# --- paying and ending -----------------------------------------------------------------------------------------------


def test_what_was_paid_is_captured_with_its_amount_and_reference(case):
    attempt, session = case.started()
    assert case.pay(session)
    report = case.provider.look_up(attempt)
    assert report is not None
    assert (report.state, report.amount, report.attempt_id) == (PaymentState.CAPTURED, attempt.amount, attempt.id)
    assert report.payment_ref


def test_what_was_cancelled_can_no_longer_be_paid(case):
    attempt, session = case.started()
    report = case.provider.cancel(attempt)
    assert report is not None and report.state is PaymentState.CANCELED
    assert not case.pay(session)
    for again in (case.provider.cancel(attempt), case.provider.look_up(attempt)):
        assert again is not None and again.state is PaymentState.CANCELED


def test_cancelling_says_so_when_the_money_came_first(case):
    attempt, session = case.started()
    assert case.pay(session)
    report = case.provider.cancel(attempt)
    assert report is not None and (report.state, report.amount) == (PaymentState.CAPTURED, attempt.amount)


def test_a_lost_start_can_be_cancelled_by_our_own_name(case):
    attempt = case.attempt()
    case.lose("start")
    with pytest.raises(PaymentUnknown):
        case.provider.start(case.request(attempt))
    report = case.provider.cancel(attempt)
    assert report is not None and report.state is PaymentState.CANCELED


def test_a_cancellation_whose_answer_was_lost_may_be_asked_again(case):
    attempt, session = case.started()
    case.lose("cancel")
    with pytest.raises(PaymentUnknown):
        case.provider.cancel(attempt)
    assert not case.pay(session)
    report = case.provider.cancel(attempt)
    assert report is not None and report.state is PaymentState.CANCELED


# --- giving back -----------------------------------------------------------------------------------------------------


def test_a_refund_asked_twice_is_one_refund(case):
    attempt = case.paid()
    refund = case.refund(attempt, 5_000)
    first, again = case.provider.refund(refund, attempt), case.provider.refund(refund, attempt)
    assert first == again and first.state is RefundState.DONE and first.provider_ref
    report = case.provider.look_up(attempt)
    assert report is not None
    assert (report.state, report.refunded_minor) == (PaymentState.PARTIALLY_REFUNDED, 5_000)


def test_no_more_goes_back_than_came(case):
    attempt = case.paid()
    assert case.provider.refund(case.refund(attempt, 5_000, 1), attempt).state is RefundState.DONE
    assert case.provider.refund(case.refund(attempt, 7_000, 2), attempt).state is RefundState.DONE
    with pytest.raises(PaymentRefused):
        case.provider.refund(case.refund(attempt, 991, 3), attempt)
    assert case.provider.refund(case.refund(attempt, 990, 4), attempt).state is RefundState.DONE
    report = case.provider.look_up(attempt)
    assert report is not None
    assert (report.state, report.refunded_minor) == (PaymentState.REFUNDED, attempt.amount.minor)


def test_a_refund_whose_answer_was_lost_is_done_once(case):
    attempt = case.paid()
    refund = case.refund(attempt, 5_000)
    assert case.provider.look_up_refund(refund, attempt) is None
    case.lose("refund")
    with pytest.raises(PaymentUnknown):
        case.provider.refund(refund, attempt)
    found = case.provider.look_up_refund(refund, attempt)
    assert found is not None and found.state is RefundState.DONE
    assert case.provider.refund(refund, attempt) == found
    report = case.provider.look_up(attempt)
    assert report is not None and report.refunded_minor == 5_000


def test_what_was_not_paid_is_not_given_back(case):
    attempt, _ = case.started()
    with pytest.raises(PaymentRefused):
        case.provider.refund(case.refund(attempt, 100), attempt)


# --- its calls -------------------------------------------------------------------------------------------------------


def paid_calls(case):
    attempt, session = case.started()
    assert case.pay(session)
    calls = [(body, headers) for body, headers in case.calls() if case.provider.parse(body, case.clock.now()).reports]
    assert calls, "a payment is told"
    return attempt, calls


def test_a_call_tells_that_it_was_paid_and_reads_the_same_twice(case):
    attempt, calls = paid_calls(case)
    now = case.clock.now()
    reports = []
    for body, headers in calls:
        assert case.provider.verify(body, headers, case.url, now)
        callback = case.provider.parse(body, now)
        assert callback == case.provider.parse(body, now + timedelta(hours=1)), "reading depends on the bytes alone"
        assert (callback.provider, callback.kind) == (case.provider.name, CallbackKind.PAYMENT)
        assert callback.event_id and callback.body == body
        reports += callback.reports
    captured = [report for report in reports if report.state is PaymentState.CAPTURED]
    assert captured
    for report in captured:
        assert (report.attempt_id, report.amount) == (attempt.id, attempt.amount)
    looked_up = case.provider.look_up(attempt)
    assert looked_up is not None and looked_up.payment_ref in {report.payment_ref for report in captured}


def test_a_refund_is_told(case):
    attempt = case.paid()
    case.calls()
    case.provider.refund(case.refund(attempt, attempt.amount.minor), attempt)
    callbacks = [case.provider.parse(body, case.clock.now()) for body, _ in case.calls()]
    assert any(callback.reports or callback.look_up for callback in callbacks)
    for callback in callbacks:
        for report in callback.reports:
            assert report.attempt_id == attempt.id or report.payment_ref == attempt.payment_ref


def test_a_forged_call_is_refused(case):
    _, calls = paid_calls(case)
    now = case.clock.now()
    body, headers = calls[0]
    assert case.provider.verify(body, headers, case.url, now)
    assert not case.provider.verify(body + b" ", headers, case.url, now)
    assert not case.provider.verify(body.replace(b"12990", b"12991"), headers, case.url, now)
    assert not case.provider.verify(b"", headers, case.url, now)
    assert not case.provider.verify(body, {}, case.url, now)
    for name, value in headers.items():
        other = value[:30] + ("1" if value[30] == "0" else "0") + value[31:]
        for odd in (
            "",
            value[:30],
            other,
            value.upper(),
            "é",
            "\udcc3\udca9",
            f"{value[:30]}é{value[31:]}",
            "x" * 5_000,
        ):
            assert not case.provider.verify(body, {**headers, name: odd}, case.url, now), odd[:20]


@pytest.mark.parametrize("end", [DisputeState.WON, DisputeState.LOST])
def test_a_dispute_is_told_from_its_beginning_to_its_end(case, end):
    attempt, session = case.started()
    assert case.pay(session)
    report = case.provider.look_up(attempt)
    assert report is not None
    case.calls()
    told = []
    for state in (DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW, end):
        case.dispute(session, state)
        calls = case.calls()
        for body, headers in calls:
            assert case.provider.verify(body, headers, case.url, case.clock.now())
            callback = case.provider.parse(body, case.clock.now())
            assert callback.kind is CallbackKind.PAYMENT
            told += callback.disputes
        assert told[-1].state is state
        case.clock.advance(timedelta(days=1))
    assert {(each.provider, each.payment_ref, each.amount) for each in told} == {
        (case.provider.name, report.payment_ref, attempt.amount)
    }
    assert len({each.reference for each in told}) == 1
    assert any(each.is_withheld for each in told[:-1])
    assert told[-1].is_withheld is (end is DisputeState.LOST)
    assert [each.occurred_at for each in told] == sorted(each.occurred_at for each in told)


def test_a_call_out_of_its_time_is_refused(case):
    if not case.signs_time:
        pytest.skip("the provider does not sign the time: (provider, event id) is the guard against repetition")
    _, calls = paid_calls(case)
    now = case.clock.now()
    body, headers = calls[0]
    for seconds, accepted in ((-301, False), (-300, True), (300, True), (301, False), (86_400, False)):
        assert case.provider.verify(body, headers, case.url, now + timedelta(seconds=seconds)) is accepted, seconds


def test_rubbish_is_a_value_error_and_nothing_else(case):
    rng = random.Random(20260310)
    _, calls = paid_calls(case)
    whole = calls[0][0]
    now = case.clock.now()
    bodies = [b"", b"null", b"[]", b"{}", b"\xff" * 40, b"[" * 50_000, b"NaN", b'{"id":1}', b'{"data":{"object":[]}}']
    bodies += [whole[: rng.randrange(len(whole))] for _ in range(100)]
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(3):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        bodies.append(bytes(changed))
    bodies += [json.dumps(_spoiled(json.loads(whole), rng)).encode() for _ in range(400)]
    for body in bodies:
        try:
            callback = case.provider.parse(body, now)
        except ValueError:
            continue
        assert callback.provider == case.provider.name and callback.event_id
        assert not case.provider.verify(body, {}, case.url, now)


def _spoiled(value, rng):
    """The same, with one part of it of another kind."""
    odd = [None, True, -1, 2**70, 1e308, "", "x" * 300, [], {}, "é"]
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        return {**value, name: _spoiled(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        return [_spoiled(value[0], rng), *value[1:]]
    return rng.choice(odd)


# --- comparing -------------------------------------------------------------------------------------------------------


def test_everything_since_then_is_listed(case):
    case.paid(1)
    since = case.clock.advance(timedelta(hours=2))
    paid = case.paid(2)
    case.started(3)
    refunded = case.paid(4)
    case.provider.refund(case.refund(refunded, 990), refunded)
    reports = {report.attempt_id: report for report in case.provider.list_since(since - timedelta(hours=1))}
    states = {
        name: report.state for name, report in reports.items() if report.state is not PaymentState.REQUIRES_ACTION
    }
    assert states == {paid.id: PaymentState.CAPTURED, refunded.id: PaymentState.PARTIALLY_REFUNDED}
    assert (reports[paid.id].amount, reports[paid.id].payment_ref) == (paid.amount, paid.payment_ref)
    assert reports[refunded.id].refunded_minor == 990


def test_a_long_list_is_read_to_its_end(case):
    for number in range(1, 121):
        case.started(number)
    for attempt in (case.attempt(1), case.attempt(120)):
        report = case.provider.look_up(attempt)
        assert report is not None and report.attempt_id == attempt.id
    case.paid(121)
    assert {f"{121:032x}"} <= {report.attempt_id for report in case.provider.list_since(case.clock.now())}
