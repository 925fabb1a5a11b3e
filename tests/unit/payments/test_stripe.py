"""Stripe against what others wrote: its library's own types and checks; and its odd corners against the stand-in."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from pydantic import ConfigDict, TypeAdapter, ValidationError

from commerce.clock import ManualClock
from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import (
    CallbackKind,
    PaymentLine,
    PaymentReport,
    PaymentState,
    RefundState,
)
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.stripe.amounts import from_stripe, to_stripe
from commerce.payments.stripe.asking import refund_params, session_params
from commerce.payments.stripe.provider import API_VERSION, StripeProvider
from commerce.payments.stripe.reading import callback
from tests.contracts.payment_cases import NOW, WEBHOOK_SECRETS, Case
from tests.contracts.payment_cases import stripe as stripe_case
from vitrine.standins.provider import Fault
from vitrine.standins.stripe import StripeStandIn
from vitrine.standins.stripe.checks import REFUND, SESSION, Refused, checked, nested

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads" / "stripe").glob("*.json"))


@pytest.fixture
def case(tmp_path) -> Iterator[Case]:
    with stripe_case(tmp_path) as opened:
        yield opened


@pytest.fixture
def standin() -> Iterator[StripeStandIn]:
    with StripeStandIn(clock=ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def provider(standin) -> StripeProvider:
    return StripeProvider(standin.key, WEBHOOK_SECRETS, standin.url, standin.clock)


# --- the library's own types -----------------------------------------------------------------------------------------


def sdk_type(monkeypatch, module: str, name: str) -> TypeAdapter[Any]:
    """One of the library's typed dictionaries as a strict check: no unknown names at any depth, no other types."""
    namespace = vars(importlib.import_module(f"stripe.params.{module}"))
    for value in namespace.values():
        if isinstance(value, type) and hasattr(value, "__total__"):
            monkeypatch.setattr(value, "__pydantic_config__", ConfigDict(extra="forbid", strict=True), raising=False)
    monkeypatch.setitem(namespace, "UntypedStripeObject", list)  # our metadata are dictionaries
    adapter = TypeAdapter(namespace[name])
    known = {**namespace, "Any": Any, "Mapping": dict, "StripeContext": Any}
    adapter.rebuild(force=True, raise_errors=True, _types_namespace=known)
    return adapter


@pytest.mark.parametrize("language", ["fr", "en", "nl", ""])
@pytest.mark.parametrize("email", ["lea@example.com", ""])
def test_a_session_is_asked_for_in_the_librarys_own_terms(monkeypatch, case, language, email):
    check = sdk_type(monkeypatch, "checkout._session_create_params", "SessionCreateParams")
    request = replace(case.request(case.attempt(), email=email), language=language)
    params = session_params(request, NOW)
    assert check.validate_python(params) == params


def test_a_refund_is_asked_for_in_the_librarys_own_terms(monkeypatch, case):
    check = sdk_type(monkeypatch, "_refund_create_params", "RefundCreateParams")
    attempt = replace(case.attempt(), payment_ref="pi_1")
    params = refund_params(case.refund(attempt, 100), attempt)
    assert check.validate_python(params) == params


@pytest.mark.parametrize(
    "wrong",
    [
        {"mod": "payment"},
        {"line_items": [{"quantity": "1"}]},
        {"line_items": [{"price_data": {"currency": "eur", "product_data": {"nam": "x"}}}]},
        {"adaptive_pricing": {"enabled": "no"}},
        {"payment_intent_data": {"metadate": {}}},
    ],
)
def test_that_check_finds_mistakes(monkeypatch, wrong):
    check = sdk_type(monkeypatch, "checkout._session_create_params", "SessionCreateParams")
    with pytest.raises(ValidationError):
        check.validate_python(wrong)


def test_everything_the_standin_takes_is_the_librarys_too(monkeypatch):
    """The stand-in must not accept a field that Stripe has not."""
    for shape, module, name in (
        (SESSION, "checkout._session_create_params", "SessionCreateParams"),
        (REFUND, "_refund_create_params", "RefundCreateParams"),
    ):
        namespace = vars(importlib.import_module(f"stripe.params.{module}"))
        assert set(shape) <= set(namespace[name].__annotations__)


