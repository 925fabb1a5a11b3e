"""J8: another size instead, held first; then the legal withdrawal, once, with its receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.order import Order, OrderState
from commerce.domain.returns import ReturnKind, ReturnRequest, ReturnState
from commerce.domain.staff import TaskKind
from commerce.domain.stock import MovementReason
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.journeys.conftest import ON_POSTGRESQL, People, on_every_stage
from tests.journeys.drivers.memory import MemoryDriver
from tests.journeys.dsl import Talk
from tests.journeys.test_j1 import AT_BELLECOUR, reserved, to_the_stores
from vitrine.doctor import check
from vitrine.fixture import build_fixture
from vitrine.fixture_orders import add_orders

PARIS = ZoneInfo("Europe/Paris")
WITHDRAW = "Renoncer au contrat ici ‖ Withdraw from contract here"
CONFIRM = "Confirmer la rétractation ‖ Confirm withdrawal"
TOO_SMALL = "Trop petit ‖ Too small"

in_two_ways = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL], indirect=True)


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, selling through the make-believe provider and at the counter."""
    settings = load_settings(
        data_dir=data_dir, database_url=database_url, encoder="none", secret_key="s" * 32, fake_payments=True
    )
    with build_shop(settings, clock=clock, ids=ids) as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        yield shop
        assert [finding for finding in check(shop.storage, clock.now()) if not finding.ok] == []


@pytest.fixture
def lea(shop: Shop, person: People, language: str) -> Talk:
    """Léa, who has bought a dress and a bag."""
    talk = person("Léa")
    talk.say("bonjour ‖ hello")
    add_orders(shop, talk.driver.contact, language=language)
    return talk


def order(shop: Shop, number: int) -> Order:
    with shop.storage.read() as uow:
        found = uow.orders.by_number(number)
    assert found is not None
    return found


def requests(shop: Shop, number: int) -> list[ReturnRequest]:
    with shop.storage.read() as uow:
        return uow.returns.of_order(order(shop, number).id)


def level(shop: Shop, colour: str, size: str, store_id: str) -> tuple[int, int]:
    product = shop.catalog.by_source_id("P1")
    assert product is not None
    variant = product.variant(colour=colour, size=size)
    assert variant is not None
    found = {each.store_id: (each.on_hand, each.available) for each in shop.catalog.levels([variant.id])}
    return found.get(store_id, (0, 0))


def to_the_offer(talk: Talk) -> Talk:
    talk.say("échanger ‖ exchange").expect_buttons(
        "N° 1042 — Robe midi en lin, 38 ‖ No. 1042 — Linen midi dress, 38",
        "N° 1043 — Sac cabas en cuir ‖ No. 1043 — Leather tote",
    )
    talk.tap("N° 1042 — Robe midi en lin, 38 ‖ No. 1042 — Linen midi dress, 38").expect_buttons(TOO_SMALL)
    talk.tap(TOO_SMALL)
    talk.expect("Taille 40 disponible à Part-Dieu. Je vous la garde ? ‖ Size 40 is at Part-Dieu. Shall I hold it?")
    return talk.expect_buttons("Oui ‖ Yes", "Par colis ‖ By post")


