"""Square in its odd corners, against the stand-in: what is asked, declines, the till and failures."""

import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from commerce.domain.payment import CallbackKind, PaymentLine, PaymentReport, PaymentState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.square.asking import link_body, marked
from commerce.payments.square.client import SquareClient
from commerce.payments.square.provider import SquareProvider
from commerce.payments.square.reading import callback
from tests.contracts.payment_cases import NOW, SQUARE_KEYS

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
