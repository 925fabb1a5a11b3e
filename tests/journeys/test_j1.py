"""J1: a search with a slip, my size, the nearest store, reserved without paying."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.wiring import Shop
from tests.journeys.conftest import People, on_every_stage
from tests.journeys.dsl import Talk

SEARCH = "robe lain bleu marine ‖ linnen dress navy"
CHOOSE, FIND = "Choisir ma taille ‖ Choose size", "Voir en magasin ‖ Find in store"
AT_BELLECOUR = "Réserver à Bellecour ‖ Reserve at Bellecour"
AT_PART_DIEU = "Réserver à Part-Dieu ‖ Reserve at Part-Dieu"


def to_the_stores(talk: Talk) -> Talk:
    talk.say(SEARCH)
    talk.expect("J’ai cherché « robe lin bleu marine ». ‖ Showing “linen dress navy”.")
    talk.expect("Robe midi en lin — 79,00 € ‖ Linen midi dress — €79.00")
    talk.expect_buttons(CHOOSE, FIND, "Articles similaires ‖ Similar items")

    talk.tap(CHOOSE).expect_buttons("36", "38", "40")
    talk.tap("38").expect("Taille 38. Je m’en souviens pour la prochaine fois ? ‖ Size 38. Remember it for next time?")
    talk.expect_buttons("Oui ‖ Yes", "Non ‖ No")
    talk.tap("Oui ‖ Yes").expect("38")

    talk.tap(FIND).expect("Où êtes-vous ? ‖ Where are you?").expect_location_request()
    talk.expect_buttons("📍 Partager ma position ‖ 📍 Share my location", "Saisir une ville ‖ Type a city")
    return talk.share_location(45.7600, 4.8400)


def reserved(talk: Talk) -> str:
    """The code of what was just held."""
    talk.expect(
        "Réservé sans paiement : Robe midi en lin, bleu marine, 38. Lyon Bellecour, jusqu’au mer. 11 mars 19:00."
        " ‖ Held, nothing to pay: Linen midi dress, navy, 38. Lyon Bellecour, until Wed 11 March 7:00 PM."
    )
    talk.expect("Attendez mon message « prête » avant de venir. ‖ Please wait for my “ready” message")
    talk.expect_buttons("Annuler ‖ Cancel", "Prolonger ‖ Extend", "Itinéraire ‖ Directions").expect_picture()
    found = re.search(r"Code ([A-Z]{3}-\d{3})\.", talk.text)
    assert found, talk.text
    return found.group(1)


def available_at_bellecour(shop: Shop) -> int:
    product = shop.catalog.by_source_id("P1")
    assert product is not None
    variant = product.variant(colour="navy", size="38")
    assert variant is not None
    return next(level.available for level in shop.catalog.levels([variant.id]) if level.store_id == "S1")


@on_every_stage
def test_search_size_store_reserve(shop: Shop, person: People) -> None:
    lea = to_the_stores(person("Léa"))
    lea.expect_order(
        "1. Lyon Bellecour — 0,7 km — dernier — ouvert jusqu’à 19:00"
        " ‖ 1. Lyon Bellecour — 0.7 km — last one — open until 7:00 PM",
        "2. Lyon Part-Dieu — 1,3 km — en stock ‖ 2. Lyon Part-Dieu — 1.3 km — in stock",
    )
    lea.expect_not("Marais").expect_buttons(AT_BELLECOUR, AT_PART_DIEU)
    reserved(lea.tap(AT_BELLECOUR))
    assert available_at_bellecour(shop) == 0

    sam = to_the_stores(person("Sam"))
    sam.expect_not("Bellecour").expect("1. Lyon Part-Dieu — 1,3 km — en stock ‖ 1. Lyon Part-Dieu — 1.3 km — in stock")
    sam.expect_buttons(AT_PART_DIEU).expect_no_button(AT_BELLECOUR)


def test_a_size_that_does_not_exist(person: People) -> None:
    lea = person("Léa")
    lea.say(SEARCH).tap(CHOOSE).tap("38").tap("Non ‖ No")
    lea.say("et en 42 ? ‖ and in 42?").expect("La 42 n’existe pas ‖ There is no 42", "36, 38, 40")


def test_the_last_one_goes_to_whoever_taps_first(shop: Shop, person: People) -> None:
    lea, sam = to_the_stores(person("Léa")), to_the_stores(person("Sam"))
    reserved(lea.tap(AT_BELLECOUR))
    sam.tap(AT_BELLECOUR)
    sam.expect("Le dernier vient de partir à Lyon Bellecour ‖ The last one at Lyon Bellecour has just gone")
    sam.expect("Lyon Part-Dieu — 1,3 km ‖ Lyon Part-Dieu — 1.3 km").expect_buttons(AT_PART_DIEU)
    assert available_at_bellecour(shop) == 0


@on_every_stage
def test_two_taps_hold_one(shop: Shop, person: People) -> None:
    lea = to_the_stores(person("Léa"))
    code = reserved(lea.tap(AT_BELLECOUR))
    assert reserved(lea.tap(AT_BELLECOUR)) == code
    lea.say("mes réservations ‖ my reservations").expect(code)
    assert len(lea.last) == 1


def test_cancel_gives_it_back(shop: Shop, person: People) -> None:
    lea = to_the_stores(person("Léa"))
    reserved(lea.tap(AT_BELLECOUR))
    lea.tap("Annuler ‖ Cancel").expect("annulé, rien à payer ‖ Cancelled, nothing to pay")
    assert available_at_bellecour(shop) == 1
    lea.tap("Annuler ‖ Cancel").expect("réservation ‖ reservation").expect_not("rien à payer ‖ nothing to pay")
    assert available_at_bellecour(shop) == 1


def test_extend_once(person: People) -> None:
    lea = to_the_stores(person("Léa"))
    reserved(lea.tap(AT_BELLECOUR))
    lea.tap("Prolonger ‖ Extend").expect("jeu. 12 mars 19:00 ‖ Thu 12 March 7:00 PM").expect_no_button(
        "Prolonger ‖ Extend"
    )
    lea.tap("Prolonger ‖ Extend").expect("une seule fois ‖ can be extended once")


@on_every_stage
def test_the_time_runs_out(shop: Shop, clock: ManualClock, timekeeper: Worker, person: People) -> None:
    lea = to_the_stores(person("Léa"))
    code = reserved(lea.tap(AT_BELLECOUR))
    clock.set(datetime(2026, 3, 11, 17, 59, tzinfo=UTC))
    timekeeper.tick()
    assert lea.wait().last == []
    clock.set(datetime(2026, 3, 11, 18, 0, tzinfo=UTC))
    timekeeper.tick()
    lea.wait().expect("Réservation annulée, rien à payer. ‖ Reservation released, nothing to pay.", code)
    assert available_at_bellecour(shop) == 1
    timekeeper.tick()
    assert lea.wait().last == []
    lea.say("mes réservations ‖ my reservations").expect("aucune réservation ‖ no reservation")


def test_next_time_the_size_is_known(person: People) -> None:
    lea = to_the_stores(person("Léa"))
    reserved(lea.tap(AT_BELLECOUR))
    lea.say("robes ‖ dresses").expect("38, votre taille : en stock ‖ 38, your size: in stock")
    lea.say("oublie ma taille ‖ forget my size").expect("oublié ‖ forgotten")
    lea.say("robes ‖ dresses").expect_not("votre taille ‖ your size")


def test_a_city_in_words(person: People) -> None:
    lea = person("Léa")
    lea.say(SEARCH).tap(CHOOSE).tap("38").tap("Non ‖ No").tap(FIND).tap("Saisir une ville ‖ Type a city")
    lea.expect("Quelle ville ‖ Which city").say("Villeurbanne").expect_order("Lyon Part-Dieu", "Lyon Bellecour")


@on_every_stage
def test_whoever_comes_back_is_recognised(person: People) -> None:
    lea = person("Léa")
    to_the_stores(lea)
    reserved(lea.tap(AT_BELLECOUR))
    lea.say("bonjour ‖ hello").expect("Votre réservation ‖ Your reservation", "Lyon Bellecour")
    lea.expect_buttons("Mes réservations ‖ My reservations")
    person("Sam").say("bonjour ‖ hello").expect_not("Votre réservation ‖ Your reservation")
