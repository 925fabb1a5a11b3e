"""J4: the store cannot find it: choices, each held; by car; at the wrong store."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.reservation import ReservationState
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.counter import Board
from tests.journeys.dsl import Talk
from tests.journeys.test_j1 import available_at_bellecour
from tests.journeys.test_j3 import ACCEPT, READY, reservation_of, reserve_at_bellecour

in_memory = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL], indirect=True)
everywhere = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook"], indirect=True)

REJECT = "Refuser ‖ Reject"
SORRY = (
    "Désolé, Bellecour n’a pas retrouvé votre article. Je vous garde 15 min :"
    " ‖ Sorry, Bellecour couldn’t find it. I’m holding these for 15 min:"
)
PART_DIEU = "Part-Dieu, 1,3 km, 79,00 € ‖ Part-Dieu, 1.3 km, €79.00"
SHIP = "Livraison, 79,00 € ‖ Ship it, €79.00"
NONE = "Aucun ‖ None"


def rejected(shop: Shop, lea: Talk, nadia: Board) -> str:
    """Reserved at Bellecour and not to be found there; the old code."""
    code = reserve_at_bellecour(lea)
    nadia.press(code, REJECT, reason="not_found")
    lea.wait().expect(SORRY).expect_buttons(PART_DIEU, SHIP, NONE)
    return code


def active_holds(shop: Shop, variant_id: int) -> dict[str, int]:
    with shop.storage.read() as uow:
        return {level.store_id: level.held for level in uow.stock.levels([variant_id]) if level.held}


@everywhere
def test_not_found_becomes_an_offer(shop: Shop, person: People, nadia: Board, at_part_dieu: Board) -> None:
    lea = person("Léa")
    code = rejected(shop, lea, nadia)
    old = reservation_of(shop, code)
    variant_id = old.lines[0].variant_id
    assert old.state is ReservationState.REJECTED
    assert active_holds(shop, variant_id) == {"S2": 1, "WEB": 1}

    # The shelf was wrong: one less, with the reason; nobody is offered it there.
    with shop.storage.read() as uow:
        moves = uow.stock_records.movements(variant_id, "S1")
    assert [m.on_hand_change for m in moves if m.reason is MovementReason.NOT_FOUND] == [-1]
    assert available_at_bellecour(shop) == 0

    # 2. Part-Dieu: a new code, the other units are free again, the old code is worth nothing.
    lea.tap(PART_DIEU).expect("Lyon Part-Dieu", "Code ")
    found = re.search(r"Code ([A-Z]{3}-\d{3})", lea.text)
    assert found and found.group(1) != code
    assert active_holds(shop, variant_id) == {"S2": 1}
    assert at_part_dieu.card(found.group(1)) is not None
    assert all(code not in card for card in nadia.cards())
    # A second tap on the old buttons takes nothing more.
    lea.tap(SHIP)
    assert active_holds(shop, variant_id) == {"S2": 1}

    # 3. By car
    lea.say("je viens en voiture ‖ I’ll come by car").expect("Quel véhicule ? ‖ Which vehicle?")
    lea.say("Clio grise ‖ grey Clio")
    new = found.group(1)
    at_part_dieu.press(new, ACCEPT)
    at_part_dieu.press(new, READY)
    lea.wait().expect_buttons("Je suis là ‖ I’m here")
    lea.tap("Je suis là ‖ I’m here").expect("Quelle place ? ‖ Which spot?")
    lea.say("4")
    at_part_dieu.card(new, "Clio grise, place 4 ‖ grey Clio, spot 4")
    lea.tap("Je suis là ‖ I’m here")
    assert len([card for card in at_part_dieu.cards() if new in card]) == 1

    # 4. At the wrong store
    lea.share_location(45.7579, 4.8320)
    lea.expect("Votre commande est à Lyon Part-Dieu ( ‖ Your order is at Lyon Part-Dieu (", "2,0 km ‖ 2.0 km")
    lea.expect_buttons("Itinéraire ‖ Directions")


@in_memory
def test_none_of_them(shop: Shop, person: People, nadia: Board) -> None:
    lea = person("Léa")
    variant_id = reservation_of(shop, rejected(shop, lea, nadia)).lines[0].variant_id
    lea.tap(NONE)
    assert active_holds(shop, variant_id) == {}


@in_memory
def test_a_quarter_of_an_hour_later(
    shop: Shop, person: People, nadia: Board, clock: ManualClock, timekeeper: Worker
) -> None:
    lea = person("Léa")
    variant_id = reservation_of(shop, rejected(shop, lea, nadia)).lines[0].variant_id
    clock.advance(timedelta(minutes=15, seconds=1))
    timekeeper.tick()
    assert active_holds(shop, variant_id) == {}
    lea.wait()
    lea.tap(PART_DIEU).expect_not("Réservé sans paiement ‖ Held, nothing to pay")


@in_memory
def test_shipped_instead(shop: Shop, person: People, nadia: Board) -> None:
    lea = person("Léa")
    variant_id = reservation_of(shop, rejected(shop, lea, nadia)).lines[0].variant_id
    lea.tap(SHIP)
    with shop.storage.read() as uow:
        customer = next(iter(uow.customers.after("", 5)))
        cart = uow.carts.of_customer(customer.id)
    assert cart is not None
    assert [(line.variant_id, line.quantity) for line in cart.wanted] == [(variant_id, 1)]
    assert active_holds(shop, variant_id) == {"WEB": 1}


def test_a_look_alike_in_the_same_store(shop_with_eyes: Shop, photographer: People, nadia_sees: Board) -> None:
    lea = photographer("Léa")
    code = reserve_at_bellecour(lea)
    nadia_sees.press(code, REJECT, reason="not_found")
    lea.wait().expect(SORRY).expect_buttons(
        PART_DIEU,
        "Robe midi en viscose à Bellecour, 59,00 € ‖ Viscose midi dress at Bellecour, €59.00",
        SHIP,
        NONE,
    )
    lea.tap("Robe midi en viscose à Bellecour, 59,00 € ‖ Viscose midi dress at Bellecour, €59.00")
    lea.expect("Robe midi en viscose ‖ Viscose midi dress", "Lyon Bellecour", "Code ")
