"""An address that opens one order: for whom it was made, as it was made, until it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commerce.clock import ManualClock
from commerce.services.order_links import LASTS, OrderLinks

ORDER, OTHER = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture
def links(clock: ManualClock) -> OrderLinks:
    return OrderLinks("https://shop.example", "k" * 32, clock)


def test_a_link_opens_its_own_order_and_no_other(links: OrderLinks) -> None:
    proof = links.proof(ORDER)
    assert links.url(ORDER, "/paid") == f"https://shop.example/orders/{ORDER}/paid?k={proof}"
    assert links.opens(ORDER, proof) and not links.opens(OTHER, proof)


def test_a_link_ends(links: OrderLinks, clock: ManualClock) -> None:
    proof = links.proof(ORDER)
    clock.advance(LASTS - timedelta(seconds=1))
    assert links.opens(ORDER, proof)
    clock.advance(timedelta(seconds=2))
    assert not links.opens(ORDER, proof)


def test_nobody_else_makes_one_or_makes_it_last(links: OrderLinks, clock: ManualClock) -> None:
    proof = links.proof(ORDER)
    ends, _, signature = proof.partition(".")
    stranger = OrderLinks("https://shop.example", "x" * 32, clock).proof(ORDER)
    later = f"z{ends[1:]}"
    wrong = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for odd in (stranger, f"{later}.{signature}", f"{ends}.{wrong}", f"zz.{signature}", signature, "", "é.é"):
        assert not links.opens(ORDER, odd)
