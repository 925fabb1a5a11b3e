"""J2: a photo, refined in words, to the store that has it; photos from elsewhere; photos of something else."""

from __future__ import annotations

from datetime import timedelta

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.wiring import Shop
from tests.journeys.conftest import People, on_every_stage
from tests.journeys.dsl import Talk
from tests.journeys.pictures import cat

VERY_CLOSE = "Très proche : Robe midi en lin — 79,00 € ‖ Very close: Linen midi dress — €79.00"
CLOSE = "roche : Robe midi en viscose — 59,00 € ‖ lose: Viscose midi dress — €59.00"  # close or very close


def seen(talk: Talk) -> Talk:
    talk.expect_order(VERY_CLOSE, CLOSE).expect_buttons("Choisir ma taille ‖ Choose size", "Préciser ‖ Refine")
    return talk.expect_not("Veste ‖ Jacket", "Baskets ‖ Sneakers", "Sac ‖ Tote")


@on_every_stage
def test_photo_refine_store(photographer: People, post: str, street_look: bytes, own_bag: bytes) -> None:
    lea = photographer("Léa")
    # What the shop knows of Léa from J1: her size and where she is.
    lea.say("robe lain bleu marine ‖ linnen dress navy").tap("Choisir ma taille ‖ Choose size").tap("38")
    lea.tap("Oui ‖ Yes").tap("Voir en magasin ‖ Find in store").share_location(45.7600, 4.8400)

    seen(lea.send_photo(street_look))
    lea.expect("24 h ‖ 24 hours").expect_picture()

    lea.say("pareil mais moins de 60 euros ‖ same but under 60")
    lea.expect("Robe midi en viscose — 59,00 € ‖ Viscose midi dress — €59.00").expect_not("79")

    lea.say("dans ma taille, près de moi ‖ in my size, near me")
    lea.expect("38", "Lyon Bellecour — 0,7 km — dernier ‖ Lyon Bellecour — 0.7 km — last one")
    lea.expect_buttons("Réserver à Bellecour ‖ Reserve at Bellecour")

    seen(lea.say(post))
    lea.say("http://127.0.0.1:9/nothing").expect(
        "Je n’arrive pas à ouvrir ce lien. Envoyez une capture. ‖ I can’t open that link. Send a screenshot."
    )

    lea.send_photo(cat())
    lea.expect("Je ne vois pas d’article de mode sur cette photo. ‖ I don’t see a fashion item in this photo.")
    lea.expect_buttons("Autre photo ‖ Another photo", "Parler à un conseiller ‖ Talk to a person")

    lea.send_photo(own_bag)
    lea.expect("Correspondance exacte : Sac cabas en cuir — 120,00 € ‖ Exact match: Leather tote — €120.00")


def test_photo_and_words_together(photographer: People, street_look: bytes) -> None:
    lea = photographer("Léa")
    lea.send_photo(street_look, "pareil mais moins de 60 euros ‖ same but under 60")
    lea.expect("Robe midi en viscose — 59,00 € ‖ Viscose midi dress — €59.00")


def test_damaged_and_other_files(photographer: People, street_look: bytes) -> None:
    lea = photographer("Léa")
    lea.send_photo(street_look[:400]).expect("abîmée ‖ damaged").expect_buttons("Autre photo ‖ Another photo")


def test_the_photo_is_deleted_after_a_day(
    shop_with_eyes: Shop, clock: ManualClock, photographer: People, street_look: bytes
) -> None:
    lea = photographer("Léa")
    lea.send_photo(street_look)
    with shop_with_eyes.storage.read() as uow:
        keys = uow.photos.due(clock.now() + timedelta(hours=25), 100)
    assert keys
    clock.advance(timedelta(hours=25))
    Worker(shop_with_eyes, []).tick()
    assert [shop_with_eyes.media.get(key) for key in keys] == [None] * len(keys)
    with shop_with_eyes.storage.read() as uow:
        assert uow.photos.due(clock.now(), 100) == []
    # What was remembered of it for refining is over too: the words are searched as words.
    lea.say("pareil mais moins de 60 euros ‖ same but under 60").expect_not("Très proche ‖ Very close")
