"""J3: the store hands it over: accepted, ready, a proxy, a wrong code; reminders, and nobody comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.reservation import Reservation
from commerce.domain.stock import MovementReason
from commerce.wiring import Shop
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.counter import Board
from tests.journeys.dsl import Talk
from tests.journeys.test_j1 import (
    AT_BELLECOUR,
    CHOOSE,
    SEARCH,
    available_at_bellecour,
    reserved,
    to_the_stores,
)

everywhere = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook"], indirect=True)

ACCEPT, READY, HAND_OVER = "Accepter ‖ Accept", "Prête ‖ Ready", "Remettre ‖ Hand over"
ITEM = "Robe midi en lin · bleu marine · 38 ‖ Linen midi dress · navy · 38"


def reservation_of(shop: Shop, code: str) -> Reservation:
    with shop.storage.read() as uow:
        for customer in uow.customers.after("", 50):
            for each in uow.reservations.of_customer(customer.id, only_open=False):
                if each.code == code:
                    return each
    raise AssertionError(f"no reservation {code}")


def reserve_at_bellecour(talk: Talk) -> str:
    """J1 in one go; the code."""
    return reserved(to_the_stores(talk).tap(AT_BELLECOUR))


@everywhere
def test_accepted_ready_collected(shop: Shop, person: People, clock: ManualClock, nadia: Board) -> None:
    lea = person("Léa")
    code = reserve_at_bellecour(lea)

    # 1. Accepted
    card = nadia.card(code, ITEM)
    nadia.press(code, ACCEPT)
    lea.wait().expect("Lyon Bellecour prépare votre réservation. ‖ Lyon Bellecour is preparing your reservation.")
    # Who still looks at the old card is told.
    nadia.send(card, ACCEPT)
    assert nadia.of("plus rapide ‖ was faster") in nadia.told
    assert lea.wait().last == []

    # 2. Ready
    clock.advance(timedelta(minutes=30))
    nadia.press(code, READY)
    lea.wait().expect("Votre réservation est prête. ‖ Ready for pickup", "Lyon Bellecour", "12 place Bellecour")
    lea.expect("jusqu’au mer. 11 mars 19:00 ‖ until Wed 11 March 7:00 PM", code).expect_picture()
    lea.expect_buttons("J’arrive ‖ On my way", "Un proche vient ‖ Someone else will come")
    lea.expect_buttons("Prolonger ‖ Extend", "Annuler ‖ Cancel")

    # 3. Somebody else
    lea.tap("Un proche vient ‖ Someone else will come").expect("prénom ‖ first name")
    lea.say("Marc")
    nadia.card(code, "retrait par : Marc ‖ collected by: Marc")

    # 4. A wrong code, five times; locked; the right one
    for _ in range(5):
        nadia.press(code, HAND_OVER, code="ZZZ-999", who="proxy", to="Marc")
        assert nadia.of("Code inconnu ‖ Unknown code") in nadia.told
    nadia.press(code, HAND_OVER, code=code, who="proxy", to="Marc")
    assert nadia.of("bloqué ‖ locked") in nadia.told
    clock.advance(timedelta(minutes=10, seconds=1))
    old = nadia.card(code)
    nadia.press(code, HAND_OVER, code=code, who="proxy", to="Marc")
    assert nadia.of("Remise ‖ Handed over") in nadia.told
    handed_at = clock.now()
    clock.advance(timedelta(minutes=1))
    nadia.send(old, HAND_OVER, code=code, who="proxy", to="Marc")
    assert nadia.of("Déjà remise à 10:40 ‖ Already handed over at 10:40") in nadia.told, nadia.told
    assert handed_at.astimezone(UTC).strftime("%H:%M") == "09:40"

    # 5. Thanks; the shelf; the history
    lea.wait().expect("Merci ! Tout va bien ? ‖ Thanks! All good?").expect_buttons(
        "😊", "J’ai un souci ‖ I have a problem"
    )
    reservation = reservation_of(shop, code)
    (line,) = reservation.lines
    with shop.storage.read() as uow:
        (level,) = uow.stock.levels([line.variant_id], "S1")
        moved = uow.stock_records.movements(line.variant_id, "S1")
        history = shop.collecting.history(uow, PickUpRef(PickUpKind.RESERVATION, reservation.id))
    assert (level.on_hand, level.held) == (0, 0)
    assert [each.on_hand_change for each in moved if each.reason is MovementReason.COLLECT] == [-1]
    assert [each.what for each in history] == ["new", "accepted", "ready", "proxy", "handed"]
    assert [each.at for each in history] == sorted(each.at for each in history)
    assert history[-1].note == "Marc"


@everywhere
def test_nobody_comes(shop: Shop, person: People, clock: ManualClock, nadia: Board, timekeeper: Worker) -> None:
    lea, sam = person("Léa"), person("Sam")
    code = reserve_at_bellecour(lea)
    nadia.press(code, ACCEPT)
    nadia.press(code, READY)
    lea.wait()

    # Sam wants the same: it is gone here, and Sam would like to know when it is back.
    sam.say(SEARCH).tap(CHOOSE)
    sam.tap("38").tap("Non ‖ No")
    with shop.storage.read() as uow:
        customer = next(
            each for each in uow.customers.after("", 50) if each.id != reservation_of(shop, code).customer_id
        )
        (contact,) = uow.customers.contacts(customer.id)
    variant_id = reservation_of(shop, code).lines[0].variant_id
    shop.storage.write(
        lambda uow: shop.waiting.wait(
            uow, customer_id=customer.id, contact=contact, variant_id=variant_id, store_id="S1"
        )
    )
    sam.wait()

    clock.set(datetime(2026, 3, 11, 14, 59, tzinfo=UTC))
    timekeeper.tick()
    assert lea.wait().last == []
    clock.set(datetime(2026, 3, 11, 15, 0, tzinfo=UTC))  # 16:00 in Lyon
    timekeeper.tick()
    lea.wait().expect("Lyon Bellecour", "12 place Bellecour", "19:00 ‖ 7:00 PM", code)
    lea.expect_buttons("J’arrive ‖ On my way", "Annuler ‖ Cancel")
    timekeeper.tick()
    assert lea.wait().last == []
    clock.set(datetime(2026, 3, 11, 17, 30, tzinfo=UTC))
    timekeeper.tick()
    lea.wait().expect("12 place Bellecour", code)
    assert available_at_bellecour(shop) == 0
    clock.set(datetime(2026, 3, 11, 18, 0, tzinfo=UTC))
    timekeeper.tick()
    lea.wait().expect("Réservation annulée, rien à payer. ‖ Reservation released, nothing to pay.")
    timekeeper.tick()  # what is free again is held for who waits
    sam.wait().expect("De retour dans votre taille ‖ Back in stock in your size", "Lyon Bellecour")
    sam.expect_buttons("Réserver 2 h ‖ Reserve 2 h")
    sam.tap("Réserver 2 h ‖ Reserve 2 h").expect("Réservé sans paiement ‖ Held, nothing to pay", "Lyon Bellecour")
    assert nadia.card(ITEM) is not None
