"""Square against what others wrote: its library's own types and client, and calls as it sends them."""

import importlib
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from square.core.api_error import ApiError
from square.types.dispute import Dispute
from square.types.inventory_count_updated_event import InventoryCountUpdatedEvent
from square.types.payment_updated_event import PaymentUpdatedEvent
from square.types.refund_updated_event import RefundUpdatedEvent

from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import CallbackKind, PaymentReport, PaymentState
from commerce.payments.square.asking import link_body, refund_body
from commerce.payments.square.client import API_VERSION
from commerce.payments.square.reading import callback

PAYLOADS = sorted((Path(__file__).parents[3] / "payloads" / "square").glob("*.json"))


# --- the library's own types -----------------------------------------------------------------------------------------


SDK_TYPES = {
    "OrderParams": "order",
    "OrderLineItemParams": "order_line_item",
    "MoneyParams": "money",
    "OrderPricingOptionsParams": "order_pricing_options",
    "CheckoutOptionsParams": "checkout_options",
    "PrePopulatedDataParams": "pre_populated_data",
}


def sdk_type(monkeypatch, name: str) -> TypeAdapter[Any]:
    """One of the library's typed dictionaries as a strict check: no unknown names at any depth, no other types."""
    typed = {kind: getattr(importlib.import_module(f"square.requests.{SDK_TYPES[kind]}"), kind) for kind in SDK_TYPES}
    for kind in typed.values():
        monkeypatch.setattr(kind, "__pydantic_config__", ConfigDict(extra="forbid", strict=True), raising=False)
    return TypeAdapter(typed[name])


def unknown_to_the_library(model: object, path: str = "") -> list[str]:
    """Names that came and that the library has no field for; it takes them without a word."""
    found: list[str] = []
    if isinstance(model, BaseModel):
        found += [f"{path}.{name}" for name in model.model_extra or {}]
        for name in type(model).model_fields:
            found += unknown_to_the_library(getattr(model, name), f"{path}.{name}")
    elif isinstance(model, list):
        for item in model:
            found += unknown_to_the_library(item, path)
    return found


@pytest.mark.parametrize("email", ["lea@example.com", ""])
def test_a_link_is_asked_for_in_the_librarys_own_terms(monkeypatch, case, email):
    body = link_body(case.request(case.attempt(), email=email), "L1")
    for field, name in (
        ("order", "OrderParams"),
        ("checkout_options", "CheckoutOptionsParams"),
        ("pre_populated_data", "PrePopulatedDataParams"),
    ):
        if field in body:
            assert sdk_type(monkeypatch, name).validate_python(body[field]) == body[field]
    assert set(body) <= {
        "idempotency_key",
        "description",
        "order",
        "checkout_options",
        "pre_populated_data",
        "payment_note",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"location_id": "L1", "line_items": [{"quantity": 1, "base_price_money": {"amount": 1, "currency": "EUR"}}]},
        {"location_id": "L1", "line_items": [{"quantity": "1", "base_price": {"amount": 1}}]},
        {"location_id": "L1", "reference": "x"},
        {"location_id": "L1", "line_items": [{"quantity": "1", "base_price_money": {"amount": "1"}}]},
        {},
    ],
)
def test_that_check_finds_mistakes(monkeypatch, wrong):
    with pytest.raises(ValidationError):
        sdk_type(monkeypatch, "OrderParams").validate_python(wrong)


def test_the_version_of_the_api_is_the_librarys():
    from square.core.client_wrapper import SyncClientWrapper

    with httpx.Client() as client:
        headers = SyncClientWrapper(token="x", base_url="http://127.0.0.1", httpx_client=client).get_headers()
    assert headers["Square-Version"] == API_VERSION, "read its changelog, then move the pin"


# --- the library's own client, against the stand-in ------------------------------------------------------------------