def test_everything_the_standin_says_is_the_librarys_too(provider, standin, case):
    """No field in its answers and events that Stripe's objects have not."""
    session = provider.start(case.request(case.attempt()))
    standin.pay(session.session_ref)
    attempt = replace(case.attempt(), payment_ref=standin.sessions[session.session_ref]["payment_intent"])
    provider.refund(case.refund(attempt, 100), attempt)
    standin.close_dispute(standin.dispute(session.session_ref), won=True)
    kinds = {
        "checkout.session": stripe.checkout.Session,
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "dispute": stripe.Dispute,
    }
    books = [standin.sessions, standin.intents, standin.charges, standin.refunds]
    shown = [thing for book in books for thing in book.values()]
    shown += [event["data"]["object"] for event in standin.events]
    assert {thing["object"] for thing in shown} == set(kinds)
    for thing in shown:
        assert set(thing) - set(kinds[thing["object"]].__annotations__) == set(), thing["object"]
    for event in standin.events:
        assert set(event) <= set(stripe.Event.__annotations__)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_the_payloads_are_the_librarys_too(path):
    event = json.loads(path.read_text("utf-8"))["event"]
    kinds = {
        "checkout.session": stripe.checkout.Session,
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "dispute": stripe.Dispute,
        "account": stripe.Account,
    }
    assert set(event) <= set(stripe.Event.__annotations__)
    thing = event["data"]["object"]
    assert set(thing) <= set(kinds[thing["object"]].__annotations__)


def test_the_version_of_the_api_is_the_librarys():
    assert stripe.api_version == API_VERSION, "read its changelog, then move the pin"


# --- the library's own proof -----------------------------------------------------------------------------------------


def test_the_library_takes_the_calls_of_the_standin_and_we_take_the_librarys(provider, standin):
    now = datetime.now(UTC)
    standin.clock.set(now)
    body = json.dumps({"id": "evt_1", "object": "event", "type": "charge.succeeded", "data": {"object": {}}})
    header = standin.signed(body.encode(), WEBHOOK_SECRETS[0], "")["Stripe-Signature"]
    event = stripe.Webhook.construct_event(body, header, WEBHOOK_SECRETS[0])
    assert event.id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_of_somebody_else")
    for secret in WEBHOOK_SECRETS:
        theirs = stripe.WebhookSignature.generate_signature_header(body, secret, int(now.timestamp()))
        assert provider.verify(body.encode(), {"stripe-signature": theirs}, "", now)
    theirs = stripe.WebhookSignature.generate_signature_header(body, "whsec_of_somebody_else", int(now.timestamp()))
    assert not provider.verify(body.encode(), {"stripe-signature": theirs}, "", now)


# --- recorded calls --------------------------------------------------------------------------------------------------


def expected(wanted: dict[str, Any]) -> PaymentReport:
    amount = Money(*wanted["amount"]) if wanted.get("amount") else None
    at = datetime.fromisoformat(wanted["occurred_at"])
    return PaymentReport(
        **{**wanted, "provider": "stripe", "state": PaymentState(wanted["state"]), "amount": amount, "occurred_at": at}
    )


def expected_dispute(wanted: dict) -> DisputeReport:
    moments = {name: datetime.fromisoformat(wanted[name]) for name in ("occurred_at", "due_at")}
    state, amount = DisputeState(wanted["state"]), Money(*wanted["amount"])
    return DisputeReport(**{**wanted, "provider": "stripe", "state": state, "amount": amount, **moments})


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_call_is_read_as_written_beside_it(path):
    recorded = json.loads(path.read_text("utf-8"))
    body = json.dumps(recorded["event"]).encode()
    read = callback(body)
    assert (read.event_id, read.kind) == (recorded["event"]["id"], CallbackKind(recorded["kind"]))
    assert read.reports == tuple(expected(report) for report in recorded.get("reports", []))
    assert read.look_up == tuple(recorded.get("look_up", []))
    assert read.refused_refunds == tuple(map(tuple, recorded.get("refused_refunds", [])))
    assert read.disputes == tuple(expected_dispute(told) for told in recorded.get("disputes", []))
    assert read.body == body


def test_there_is_a_call_of_every_kind_that_we_act_upon():
    kinds = {json.loads(path.read_text("utf-8"))["event"]["type"] for path in PAYLOADS}
    assert kinds >= {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }


# --- amounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(12_990, "EUR"), 12_990),
        (Money(500, "JPY"), 500),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(5_120, "KWD"), 5_120),
        (Money(300, "MGA"), 3),
        (Money(0, "CAD"), 0),
    ],
)
def test_money_goes_to_stripe_and_comes_back_the_same(money, amount):
    assert to_stripe(money) == amount
    assert from_stripe(amount, money.currency.lower()) == money


@pytest.mark.parametrize("money", [Money(5_124, "KWD"), Money(301, "MGA")])
def test_what_stripe_cannot_take_exactly_is_refused_rather_than_rounded(money):
    with pytest.raises(PaymentRefused, match="amount_not_payable"):
        to_stripe(money)


# --- what is asked ---------------------------------------------------------------------------------------------------


def total(params) -> int:
    return sum(line["quantity"] * line["price_data"]["unit_amount"] for line in params["line_items"])


