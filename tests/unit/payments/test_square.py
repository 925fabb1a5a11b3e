"""Square against what others wrote: its own library's types, proof and client; and its odd corners."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import square
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from square.core.api_error import ApiError
from square.types.dispute import Dispute
from square.types.inventory_count_updated_event import InventoryCountUpdatedEvent
from square.types.payment_updated_event import PaymentUpdatedEvent
from square.types.refund_updated_event import RefundUpdatedEvent

from commerce.clock import ManualClock
from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import CallbackKind, PaymentLine, PaymentReport, PaymentState, RefundState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.square.asking import link_body, marked, refund_body
from commerce.payments.square.client import API_VERSION, SquareClient
from commerce.payments.square.provider import SquareProvider
from commerce.payments.square.reading import callback
from tests.contracts.payment_cases import NOW, SQUARE_KEYS, Case
from tests.contracts.payment_cases import square as square_case
from vitrine.standins.provider import Fault
from vitrine.standins.square import SquareStandIn

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads" / "square").glob("*.json"))


@pytest.fixture
def case(tmp_path) -> Iterator[Case]:
    with square_case(tmp_path) as opened:
        yield opened


@pytest.fixture
def standin() -> Iterator[SquareStandIn]:
    with SquareStandIn(clock=ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def provider(standin) -> SquareProvider:
    return SquareProvider(SquareClient(standin.token, standin.url), SQUARE_KEYS, standin.location, standin.clock)


@pytest.fixture
def theirs(standin) -> square.Square:
    """Square's own client, talking to the stand-in."""
    return square.Square(token=standin.token, base_url=standin.url, version=API_VERSION)


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


# --- what is asked ---------------------------------------------------------------------------------------------------


def total(body) -> int:
    return sum(int(line["quantity"]) * line["base_price_money"]["amount"] for line in body["order"]["line_items"])


@pytest.mark.parametrize(
    "lines",
    [
        (PaymentLine("Robe", 1, 12_990),),
        (PaymentLine("Chaussettes", 3, 1_000), PaymentLine("Robe", 1, 11_990)),  # 3 does not divide 1000
        (PaymentLine("Robe", 1, 1),),  # does not sum up
        (PaymentLine("Robe", 1, 13_990), PaymentLine("Remise", 1, -1_000)),
        (),
        (*(PaymentLine(f"Bouton {number}", 1, 10) for number in range(600)), PaymentLine("Fil", 1, 6_990)),
        (PaymentLine("é" * 600, 1, 12_990),),
        (PaymentLine("  ", 0, 12_990),),
    ],
)
def test_the_lines_make_exactly_the_orders_total(provider, standin, case, lines):
    request = replace(case.request(case.attempt()), lines=lines)
    assert total(link_body(request, standin.location)) == 12_990
    session = provider.start(request)
    assert standin.orders[session.session_ref.partition(":")[2]]["total_money"]["amount"] == 12_990