@on_every_stage
def test_another_size_then_withdrawal(shop: Shop, clock: ManualClock, lea: Talk) -> None:
    to_the_offer(lea).tap("Oui ‖ Yes").expect_picture()
    lea.expect(
        "Robe midi en lin, bleu marine, 40 ‖ Linen midi dress, navy, 40",
        "Lyon Part-Dieu",
        "Différence : 0,00 € ‖ Difference: €0.00",
    )
    (held,) = requests(shop, 1042)
    lea.expect(held.code)
    assert level(shop, "navy", "40", "S2") == (1, 0)

    before = level(shop, "navy", "38", "S2")
    scan = {"code": held.code, "by": "nadia", "store_id": "S2", "resellable": True}
    done = shop.storage.write(lambda uow: shop.taking_back.receive(uow, held.id, **scan))
    assert isinstance(done, ReturnRequest) and done.state is ReturnState.SETTLED
    assert level(shop, "navy", "38", "S2") == (before[0] + 1, before[1] + 1)
    assert level(shop, "navy", "40", "S2") == (0, 0), "handed over"
    lea.wait().expect("1042", "Différence : 0,00 € ‖ Difference: €0.00")

    clock.set(datetime(2026, 3, 10, 10, 3, 57, tzinfo=PARIS))
    lea.say("ma commande 1043 ‖ my order 1043").expect_buttons(WITHDRAW)
    lea.tap(WITHDRAW).expect("1043", "Sac cabas en cuir ‖ Leather tote", "Léa", "124,90 € ‖ €124.90")
    lea.expect_buttons(CONFIRM)
    clock.set(datetime(2026, 3, 10, 10, 4, tzinfo=PARIS))
    lea.tap(CONFIRM)
    lea.expect("Accusé de réception : ‖ Receipt:", "10/03/2026 10:04 ‖ 10 March 2026 10:04 AM", "124,90 € ‖ €124.90")
    said = ("1043", "Léa", "10/03/2026 10:04 ‖ 10 March 2026 10:04 AM", "Sac cabas en cuir ‖ Leather tote")
    if any(seen.documents for seen in lea.last):
        receipt = lea.expect_document(*said)
    else:
        receipt = ""
        lea.expect(*said)
    (withdrawn,) = requests(shop, 1043)
    assert withdrawn.kind is ReturnKind.WITHDRAWAL
    with shop.storage.read() as uow:
        (refund,) = uow.payments.refunds_of(withdrawn.order_id)
    assert (refund.amount.minor, refund.due_at) == (12_490, withdrawn.due_at)

    lea.tap(CONFIRM).expect("10/03/2026 10:04 ‖ 10 March 2026 10:04 AM")
    if receipt:
        assert lea.expect_document() == receipt, "the same receipt, word for word"
    assert requests(shop, 1043) == [withdrawn]
    with shop.storage.read() as uow:
        assert len(uow.payments.refunds_of(withdrawn.order_id)) == 1
    lea.say("ma commande 1043 ‖ my order 1043").expect_no_button(WITHDRAW)


@in_two_ways
def test_the_money_is_back_and_the_task_is_done(shop: Shop, timekeeper: Worker, lea: Talk) -> None:
    lea.say("je veux me rétracter ‖ i want to withdraw").tap(CONFIRM)
    timekeeper.tick()
    lea.wait()
    assert order(shop, 1043).state is OrderState.REFUNDED
    with shop.storage.read() as uow:
        assert uow.tasks.open(kind=TaskKind.REFUND) == []


def test_two_taps_hold_one(shop: Shop, lea: Talk) -> None:
    to_the_offer(lea).tap("Oui ‖ Yes").tap("Oui ‖ Yes").expect("40")
    assert len(requests(shop, 1042)) == 1
    lea.tap("Annuler l’échange ‖ Cancel the exchange")
    assert level(shop, "navy", "40", "S2") == (1, 1)


def test_the_other_size_has_just_gone(shop: Shop, lea: Talk) -> None:
    to_the_offer(lea)
    product = shop.catalog.by_source_id("P1")
    assert product is not None
    variant = product.variant(colour="navy", size="40")
    assert variant is not None
    sold = (variant.id, "S2", -1, MovementReason.SALE, "receipt 1", shop.clock.now())
    assert shop.storage.write(lambda uow: uow.stock.adjust(*sold))
    lea.tap("Oui ‖ Yes").expect("Il vient de partir ‖ has just gone")
    assert requests(shop, 1042) == []


@in_two_ways
def test_nobody_comes_for_the_other_size(shop: Shop, clock: ManualClock, timekeeper: Worker, lea: Talk) -> None:
    to_the_offer(lea).tap("Oui ‖ Yes").expect("mar. 17 mars 20:00 ‖ Tue 17 March 8:00 PM")
    clock.set(datetime(2026, 3, 17, 20, 0, tzinfo=PARIS))
    timekeeper.tick()
    lea.wait().expect("1042", "terminé ‖ has ended").expect_buttons("Échanger ‖ Exchange")
    assert level(shop, "navy", "40", "S2") == (1, 1)


@in_two_ways
def test_day_fifteen(clock: ManualClock, lea: Talk) -> None:
    clock.set(datetime(2026, 3, 19, 23, 58, tzinfo=PARIS))
    lea.say("ma commande 1043 ‖ my order 1043").expect_buttons(WITHDRAW).expect("19/03/2026 ‖ 19 March 2026")
    clock.set(datetime(2026, 3, 20, 0, 0, tzinfo=PARIS))
    lea.tap(WITHDRAW).expect("délai de rétractation est passé ‖ time to withdraw is over")
    lea.say("ma commande 1043 ‖ my order 1043").expect_no_button(WITHDRAW)
    lea.expect("délai de rétractation est passé ‖ time to withdraw is over")