def test_the_librarys_client_and_ours_get_the_same_from_the_standin(standin, provider, theirs, case):
    attempt = case.attempt()
    body = link_body(case.request(attempt), standin.location)
    made = theirs.checkout.payment_links.create(**body)
    ours = provider.start(case.request(attempt))
    assert ours.session_ref == f"{made.payment_link.id}:{made.payment_link.order_id}", "one key, one link"
    assert made.related_resources.orders[0].total_money.amount == attempt.amount.minor
    assert [link.id for link in theirs.checkout.payment_links.list()] == [made.payment_link.id]
    standin.pay(ours.session_ref)
    order = theirs.orders.get(order_id=made.payment_link.order_id).order
    payment = theirs.payments.get(payment_id=order.tenders[0].payment_id).payment
    report = provider.look_up(replace(attempt, session_ref=ours.session_ref))
    assert (payment.id, payment.status, payment.total_money.amount) == (report.payment_ref, "COMPLETED", 12_990)
    paid = replace(attempt, payment_ref=payment.id, session_ref=ours.session_ref)
    refund = case.refund(paid, 5_000)
    done = theirs.refunds.refund_payment(**refund_body(refund, paid)).refund
    assert provider.refund(refund, paid).provider_ref == done.id
    assert theirs.refunds.get(refund_id=done.id).refund.amount_money.amount == 5_000
    assert [found.id for found in theirs.payments.list(location_id=standin.location)] == [payment.id]
    for answer in (made, order, payment, done):
        assert unknown_to_the_library(answer) == []
    with pytest.raises(ApiError) as refused:
        theirs.refunds.refund_payment(**{**refund_body(refund, paid), "amount_money": {"amount": 1, "currency": "EUR"}})
    assert "IDEMPOTENCY_KEY_REUSED" in str(refused.value)


def test_that_search_finds_unknown_names():
    event = {"type": "payment.updated", "data": {"object": {"payment": {"id": "x", "total_money": {"amout": 1}}}}}
    assert unknown_to_the_library(PaymentUpdatedEvent.model_validate(event)) == [
        ".data.object.payment.total_money.amout"
    ]


def test_the_events_of_the_standin_are_the_librarys(standin, provider, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    standin.pay(session.session_ref)
    payment_ref = provider.look_up(replace(attempt, session_ref=session.session_ref)).payment_ref
    provider.refund(case.refund(attempt, 100), replace(attempt, payment_ref=payment_ref))
    standin.count("VARIATION", "7")
    kinds = {
        "payment": PaymentUpdatedEvent,
        "refund": RefundUpdatedEvent,
        "inventory": InventoryCountUpdatedEvent,
    }
    for event in standin.events:
        read = kinds[event["type"].partition(".")[0]].model_validate(event)
        assert read.event_id == event["event_id"]
        assert unknown_to_the_library(read) == []


# --- recorded calls --------------------------------------------------------------------------------------------------


def expected(wanted: dict[str, Any]) -> PaymentReport:
    at = datetime.fromisoformat(wanted["occurred_at"])
    state, amount = PaymentState(wanted["state"]), Money(*wanted["amount"])
    return PaymentReport(**{**wanted, "provider": "square", "state": state, "amount": amount, "occurred_at": at})


def expected_dispute(wanted: dict) -> DisputeReport:
    moments = {name: datetime.fromisoformat(wanted[name]) for name in ("occurred_at", "due_at")}
    state, amount = DisputeState(wanted["state"]), Money(*wanted["amount"])
    return DisputeReport(**{**wanted, "provider": "square", "state": state, "amount": amount, **moments})


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_call_is_read_as_written_beside_it(path):
    recorded = json.loads(path.read_text("utf-8"))
    body = json.dumps(recorded["event"]).encode()
    read = callback(body)
    assert (read.event_id, read.kind) == (recorded["event"]["event_id"], CallbackKind(recorded["kind"]))
    assert read.reports == tuple(expected(report) for report in recorded.get("reports", []))
    assert read.look_up == tuple(recorded.get("look_up", []))
    assert read.refused_refunds == tuple(map(tuple, recorded.get("refused_refunds", [])))
    assert read.disputes == tuple(expected_dispute(told) for told in recorded.get("disputes", []))
    assert read.body == body


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_the_payloads_are_the_librarys_too(path):
    event = json.loads(path.read_text("utf-8"))["event"]
    kinds = {
        "payment": PaymentUpdatedEvent,
        "refund": RefundUpdatedEvent,
        "inventory": InventoryCountUpdatedEvent,
    }
    if kind := kinds.get(event["type"].partition(".")[0]):
        assert unknown_to_the_library(kind.model_validate(event)) == []
    if event["type"].startswith("dispute."):
        assert unknown_to_the_library(Dispute.model_validate(event["data"]["object"]["dispute"])) == []


def test_there_is_a_call_of_every_kind_that_we_act_upon():
    kinds = {json.loads(path.read_text("utf-8"))["event"]["type"] for path in PAYLOADS}
    assert kinds >= {
        "payment.created",
        "payment.updated",
        "refund.created",
        "refund.updated",
        "inventory.count.updated",
        "dispute.created",
        "dispute.state.updated",
    }
