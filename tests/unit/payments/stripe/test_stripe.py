"""Stripe in its odd corners, against the stand-in: amounts, what is asked, debits, keys and failures."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.money import Money
from commerce.domain.payment import PaymentLine, PaymentState, RefundState
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.stripe.amounts import from_stripe, to_stripe
from commerce.payments.stripe.asking import session_params
from commerce.payments.stripe.provider import StripeProvider
from commerce.payments.stripe.reading import callback
from tests.contracts.payment_cases import NOW, WEBHOOK_SECRETS
from vitrine.standins.provider import Fault
from vitrine.standins.stripe.checks import SESSION, Refused, checked, nested

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


# --- failing ---------------------------------------------------------------------------------------------------------


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

    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
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