@pytest.mark.parametrize(
    "lines",
    [
        (PaymentLine("Robe", 1, 12_990),),
        (PaymentLine("Chaussettes", 3, 1_000), PaymentLine("Robe", 1, 11_990)),  # 3 does not divide 1000
        (PaymentLine("Robe", 1, 1),),  # does not sum up
        (PaymentLine("Robe", 1, 13_990), PaymentLine("Remise", 1, -1_000)),
        (),
        (*(PaymentLine(f"Bouton {number}", 1, 100) for number in range(129)), PaymentLine("Fil", 1, 90)),
        (PaymentLine("é" * 400, 1, 12_990),),
        (PaymentLine("  ", 0, 12_990),),
    ],
)
def test_the_lines_make_exactly_the_orders_total(case, lines):
    params = session_params(replace(case.request(case.attempt()), lines=lines), NOW)
    assert total(params) == 12_990
    assert 1 <= len(params["line_items"]) <= 100
    assert all(1 <= len(line["price_data"]["product_data"]["name"]) <= 250 for line in params["line_items"])


@pytest.mark.parametrize(
    ("minutes", "late_s"), [(5, 0), (30, 0), (35, 0), (60, 0), (60 * 48, 0), (30, 200), (30, 1_500)]
)
def test_a_session_ends_when_stripe_allows_and_the_same_for_every_repetition(case, minutes, late_s):
    attempt = replace(case.attempt(), expires_at=NOW + timedelta(minutes=minutes))
    now = NOW + timedelta(seconds=late_s)
    case.clock.set(now)
    session = case.provider.start(case.request(attempt))
    assert session.expires_at is not None
    assert timedelta(minutes=30) <= session.expires_at - now <= timedelta(hours=24)
    case.clock.advance(timedelta(seconds=2))
    assert case.provider.start(case.request(attempt)).session_ref == session.session_ref