def test_what_was_paid_in_a_store_or_is_only_held_never_shows_it(lea: Talk) -> None:
    lea.say("ma commande 1042 ‖ my order 1042").expect_no_button(WITHDRAW)
    lea.expect_buttons("Échanger ‖ Exchange", "Retourner ‖ Return")
    to_the_stores(lea)
    reserved(lea.tap(AT_BELLECOUR))
    lea.expect_no_button(WITHDRAW)
    lea.say("mes réservations ‖ my reservations").expect_no_button(WITHDRAW)


def test_a_return_by_parcel(shop: Shop, lea: Talk) -> None:
    lea.say("je veux retourner ma commande 1043 ‖ i want to return my order 1043").expect_buttons(TOO_SMALL)
    lea.tap("J’ai changé d’avis ‖ I changed my mind").tap("Par colis ‖ By parcel")
    lea.expect("120,00 € ‖ €120.00").expect_picture()
    (back,) = requests(shop, 1043)
    lea.expect(back.code)


def test_something_wrong_in_words(shop: Shop, lea: Talk) -> None:
    lea.say("j’ai reçu la mauvaise couleur, commande 1042 ‖ i received the wrong colour, order 1042").expect("1042")
    lea.expect_buttons("Échanger ‖ Exchange", "Rembourser ‖ Refund", "Parler à un conseiller ‖ Talk to a person")
    lea.tap("Rembourser ‖ Refund").tap("Mauvais article ‖ Wrong item").say("elle est rouge ‖ it is red")
    (asked,) = requests(shop, 1042)
    assert (asked.kind, asked.note) == (ReturnKind.PROBLEM, lea.of("elle est rouge ‖ it is red"))
    lea.expect(asked.code)


def test_another_name_on_the_receipt(shop: Shop, lea: Talk) -> None:
    lea.say("rétractation ‖ withdrawal").tap("Un autre nom ‖ Another name").say("Léa Martin-Dubois")
    lea.expect("Nom : Léa Martin-Dubois ‖ Name: Léa Martin-Dubois").tap(CONFIRM)
    assert "Martin-Dubois" in requests(shop, 1043)[0].receipt


def test_somebody_elses_order_is_none(shop: Shop, lea: Talk, person: People) -> None:
    sam = person("Sam")
    sam.say("échanger ma commande 1042 ‖ exchange my order 1042").expect_no_button(TOO_SMALL)
    assert requests(shop, 1042) == []


def test_a_photo_that_cannot_be_read_asks_for_words(shop: Shop, lea: Talk) -> None:
    lea.say("un problème avec ma commande 1042 ‖ a problem with my order 1042").tap("Rembourser ‖ Refund")
    lea.tap("Abîmé ‖ Damaged").send_photo(b"no picture at all").expect("avec vos mots ‖ in your words")
    assert requests(shop, 1042) == []
    lea.say("la couture est défaite ‖ the seam is open")
    assert requests(shop, 1042)[0].note == lea.of("la couture est défaite ‖ the seam is open")


def test_a_photo_of_what_is_wrong_is_kept_for_the_team(
    data_dir: Path, clock: ManualClock, ids: SeededIds, own_bag: bytes, language: str
) -> None:
    settings = load_settings(data_dir=data_dir, secret_key="s" * 32, fake_payments=True)
    with build_shop(settings, clock=clock, ids=ids) as shop:
        shop.index_keeper.catch_up()
        recorder = Recorder(shop.media)
        lea = Talk(MemoryDriver(shop, recorder, Worker(shop, [recorder]), "léa", language=language), language)
        lea.say("bonjour ‖ hello")
        add_orders(shop, lea.driver.contact, language=language)
        lea.say("un problème avec ma commande 1042 ‖ a problem with my order 1042").tap("Rembourser ‖ Refund")
        lea.tap("Abîmé ‖ Damaged").send_photo(own_bag, "regardez ‖ look")
        (asked,) = requests(shop, 1042)
        lea.expect(asked.code)
        assert asked.note == lea.of("regardez ‖ look")
        assert shop.photos.get(lea.driver.contact, asked.photo_key), "our own copy of it"
        clock.advance(timedelta(days=89))
        timekeeper = Worker(shop, [])
        timekeeper.chores.delete_photos()
        assert shop.photos.get(lea.driver.contact, asked.photo_key), "kept longer than a photo of a search"
        clock.advance(timedelta(days=2))
        timekeeper.chores.delete_photos()
        assert shop.photos.get(lea.driver.contact, asked.photo_key) is None
