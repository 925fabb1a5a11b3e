"""An order's page: for its owner and for who has its link, live, and never believing what an address says of money."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.order import OrderState
from commerce.domain.payment import PaymentState
from commerce.payments.fake import FakeProvider
from commerce.services.order_links import LASTS
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import BELLECOUR, HOME, HOST, LEA, Browser, text_of

PAGES = ("", "/paid", "/leave", "/receipt", "/mark")


def fake(shop: Shop) -> FakeProvider:
    provider = shop.providers["fake"]
    assert isinstance(provider, FakeProvider)
    return provider


def state(shop: Shop, order_id: str) -> OrderState:
    with shop.storage.read() as uow:
        order = uow.orders.get(order_id)
    assert order is not None
    return order.state


# --- who may


def test_a_strangers_order_looks_like_none(app: Flask, shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38")
    sam, missing = Browser(app, shop), "f" * 32
    sam.add("P2-blue-M")
    nobody = Browser(app, shop)
    for browser in (sam, nobody):
        for below in PAGES:
            theirs, none = (browser.get(f"/orders/{order_id}{below}") for order_id in (order.id, missing))
            assert theirs.status_code == none.status_code == 404
            # The page's own address is in its links to the other language.
            assert theirs.text.replace(order.id, "") == none.text.replace(missing, ""), below
        for below in ("/cancel", "/pay"):
            assert browser.post(f"/orders/{order.id}{below}").status_code == 404
        assert browser.get(f"/api/v1/orders/{order.id}").status_code == 404
        assert browser.send("POST", f"/api/v1/orders/{order.id}/cancel").status_code == 404
    assert state(shop, order.id) is OrderState.PAID
    assert lea.get(f"/orders/{order.id}").status_code == 200


@pytest.mark.parametrize(
    "order_id", ["", "1", "../1", "%2e%2e", "0" * 31, "0" * 33, "G" * 32, "' OR 1=1 --", "%00" * 32]
)
def test_odd_ids(lea: Browser, order_id: str) -> None:
    assert lea.get(f"/orders/{order_id}/paid").status_code in (404, 308)


def test_the_link_opens_it_anywhere_until_it_ends(app: Flask, shop: Shop, lea: Browser, clock: ManualClock) -> None:
    order, other = lea.buy("P1-navy-38"), lea.buy("P4-brown-")
    path = shop.order_links.url(order.id).removeprefix(HOST)
    phone = Browser(app, shop)
    shown = phone.get(path)
    assert shown.status_code == 200 and "Set-Cookie" not in shown.headers
    assert shown.headers["Referrer-Policy"] == "same-origin" and shown.headers["Cache-Control"] == "no-store"
    # Every link on the page keeps the proof; it opens nothing else.
    receipt = re.search(r'href="(/orders/[^"]+/receipt\?k=[^"]+)"', shown.text)
    assert receipt and phone.get(receipt[1]).status_code == 200
    proof = path.partition("?k=")[2]
    assert phone.get(f"/orders/{other.id}?k={proof}").status_code == 404
    assert phone.get(f"/orders/{order.id}?k={proof[:-1]}x").status_code == 404
    assert phone.get(f"/orders/{order.id}").status_code == 404
    clock.advance(LASTS + timedelta(seconds=1))
    assert phone.get(path).status_code == 404


def test_a_forged_proof_does_not_lift_the_origin_check(shop: Shop, lea: Browser) -> None:
    """Somebody else's page sends a form with a made-up proof and the shopper's cookie."""
    order = lea.buy("P1-navy-38")
    for path in (f"/orders/{order.id}/cancel?k=x", f"/api/v1/orders/{order.id}/cancel?k=x"):
        answer = lea.client.post(path, base_url=HOST, headers={"Origin": "https://evil.example"}, data={"k": "x"})
        assert answer.status_code == 403
    assert state(shop, order.id) is OrderState.PAID


# --- paying


def test_paid_by_the_providers_word_alone(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    lea.pay("fake")
    order = lea.order()
    for lie in ("?status=paid", "?payment_intent=x&redirect_status=succeeded", f"?amount={order.total_minor}"):
        shown = lea.read(f"/orders/{order.id}/paid{lie}")
        assert "We are waiting for the confirmation of your payment." in shown
    assert state(shop, order.id) is OrderState.PENDING_PAYMENT


def test_when_no_call_comes_the_return_page_asks(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME, email="lea+silent@example.com")
    leave = lea.pay("fake").headers["Location"]
    order = lea.order()
    back = lea.play(leave, "pay").headers["Location"]
    assert state(shop, order.id) is OrderState.PENDING_PAYMENT
    assert back.startswith(f"{HOST}/orders/{order.id}/paid?k=")
    assert "Paid" in lea.read(back.removeprefix(HOST)) and state(shop, order.id) is OrderState.PAID


def test_the_return_page_needs_no_cookie(app: Flask, shop: Shop, lea: Browser) -> None:
    """The link was sent by a chat and opened in another browser: its return address says whose order it is."""
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    leave = lea.pay("fake").headers["Location"]
    url = re.search(r"0;url=http://127.0.0.1:8000(/pay/fake/\w+)", lea.get(leave).text)
    assert url
    phone = Browser(app, shop)
    back = phone.post(url[1], do="pay").headers["Location"]
    assert "Paid" in phone.read(back.removeprefix(HOST))


def test_declined_and_paid_after_all(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="decline")
    shown = lea.read(f"/orders/{order.id}/paid")
    assert "The payment did not go through. Nothing was charged." in shown and "Pay again" in shown
    again = lea.post(f"/orders/{order.id}/pay")
    assert again.headers["Location"] == f"/orders/{order.id}/leave"
    lea.play(again.headers["Location"], "pay")
    assert state(shop, order.id) is OrderState.PAID and len(lea.get("/api/v1/orders").json["orders"]) == 1
    with shop.storage.read() as uow:
        assert [each.state for each in uow.payments.of_order(order.id)] == [PaymentState.FAILED, PaymentState.CAPTURED]


def test_later_is_from_the_order_page(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="later")
    page = lea.get(f"/orders/{order.id}").text
    assert "Kept for you until" in text_of(page)
    leave = re.search(rf'href="(/orders/{order.id}/leave)"', page)
    assert leave
    lea.play(leave[1], "pay")
    assert state(shop, order.id) is OrderState.PAID


def test_a_provider_without_an_answer(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME, email="lea+start-timeout@example.com")
    answer = lea.pay("fake")
    order = lea.order()
    assert answer.headers["Location"] == f"/orders/{order.id}"
    assert "The payment page is being made." in lea.read(f"/orders/{order.id}")


def test_the_leaving_page_goes_to_web_addresses_alone(shop: Shop, lea: Browser) -> None:
    lea.add("P1-navy-38")
    lea.tell(**HOME)
    leave = lea.pay("fake").headers["Location"]
    order = lea.order()

    def poison(uow: object) -> None:
        from dataclasses import replace

        attempt = uow.payments.of_order(order.id)[0]  # type: ignore[attr-defined]
        uow.payments.update(replace(attempt, url="javascript:alert(1)"))  # type: ignore[attr-defined]

    shop.storage.write(poison)
    answer = lea.get(leave)
    assert answer.status_code == 303 and answer.headers["Location"] == f"/orders/{order.id}"


def test_the_mark_follows_order_payment_and_refund(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="later")
    marks = [lea.get(f"/orders/{order.id}/mark").json["mark"]]
    lea.play(f"/orders/{order.id}/leave", "pay")
    marks.append(lea.get(f"/orders/{order.id}/mark").json["mark"])
    lea.post(f"/orders/{order.id}/cancel")
    marks.append(lea.get(f"/orders/{order.id}/mark").json["mark"])
    assert len(set(marks)) == 3
    tag = lea.get(f"/orders/{order.id}/mark").headers["ETag"]
    assert lea.get(f"/orders/{order.id}/mark", **{"If-None-Match": tag}).status_code == 304
    part = lea.get(f"/orders/{order.id}", **{"X-Part": "order"}).text
    assert "<html" not in part and f'data-mark="{marks[-1]}"' in part


# --- cancelling, picking up, the receipt


def test_cancelling(shop: Shop, lea: Browser) -> None:
    unpaid = lea.buy("P2-blue-M", provider="pay_in_store", **BELLECOUR)
    assert "Cancelled" in lea.read(lea.post(f"/orders/{unpaid.id}/cancel").headers["Location"])
    again = lea.post(f"/orders/{unpaid.id}/cancel")
    assert again.status_code == 409 and "over already" in text_of(again.text)
    paid = lea.buy("P1-navy-38")
    assert "Your money is coming back" in lea.read(lea.post(f"/orders/{paid.id}/cancel").headers["Location"])


def test_what_may_be_paid_at_this_moment_is_closed_first(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="later")
    shown = lea.read(lea.post(f"/orders/{order.id}/cancel").headers["Location"])
    assert "We are cancelling this order" in shown and "Pay €" not in shown and "Cancel the order" not in shown
    shop.paying.tick()
    assert "Cancelled" in lea.read(f"/orders/{order.id}") and state(shop, order.id) is OrderState.CANCELLED


def test_an_order_that_another_one_replaced_leads_to_it(app: Flask, shop: Shop, lea: Browser) -> None:
    first = lea.buy("P1-navy-38", do="later")
    lea.add("P4-brown-")
    lea.pay("fake")
    second = lea.order()
    assert second.id != first.id and state(shop, first.id) in (OrderState.CANCELLED, OrderState.PENDING_PAYMENT)
    shop.paying.tick()
    phone = Browser(app, shop)
    page = phone.get(shop.order_links.url(first.id).removeprefix(HOST)).text
    onward = re.search(rf'href="(/orders/{second.id}\?k=[^"]+)"', page)
    assert onward and f"It became order {second.number}." in text_of(page)
    assert phone.get(onward[1]).status_code == 200


def test_too_late_to_cancel(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", **BELLECOUR)
    shop.storage.write(lambda uow: shop.orders.advance(uow, order.id, OrderState.PREPARING, actor="staff:nadia"))
    assert "Cancel the order" not in lea.read(f"/orders/{order.id}")
    late = lea.post(f"/orders/{order.id}/cancel")
    assert late.status_code == 409 and "already preparing" in text_of(late.text)


def test_the_code_is_told_once_it_is_ready(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", **BELLECOUR)

    def advance(to: OrderState) -> str:
        shop.storage.write(lambda uow: shop.orders.advance(uow, order.id, to, actor="staff:nadia"))
        return lea.get(f"/orders/{order.id}").text

    with shop.storage.read() as uow:
        paid = uow.orders.get(order.id)
    assert paid and paid.pickup_code
    for page in (lea.get(f"/orders/{order.id}").text, advance(OrderState.PREPARING)):
        assert paid.pickup_code not in page and "data:image/png" not in page
        assert lea.get(f"/api/v1/orders/{order.id}").json["pickup_code"] == ""
    ready = advance(OrderState.READY)
    assert paid.pickup_code in ready and "data:image/png;base64," in ready
    assert lea.get(f"/api/v1/orders/{order.id}").json["pickup_code"] == paid.pickup_code
    assert paid.pickup_code not in advance(OrderState.COMPLETED)


def test_the_receipt_is_of_what_was_paid(lea: Browser) -> None:
    unpaid = lea.buy("P1-navy-38", do="later")
    assert lea.get(f"/orders/{unpaid.id}/receipt").status_code == 404
    lea.play(f"/orders/{unpaid.id}/leave", "pay")
    receipt = lea.read(f"/orders/{unpaid.id}/receipt")
    for words in (
        f"Order {unpaid.number}",
        "1 × Linen midi dress",
        "P1-navy-38",
        "20%",
        "of which tax 20%",
        "Paid: €83.90",
    ):
        assert words in receipt, words


def test_the_list_of_ones_own(app: Flask, shop: Shop, lea: Browser) -> None:
    first, second = lea.buy("P1-navy-38"), lea.buy("P2-blue-M", provider="pay_in_store", **BELLECOUR)
    shown = lea.read("/orders")
    assert shown.index(f"Order {second.number}") < shown.index(f"Order {first.number}")
    assert "This browser knows of no order." in Browser(app, shop).read("/orders")
    assert LEA["email"] not in shown


# --- the make-believe provider's page


def test_the_trial_page_says_what_it_is(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="later")
    with shop.storage.read() as uow:
        attempt = uow.payments.of_order(order.id)[0]
    shown = lea.read(attempt.url.removeprefix(HOST))
    assert "Test payment: no money moves" in shown and f"Order {order.number}" in shown
    assert lea.get("/pay/fake/fs_000000000000000000000000").status_code == 404
    assert lea.get(f"/pay/fake/{attempt.id}").status_code == 404  # by its own name alone


def test_giving_up_there(shop: Shop, lea: Browser) -> None:
    order = lea.buy("P1-navy-38", do="cancel")
    assert "Pay again" in lea.read(f"/orders/{order.id}") and state(shop, order.id) is OrderState.PENDING_PAYMENT


def test_without_trial_payments_there_is_no_such_page(make_shop: Callable[..., Shop]) -> None:
    from shoppable import create_app

    shop = make_shop()
    assert Browser(create_app(shop), shop).get("/pay/fake/fs_000000000000000000000000").status_code == 404
