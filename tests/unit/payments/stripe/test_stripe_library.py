"""Stripe against what others wrote: its library's own types, its own proof, and calls as it sends them."""

import importlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stripe
from pydantic import ConfigDict, TypeAdapter, ValidationError

from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import CallbackKind, PaymentReport, PaymentState
from commerce.payments.stripe.asking import refund_params, session_params
from commerce.payments.stripe.provider import API_VERSION
from commerce.payments.stripe.reading import callback
from tests.contracts.payment_cases import NOW, WEBHOOK_SECRETS
from vitrine.standins.stripe.checks import REFUND, SESSION

PAYLOADS = sorted((Path(__file__).parents[3] / "payloads" / "stripe").glob("*.json"))


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
