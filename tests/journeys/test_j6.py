"""J6: paying in the chat; the last unit lost; never twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.dsl import Talk
from vitrine.fixture import build_fixture

PAY, CHANGE = "Payer ‖ Pay", "Modifier ‖ Change"
AT_BELLECOUR = "Retirer à Bellecour ‖ Pick up at Bellecour"

on_pages = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat"], indirect=True)


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


def with_sneakers(talk: Talk) -> Talk:
    """White sneakers, 42, in the cart."""
    talk.say("baskets blanches ‖ white sneakers").tap("Ajouter au panier ‖ Add to cart")
    talk.tap("42").expect("89,90 € ‖ €89.90")
    return talk


@on_pages
def test_the_summary_and_one_order_however_often_it_is_tapped(shop: Shop, person: People) -> None:
    lea = with_sneakers(person("Léa"))
    lea.say("payer ‖ pay").expect("Lyon Bellecour").expect_buttons(AT_BELLECOUR)
    lea.expect_no_button("Retirer à Part-Dieu ‖ Pick up at Part-Dieu", "Livraison ‖ Delivery")
    lea.tap(AT_BELLECOUR)
    if "Passer" in lea.labels or "Skip" in lea.labels:
        lea.tap("Passer ‖ Skip")
    lea.expect("Récapitulatif ‖ Summary", "Baskets blanches, 42 — 89,90 € ‖ White sneakers, 42 — €89.90")
    lea.expect("dont TVA 20 % : 14,98 € ‖ of which 20% tax: €14.98", "Total : 89,90 € ‖ Total: €89.90")
    lea.expect_buttons(PAY, "Payer au magasin ‖ Pay in store", CHANGE)
    lea.tap(PAY).expect("Commande 1001 ‖ Order 1001", "payez 89,90 € ici ‖ pay €89.90 here")
    lea.tap(PAY).expect("Commande 1001 ‖ Order 1001")
    with shop.storage.read() as uow:
        (order,) = uow.orders.find()
        assert (order.total_minor, order.store_id) == (8990, "S1")
        assert len(uow.payments.of_order(order.id)) == 1
