"""What holds for every payment vendor that is called over HTTP: refunds that take their time, and calls that fail."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from commerce.domain.payment import RefundState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from tests.contracts.payment_cases import WIRED, Case
from vitrine.standins.provider import Fault


@pytest.fixture(params=sorted(WIRED))
def case(request, tmp_path) -> Iterator[Case]:
    with WIRED[request.param](tmp_path) as opened:
        yield opened


def test_a_pending_refund_is_not_done_until_it_is(case):
    attempt, standin = case.paid(), case.wire.standin
    standin.refunds_take_time = True
    refunds = [case.refund(attempt, 100, number) for number in (1, 2)]
    reports = [case.provider.refund(refund, attempt) for refund in refunds]
    assert {report.state for report in reports} == {RefundState.UNKNOWN}
    for report, arrived in zip(reports, (True, False), strict=True):
        standin.finish_refund(report.provider_ref, arrived=arrived)
    known = [replace(r, provider_ref=report.provider_ref) for r, report in zip(refunds, reports, strict=True)]
    assert case.provider.refund(known[0], attempt).state is RefundState.DONE, "asked about, not sent again"
    failed = case.provider.look_up_refund(known[1], attempt)
    assert failed is not None and (failed.state, failed.error) == (RefundState.FAILED, case.wire.refund_refused)
    assert len(standin.refunds) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429), RetryLater),
        (Fault(status=401), RetryLater),
        (Fault(status=403), RetryLater),
        (Fault(status=409), RetryLater),
        (Fault(status=400), PaymentRefused),
        (Fault(status=402), PaymentRefused),
        (Fault(status=404), PaymentRefused),
        (Fault(status=500), PaymentUnknown),
        (Fault(status=503), PaymentUnknown),
        (Fault(status=302), PaymentUnknown),
        (Fault(drop=True), PaymentUnknown),
    ],
)
def test_every_failure_has_one_meaning(case, fault, error):
    case.wire.standin.fail(case.wire.start, fault)
    with pytest.raises(error) as raised:
        case.provider.start(case.request(case.attempt()))
    assert case.wire.secret not in f"{raised.value} {raised.value!r}"


def test_an_answer_that_takes_too_long_is_unknown(monkeypatch, case):
    monkeypatch.setattr(case.wire.patience, 0.3)
    case.wire.standin.fail(case.wire.start, Fault(hang_s=1.0))
    with pytest.raises(PaymentUnknown):
        case.provider.start(case.request(case.attempt()))