def test_our_names_travel_with_the_money(provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    standin.pay(session.session_ref)
    made = standin.sessions[session.session_ref]
    assert made["client_reference_id"] == made["metadata"]["vitrine_attempt"] == attempt.id
    assert made["metadata"]["vitrine_order_number"] == "1042"
    (charge,) = standin.charges.values()
    assert charge["metadata"]["vitrine_attempt"] == attempt.id
    assert {call.key for call in standin.calls if call.name == "checkout.sessions.create"} == {attempt.idempotency_key}


# --- debits, declines, ends ------------------------------------------------------------------------------------------


def test_a_declined_card_leaves_the_page_open(provider, standin, case):
    session = provider.start(case.request(case.attempt()))
    assert not standin.pay(session.session_ref, "declined")
    reports = [report for event in standin.events for report in callback(json.dumps(event).encode()).reports]
    assert reports == []
    assert standin.pay(session.session_ref)


@pytest.mark.parametrize(("arrived", "state"), [(True, PaymentState.CAPTURED), (False, PaymentState.FAILED)])
def test_a_bank_debit_is_money_only_when_it_has_arrived(provider, standin, case, arrived, state):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    attempt = replace(attempt, session_ref=session.session_ref)
    standin.pay(session.session_ref, "debit")
    assert provider.look_up(attempt).state is PaymentState.AUTHORIZED
    assert provider.cancel(attempt).state is PaymentState.AUTHORIZED, "it can no longer be stopped"
    standin.settle_debit(session.session_ref, arrived=arrived)
    assert provider.look_up(attempt).state is state
    told = [report.state for event in standin.events for report in callback(json.dumps(event).encode()).reports]
    assert told == [PaymentState.AUTHORIZED, state]


def test_a_session_whose_time_is_over_says_so_by_itself(provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    standin.clock.advance(timedelta(hours=1))
    assert not standin.pay(session.session_ref)
    (event,) = standin.events
    (report,) = callback(json.dumps(event).encode()).reports
    assert (report.state, report.attempt_id) == (PaymentState.CANCELED, attempt.id)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_500_is_given_again_under_its_key_and_what_it_did_is_found(provider, standin, case):
    request = case.request(case.attempt())
    standin.fail("checkout.sessions.create", Fault(status=500, done=True))
    for _ in range(3):
        with pytest.raises(PaymentUnknown):
            provider.start(request)
    assert len(standin.sessions) == 1
    report = provider.look_up(request.attempt)
    assert report is not None and report.state is PaymentState.REQUIRES_ACTION


def test_after_a_day_nothing_is_begun_again(provider, standin, case):
    request = case.request(case.attempt())
    session = provider.start(request)
    standin.clock.advance(timedelta(hours=25))
    again = provider.start(request)
    assert (again.session_ref, again.state) == (session.session_ref, PaymentState.CANCELED)
    never = case.request(replace(case.attempt(7), created_at=NOW))
    with pytest.raises(PaymentRefused, match="too_old"):
        provider.start(never)
    assert len(standin.sessions) == 1


def test_after_a_day_a_refund_is_looked_for_before_it_is_sent_again(provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    standin.pay(session.session_ref)
    attempt = replace(
        attempt, payment_ref=provider.look_up(replace(attempt, session_ref=session.session_ref)).payment_ref
    )
    refund = case.refund(attempt, 5_000)
    standin.fail("refunds.create", Fault(drop=True))
    with pytest.raises(PaymentUnknown):
        provider.refund(refund, attempt)
    standin.clock.advance(timedelta(days=2))
    assert provider.refund(refund, attempt).state is RefundState.DONE
    assert len(standin.refunds) == 1


def test_a_pending_refund_is_not_done_until_it_is(provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    standin.pay(session.session_ref)
    attempt = replace(attempt, payment_ref=standin.sessions[session.session_ref]["payment_intent"])
    standin.refunds_take_time = True
    refunds = [case.refund(attempt, 100, number) for number in (1, 2)]
    reports = [provider.refund(refund, attempt) for refund in refunds]
    assert {report.state for report in reports} == {RefundState.UNKNOWN}
    for report, arrived in zip(reports, (True, False), strict=True):
        standin.finish_refund(report.provider_ref, arrived=arrived)
    known = [replace(r, provider_ref=report.provider_ref) for r, report in zip(refunds, reports, strict=True)]
    assert provider.refund(known[0], attempt).state is RefundState.DONE, "asked about, not sent again"
    failed = provider.look_up_refund(known[1], attempt)
    assert failed is not None and (failed.state, failed.error) == (RefundState.FAILED, "lost_or_stolen_card")
    assert len(standin.refunds) == 2


# --- failing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429), RetryLater),
        (Fault(status=401), RetryLater),
        (Fault(status=403), RetryLater),
        (Fault(status=409), RetryLater),
        (Fault(status=402), PaymentRefused),
        (Fault(status=400), PaymentRefused),
        (Fault(status=500), PaymentUnknown),
        (Fault(status=503), PaymentUnknown),
        (Fault(drop=True), PaymentUnknown),
    ],
)
def test_every_failure_has_one_meaning(provider, standin, case, fault, error):
    standin.fail("checkout.sessions.create", fault)
    with pytest.raises(error) as raised:
        provider.start(case.request(case.attempt()))
    assert standin.key not in f"{raised.value} {raised.value!r}"


def test_an_answer_that_takes_too_long_is_unknown(monkeypatch, provider, standin, case):
    monkeypatch.setattr("commerce.payments.stripe.provider.READ_S", 0.3)
    standin.fail("checkout.sessions.create", Fault(hang_s=1.0))
    with pytest.raises(PaymentUnknown):
        provider.start(case.request(case.attempt()))


def test_a_wrong_key_is_for_the_operator_to_mend(standin, case):
    stranger = StripeProvider("sk_test_of_somebody_else", WEBHOOK_SECRETS, standin.url, standin.clock)
    with pytest.raises(RetryLater) as later:
        stranger.start(case.request(case.attempt()))
    assert later.value.after_s >= 60


def test_a_page_of_a_proxy_is_no_answer_of_stripes(case):
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Response

    page = Response("<html>Bad gateway</html>", status=200, content_type="text/html")
    server = make_server("127.0.0.1", 0, page, threaded=True)
    import threading

    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        provider = StripeProvider("sk_test_x", WEBHOOK_SECRETS, f"http://127.0.0.1:{server.server_port}", case.clock)
        with pytest.raises(PaymentUnknown):
            provider.start(case.request(case.attempt()))
    finally:
        server.shutdown()
        server.server_close()


def test_other_sales_of_the_account_are_not_ours(provider, standin, case):
    theirs = checked(
        nested(
            [
                ("mode", "payment"),
                ("success_url", "https://elsewhere.example/"),
                ("line_items[0][quantity]", "1"),
                ("line_items[0][price_data][currency]", "eur"),
                ("line_items[0][price_data][unit_amount]", "900"),
                ("line_items[0][price_data][product_data][name]", "Abonnement"),
            ]
        ),
        SESSION,
    )
    standin.create_session(theirs)
    ours = provider.start(case.request(case.attempt()))
    assert [report.session_ref for report in provider.list_since(NOW - timedelta(hours=1))] == [ours.session_ref]


# --- the stand-in is as strict as Stripe -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pairs",
    [
        [("mode", "pay")],
        [("colour", "blue")],
        [("line_items[0][quantity]", "one")],
        [("line_items[1][quantity]", "1")],
        [("metadata[a]", "x" * 501)],
        [("customer_email", "nobody")],
        [("success_url", "not an address")],
        [("line_items[0][price_data][product_data][nam]", "x")],
        [("metadata", "flat")],
        [("client_reference_id", "")],
    ],
)
def test_the_standin_refuses_what_stripe_refuses(pairs):
    with pytest.raises(Refused):
        checked(nested(pairs), SESSION)
