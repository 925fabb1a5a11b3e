"""What shoppers hear when a store has sold what they held, and while it takes no orders."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation.actions import Reserve, TellWhenOpen, encode
from commerce.clock import ManualClock
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from tests.unit.bot.conftest import Desk

SNEAKERS = "P3-white-42"


def variant_id(desk: Desk, sku: str = SNEAKERS) -> int:
    with desk.shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[1].id


def count(desk: Desk, store_id: str, units: int, sku: str = SNEAKERS) -> None:
    now = desk.shop.clock.now()
    variant = variant_id(desk, sku)
    desk.shop.storage.write(lambda uow: uow.stock.set_on_hand(variant, store_id, units, MovementReason.COUNT, now))


def sell(desk: Desk, store_id: str = "S1") -> None:
    entry = StockEntry(MovementReason.SALE, SNEAKERS, store_id, 1, f"t-{store_id}", override=True)
    taken = desk.shop.storage.write(lambda uow: desk.shop.stocktaking.enter(uow, entry, actor="staff:nadia"))
    assert not isinstance(taken, Refused)


def reserve(desk: Desk, store_id: str = "S1", **more: str) -> list[str]:
    return desk.say(action=encode(Reserve(variant_id(desk), store_id)), **more)


def speak_french(desk: Desk) -> None:
    desk.say("bonjour, en français svp")


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Léa holds the only pair at Bellecour; Part-Dieu and the Marais have one each."""
    for store_id in ("S1", "S2", "S3"):
        count(desk, store_id, 1)
    assert any("Held, nothing to pay" in text for text in reserve(desk))
    return desk


def test_whoever_loses_a_reservation_hears_where_else_it_is(held: Desk) -> None:
    sell(held)
    before = len(held.texts())
    held.worker.run_until_quiet()
    (told,) = held.texts()[before:]
    assert told.startswith("Sorry: the last one at Lyon Bellecour has just been sold: White sneakers, 42.")
    assert "is cancelled, nothing to pay." in told
    assert told.endswith("I’m holding these for 15 min:")  # the nearest to Bellecour
    sent = held.recorder.sent_to(held.contact())[-1].outgoing[-1]
    buttons = [button for row in sent.rows for button in row]
    assert [button.label.replace("\u00a0", " ") for button in buttons] == [
        "Part-Dieu, 2.0 km, €89.90", "None", "Similar items",
    ]  # fmt: skip
    answer = held.say(action=buttons[0].action)
    assert any("Held, nothing to pay" in text and "Part-Dieu" in text for text in answer)


def test_in_french_and_when_there_is_none_anywhere(held: Desk) -> None:
    speak_french(held)
    for store_id in ("S2", "S3"):
        count(held, store_id, 0)
    sell(held)
    before = len(held.texts())
    held.worker.run_until_quiet()
    (told,) = held.texts()[before:]
    assert told.startswith("Désolé\xa0: le dernier à Lyon Bellecour vient d’être vendu\xa0: Baskets blanches, 42.")
    assert "est annulée, rien à payer." in told and "1." not in told


def test_a_store_that_takes_no_orders_is_not_offered_instead(held: Desk) -> None:
    until = held.shop.clock.now() + timedelta(hours=1)
    held.shop.storage.write(lambda uow: held.shop.pausing.pause(uow, "S2", until, "", actor="staff:nadia"))
    sell(held)
    before = len(held.texts())
    held.worker.run_until_quiet()
    (told,) = held.texts()[before:]
    assert told.endswith("I’m holding these for 15 min:")
    sent = held.recorder.sent_to(held.contact())[-1].outgoing[-1]
    assert [button.label.split(",")[0] for row in sent.rows for button in row] == ["Marais", "None", "Similar items"]


def test_a_paused_store_says_until_when_and_where_else(desk: Desk) -> None:
    for store_id in ("S1", "S2"):
        count(desk, store_id, 1)
    until = desk.shop.clock.now() + timedelta(minutes=45)
    desk.shop.storage.write(lambda uow: desk.shop.pausing.pause(uow, "S1", until, "livraison", actor="staff:nadia"))
    told = "\n".join(reserve(desk)).replace("\u202f", " ")
    assert "Lyon Bellecour resumes at 10:45 AM." in told
    assert "Part-Dieu" in told and "livraison" not in told
    speak_french(desk)
    told = "\n".join(reserve(desk))
    assert "Lyon Bellecour reprend les commandes à 10:45." in told
    assert desk.say(action=encode(TellWhenOpen("S1")))
    assert isinstance(desk.shop.clock, ManualClock)
    desk.shop.clock.advance(timedelta(minutes=45))
    before = len(desk.texts())
    desk.worker.tick()
    desk.worker.run_until_quiet()
    assert desk.texts()[before:] == ["Lyon Bellecour reprend les commandes."]
    told = "\n".join(reserve(desk))
    assert "Réservé sans paiement" in told and "Lyon Bellecour" in told