def test_a_total_that_the_till_changed_is_not_offered_for_payment(monkeypatch, provider, standin, case):
    made = standin.create_link

    def taxed(body):
        answer = made(body)
        answer["related_resources"]["orders"][0]["total_money"] = {"amount": 15_588, "currency": "EUR"}
        return answer

    monkeypatch.setattr(standin, "create_link", taxed)
    with pytest.raises(PaymentRefused, match="wrong_total"):
        provider.start(case.request(case.attempt()))
    assert standin.links == {}


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("Commande 1042 vitrine:0123abcd", "0123abcd"),
        ("vitrine:0123abcd and more", "0123abcd"),
        ("vitrine:a vitrine:b", "b"),
        ("no mark", ""),
        ("vitrine:", ""),
        ("vitrine:é", ""),
        ("vitrine:" + "a" * 100, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_our_name_is_read_from_a_note_and_nothing_else_is(note, name):
    assert marked(note) == name


def test_our_names_travel_with_the_money(provider, standin, case):
    attempt = case.attempt()
    standin.pay(provider.start(case.request(attempt)).session_ref)
    (payment,) = standin.payments.values()
    assert marked(payment["note"]) == attempt.id
    (order,) = standin.orders.values()
    assert order["reference_id"] == attempt.id


# --- declines, debits, the till --------------------------------------------------------------------------------------


def told(standin) -> list[PaymentReport]:
    return [report for event in standin.events for report in callback(json.dumps(event).encode()).reports]


def test_a_declined_card_leaves_the_link_open(provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    assert not standin.pay(session.session_ref, "declined")
    assert told(standin) == []
    assert provider.look_up(replace(attempt, session_ref=session.session_ref)).state is PaymentState.REQUIRES_ACTION
    assert standin.pay(session.session_ref)


@pytest.mark.parametrize(("arrived", "state"), [(True, PaymentState.CAPTURED), (False, PaymentState.CANCELED)])
def test_a_bank_debit_is_money_only_when_it_has_arrived(provider, standin, case, arrived, state):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    attempt = replace(attempt, session_ref=session.session_ref)
    standin.pay(session.session_ref, "debit")
    assert provider.look_up(attempt).state is PaymentState.AUTHORIZED
    assert provider.cancel(attempt).state is PaymentState.AUTHORIZED, "it can no longer be stopped"
    standin.settle_debit(session.session_ref, arrived=arrived)
    assert provider.look_up(attempt).state is state


def test_what_the_till_sells_is_none_of_ours(provider, standin, case):
    standin.sell_at_counter(500)
    ours = case.attempt()
    standin.pay(provider.start(case.request(ours)).session_ref)
    assert {report.attempt_id for report in told(standin)} == {ours.id}
    assert [report.attempt_id for report in provider.list_since(NOW - timedelta(hours=1))] == [ours.id]


def test_a_count_of_the_till_is_kept_for_whoever_keeps_stock(standin):
    standin.count("VARIATION", "7")
    body = json.dumps(standin.events[0]).encode()
    read = callback(body)
    assert (read.kind, read.reports, read.look_up, read.body) == (CallbackKind.STOCK, (), (), body)


def test_an_older_word_has_an_older_moment(provider, standin, case):
    """Copies may come in any order: what a payment says carries the moment of its last change."""
    session = provider.start(case.request(case.attempt()))
    standin.pay(session.session_ref)
    standin.clock.advance(timedelta(minutes=5))
    (payment,) = standin.payments.values()
    attempt = replace(case.attempt(), payment_ref=payment["id"])
    provider.refund(case.refund(attempt, 100), attempt)
    reports = told(standin)
    assert reports[0].occurred_at < reports[-1].occurred_at
    assert reports[-1].refunded_minor == 100


def test_a_pending_refund_is_not_done_until_it_is(provider, standin, case):
    standin.pay(provider.start(case.request(case.attempt())).session_ref)
    (payment,) = standin.payments.values()
    attempt = replace(case.attempt(), payment_ref=payment["id"])
    standin.refunds_take_time = True
    refunds = [case.refund(attempt, 100, number) for number in (1, 2)]
    reports = [provider.refund(refund, attempt) for refund in refunds]
    assert {report.state for report in reports} == {RefundState.UNKNOWN}
    for report, arrived in zip(reports, (True, False), strict=True):
        standin.finish_refund(report.provider_ref, arrived=arrived)
    known = [replace(r, provider_ref=report.provider_ref) for r, report in zip(refunds, reports, strict=True)]
    assert provider.refund(known[0], attempt).state is RefundState.DONE, "asked about, not sent again"
    failed = provider.look_up_refund(known[1], attempt)
    assert failed is not None and (failed.state, failed.error) == (RefundState.FAILED, "refused")
    assert len(standin.refunds) == 2


def test_money_that_came_while_the_link_was_being_deleted_is_seen(monkeypatch, provider, standin, case):
    attempt = case.attempt()
    session = provider.start(case.request(attempt))
    attempt = replace(attempt, session_ref=session.session_ref)
    deleting = standin.delete_link

    def faster(ref):
        standin.pay(session.session_ref)
        return deleting(ref)

    monkeypatch.setattr(standin, "delete_link", faster)
    report = provider.cancel(attempt)
    assert report is not None and report.state is PaymentState.CAPTURED


# --- failing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429), RetryLater),
        (Fault(status=401), RetryLater),
        (Fault(status=403), RetryLater),
        (Fault(status=409), RetryLater),
        (Fault(status=400), PaymentRefused),
        (Fault(status=404), PaymentRefused),
        (Fault(status=500), PaymentUnknown),
        (Fault(status=503), PaymentUnknown),
        (Fault(status=302), PaymentUnknown),
        (Fault(drop=True), PaymentUnknown),
    ],
)
def test_every_failure_has_one_meaning(provider, standin, case, fault, error):
    standin.fail("links.create", fault)
    with pytest.raises(error) as raised:
        provider.start(case.request(case.attempt()))
    assert standin.token not in f"{raised.value} {raised.value!r}"


def test_an_answer_that_takes_too_long_is_unknown(monkeypatch, provider, standin, case):
    monkeypatch.setattr("commerce.payments.square.client.READ_S", 0.3)
    standin.fail("links.create", Fault(hang_s=1.0))
    with pytest.raises(PaymentUnknown):
        provider.start(case.request(case.attempt()))


def test_a_wrong_token_is_for_the_operator_to_mend(standin, case):
    client = SquareClient("the token of somebody else", standin.url)
    with pytest.raises(RetryLater) as later:
        SquareProvider(client, SQUARE_KEYS, standin.location, standin.clock).start(case.request(case.attempt()))
    assert later.value.after_s >= 60


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"[]", b"{}", b'{"payment_link":{"id":7}}', b"\xff"])
def test_a_page_of_a_proxy_is_no_answer_of_squares(monkeypatch, provider, case, body):
    monkeypatch.setattr(httpx.Client, "request", lambda *a, **k: httpx.Response(200, content=body))
    with pytest.raises(PaymentUnknown):
        provider.start(case.request(case.attempt()))


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"order": {"location_id": "ELSEWHERE", "line_items": []}},
        {"checkout_options": {"redirect_url": "nowhere"}},
        {"checkout_options": {"allow_tipping": "no"}},
        {"pre_populated_data": {"buyer_email": "nobody"}},
        {"payment_note": "x" * 501},
        {"idempotency_key": "x" * 193},
    ],
)
def test_the_standin_refuses_what_square_refuses(standin, case, change):
    client = SquareClient(standin.token, standin.url)
    with pytest.raises(PaymentRefused):
        client.post(
            "/v2/online-checkout/payment-links", {**link_body(case.request(case.attempt()), standin.location), **change}
        )
