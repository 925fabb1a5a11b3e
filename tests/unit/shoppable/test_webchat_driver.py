"""The journey from a slip to a reservation over the HTTP API, in both languages."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.channels import build_channels
from bot.worker import Worker
from commerce.wiring import Shop
from tests.journeys.drivers.webchat import WebChatDriver
from tests.journeys.dsl import Talk


@pytest.mark.parametrize("language", ["fr", "en"])
def test_search_size_store_reserve(shop: Shop, app: Flask, language: str) -> None:
    worker = Worker(shop, build_channels(shop.settings, shop.media).values())

    def to_the_stores() -> Talk:
        talk = Talk(WebChatDriver(shop, app, worker, language=language), language)
        talk.say("robe lain bleu marine ‖ linnen dress navy")
        talk.expect("J’ai cherché « robe lin bleu marine ». ‖ Showing “linen dress navy”.")
        talk.expect("Robe midi en lin — 79,00 € ‖ Linen midi dress — €79.00")
        talk.tap("Choisir ma taille ‖ Choose size").tap("38").tap("Oui ‖ Yes").tap("Voir en magasin ‖ Find in store")
        return talk.expect_location_request().share_location(45.76, 4.84)

    lea = to_the_stores()
    lea.expect("1. Lyon Bellecour — 0,7 km — dernier ‖ 1. Lyon Bellecour — 0.7 km — last one")
    lea.tap("Réserver à Bellecour ‖ Reserve at Bellecour")
    lea.expect("Réservé sans paiement ‖ Held, nothing to pay", "Code ").expect_picture()
    sam = to_the_stores()
    sam.expect("1. Lyon Part-Dieu").expect_not("Bellecour")
