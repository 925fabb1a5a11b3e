"""J2: a photo, refined in words, to the store that has it; photos from elsewhere; photos of something else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.wiring import Shop
from tests.journeys.conftest import People, on_every_stage
from tests.journeys.dsl import Talk
from tests.journeys.pictures import Part, cat
from vitrine.demo_shop import as_customer_photo, draw

VERY_CLOSE = "Très proche : Robe midi en lin — 79,00 € ‖ Very close: Linen midi dress — €79.00"
CLOSE = "roche : Robe midi en viscose — 59,00 € ‖ lose: Viscose midi dress — €59.00"  # close or very close


ITEMS = ("1 Robe ‖ 1 Dress", "2 Veste ‖ 2 Jacket", "3 Baskets ‖ 3 Sneakers")
JACKET = "Veste en jean — 65,00 € ‖ Denim jacket — €65.00"
VISCOSE = "Robe midi en viscose — 59,00 € ‖ Viscose midi dress — €59.00"


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


@on_every_stage
def test_several_garments(photographer: People, post: str, outfit: tuple[bytes, list[Part]]) -> None:
    lea = photographer("Léa")
    lea.say("robe lain bleu marine ‖ linnen dress navy").tap("Choisir ma taille ‖ Choose size").tap("38")
    lea.tap("Oui ‖ Yes").tap("Voir en magasin ‖ Find in store").share_location(45.7600, 4.8400)

    lea.send_photo(outfit[0])
    lea.expect("Je vois 3 articles. Lequel cherchez-vous ? ‖ I see 3 items. Which one?", "24 h ‖ 24 hours")
    lea.expect_buttons(*ITEMS).expect_picture()

    seen(lea.tap(ITEMS[0]))
    lea.say("pareil mais moins de 60 euros ‖ same but under 60")
    lea.expect("Robe midi en viscose — 59,00 € ‖ Viscose midi dress — €59.00").expect_not("79")
    lea.say("dans ma taille, près de moi ‖ in my size, near me")
    lea.expect("38", "Lyon Bellecour — 0,7 km — dernier ‖ Lyon Bellecour — 0.7 km — last one")
    lea.expect_buttons("Réserver à Bellecour ‖ Reserve at Bellecour")

    lea.say(post.replace("ABC", "OUTFIT")).expect_buttons(*ITEMS).expect_picture()
    lea.tap(ITEMS[1]).expect("Veste en jean — 65,00 € ‖ Denim jacket — €65.00").expect_not("Robe midi ‖ midi dress")
    lea.tap("Un autre article de la photo ‖ Another item in the photo").expect_buttons(*ITEMS)
    lea.tap(ITEMS[2]).expect("Baskets blanches — 89,90 € ‖ White sneakers — €89.90")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("2", JACKET),
        ("la deuxième ‖ the second one", JACKET),
        ("la veste ‖ the jacket", JACKET),
        ("veste ‖ jacket", JACKET),
        ("2 Veste ‖ 2 Jacket", JACKET),
        ("celle du milieu ‖ the one in the middle", JACKET),
        ("celle de gauche ‖ the left one", "Robe midi en lin — 79,00 € ‖ Linen midi dress — €79.00"),
        ("à droite ‖ on the right", "Baskets blanches — 89,90 € ‖ White sneakers — €89.90"),
        ("les baskets ‖ the sneakers", "Baskets blanches — 89,90 € ‖ White sneakers — €89.90"),
        ("la robe, moins de 60 euros ‖ the dress, under 60", VISCOSE),
    ],
)
def test_which_garment_in_words(photographer: People, outfit: tuple[bytes, list[Part]], said: str, found: str) -> None:
    lea = photographer("Léa")
    lea.send_photo(outfit[0])
    lea.say(said).expect(found)


def test_a_caption_may_say_which(photographer: People, outfit: tuple[bytes, list[Part]]) -> None:
    lea = photographer("Léa")
    lea.send_photo(outfit[0], "la veste ‖ the jacket").expect(JACKET).expect_not("Je vois ‖ I see")
    lea.send_photo(outfit[0], "la robe mais moins de 60 euros ‖ the dress but under 60").expect(VISCOSE)
    lea.expect_not("79")


def test_something_else_than_an_answer(photographer: People, outfit: tuple[bytes, list[Part]]) -> None:
    lea = photographer("Léa")
    lea.send_photo(outfit[0])
    lea.say("un sac en cuir ‖ a leather tote").expect("Sac cabas en cuir ‖ Leather tote")
    lea.tap("2 Veste ‖ 2 Jacket").expect(JACKET)  # the buttons are still there


def test_a_button_of_an_older_photo_picks_nothing(
    photographer: People, outfit: tuple[bytes, list[Part]], street_look: bytes
) -> None:
    lea = photographer("Léa")
    lea.send_photo(outfit[0])
    lea.send_photo(street_look)
    lea.tap("2 Veste ‖ 2 Jacket")
    lea.expect("Je n’ai plus cette photo ‖ I no longer have that photo").expect_buttons("Autre photo ‖ Another photo")


def test_photo_and_words_together(photographer: People, street_look: bytes) -> None:
    lea = photographer("Léa")
    lea.send_photo(street_look, "pareil mais moins de 60 euros ‖ same but under 60")
    lea.expect("Robe midi en viscose — 59,00 € ‖ Viscose midi dress — €59.00")


@pytest.mark.parametrize(
    ("shade", "called"),
    [
        ("#232326", "Proche : Veste en jean — 65,00 € ‖ Close: Denim jacket — €65.00"),
        ("#b9303a", "Proche : Veste en jean — 65,00 € ‖ Close: Denim jacket — €65.00"),
        ("#5b7fa6", "Très proche : Veste en jean — 65,00 € ‖ Very close: Denim jacket — €65.00"),  # as the shop dyes it
    ],
)
def test_the_same_in_another_colour_is_not_very_close(photographer: People, shade: str, called: str) -> None:
    photo = io.BytesIO()
    as_customer_photo(draw("denim_jacket", shade, weave="denim"), 2).save(photo, "JPEG")
    photographer("Léa").send_photo(photo.getvalue()).expect(called)


def test_what_words_made_of_a_photo_is_not_compared_with_it(photographer: People) -> None:
    """“Nothing looks like your photo” would be no answer to who asked for something else than it shows."""
    photo = io.BytesIO()
    as_customer_photo(draw("denim_jacket", "#b9303a", weave="denim"), 2).save(photo, "JPEG")
    lea = photographer("Léa")
    lea.send_photo(photo.getvalue())
    lea.say("la même à fleurs ‖ the same but floral").expect(
        "Le plus proche de ce que vous décrivez ‖ The nearest to what you describe"
    )


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
