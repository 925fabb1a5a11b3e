"""What people are told of money that goes back: how much, why, and whether a bank has a part in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.notices import in_words
from commerce.clock import ManualClock
from commerce.domain.order import Order
from commerce.domain.payment import Refund, RefundReason
from tests.unit.bot.conftest import Desk
from tests.unit.services.offering_store import Store

DRESS = "P1-navy-38"


@pytest.fixture
def store(desk: Desk, clock: ManualClock) -> Store:
    desk.say("bonjour")
    return Store(desk.shop, clock, desk.contact())


@pytest.fixture
def order(store: Store) -> Order:
    """Paid at the counter, 79 euros."""
    return store.order(DRESS, paid=True)


def given_back(desk: Desk, order: Order, minor: int | None, reason: RefundReason = RefundReason.GOODWILL) -> Refund:
    """By a person at the till, who says so."""
    asked = desk.shop.storage.write(lambda uow: desk.shop.refunding.ask(uow, order.id, minor, reason))
    assert isinstance(asked, list)
    desk.shop.storage.write(lambda uow: desk.shop.refunding.paid_back(uow, asked[0].id, "staff:nadia"))
    return asked[0]


def heard(desk: Desk) -> list[str]:
    before = len(desk.texts())
    desk.worker.tick()
    desk.worker.run_until_quiet()
    return desk.texts()[before:]


def test_an_offer_that_is_over_names_what_goes_back_now(
    desk: Desk, store: Store, order: Order, clock: ManualClock
) -> None:
    """A part had gone back before."""
    given_back(desk, order, 500)
    heard(desk)
    store.offered(order)
    heard(desk)
    clock.advance(timedelta(minutes=16))
    assert heard(desk) == [
        "Le délai est passé\xa0: plus rien n’est gardé pour vous. 74,00\xa0€ vous sont remboursés par votre moyen de "
        "paiement."
    ]


def test_money_from_the_till_is_in_no_bank(desk: Desk, order: Order) -> None:
    given_back(desk, order, 500)
    assert heard(desk) == [f"Commande {order.number}\xa0: 5,00\xa0€ remboursés."]


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (RefundReason.UNFULFILLABLE, "et le dernier exemplaire a été vendu"),
        (RefundReason.PAID_TWICE, "et vous aviez commandé la même chose entre-temps"),
    ],
)
def test_late_money_says_why_it_goes_back(desk: Desk, order: Order, reason: RefundReason, why: str) -> None:
    given_back(desk, order, None, reason)
    told = in_words(desk.shop, desk.contact(), "order_late_money", f'{{"order_id": "{order.id}"}}')
    assert told is not None
    assert told.text == (
        f"Votre paiement de la commande {order.number} est arrivé après la fin du délai, {why}. Nous vous rendons tout"
        "\xa0: 79,00\xa0€."
    )
