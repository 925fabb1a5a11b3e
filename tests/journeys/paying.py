"""Paying in the chat: what the shopper and the counter do, what is said to them, and what came of it."""

from __future__ import annotations

from typing import cast

from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import Counted, StockEntry
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.journeys.drivers.telegram import TelegramDriver
from tests.journeys.dsl import Talk
from vitrine.standins.telegram import Payment

PAY, LINK, CHANGE = "Payer ‖ Pay", "Lien de paiement ‖ Payment link", "Modifier ‖ Change"
IN_STORE, SKIP = "Payer au magasin ‖ Pay in store", "Passer ‖ Skip"
AT_BELLECOUR, AT_PART_DIEU = (
    "Retirer à Bellecour ‖ Pick up at Bellecour",
    "Retirer à Part-Dieu ‖ Pick up at Part-Dieu",
)
SUMMARY = "Récapitulatif ‖ Summary"
SNEAKERS = "Baskets blanches, 42 — 89,90 € ‖ White sneakers, 42 — €89.90"
JUST_SOLD = (
    "La dernière paire vient d’être vendue. Rien n’a été débité."
    " ‖ The last pair was just sold. You have not been charged."
)
NADIA = "staff:nadia"
PAIR = "P3-white-42"

HELD = "Commande 1001 : tout vous est réservé jusqu’à ‖ Order 1001: everything is held for you until"
ABOVE = "Sa facture est plus haut, dans cette conversation. ‖ Its invoice is above, in this chat."


def with_sneakers(talk: Talk) -> Talk:
    """White sneakers, 42, in the cart."""
    talk.say("baskets blanches ‖ white sneakers").tap("Ajouter au panier ‖ Add to cart")
    return talk.tap("42").expect("89,90 € ‖ €89.90")


def to_the_summary(talk: Talk, where: str = AT_BELLECOUR) -> Talk:
    """« payer », collected there; whoever writes from a page is asked how else they can be reached."""
    talk.say("payer ‖ pay").tap(where)
    if talk.of(SKIP) in talk.labels:
        talk.tap(SKIP)
    return talk.expect(SUMMARY)


def invoices(talk: Talk) -> list[dict[str, object]]:
    """All that were sent to this person."""
    screen = cast(TelegramDriver, talk.driver).person.screen
    return [shown.raw["invoice"] for shown in screen if "invoice" in shown.raw]


def pay(talk: Talk) -> Payment:
    """Pays the newest invoice in Telegram."""
    payment = cast(TelegramDriver, talk.driver).pay()
    talk.wait()
    return payment


def collected_at_bellecour(shop: Shop, uow: UnitOfWork, talk: Talk) -> None:
    """What the page knows already: collected at S1."""
    customer = uow.customers.by_contact(cast(TelegramDriver, talk.driver).contact)
    assert customer is not None
    shop.carts.set_draft(uow, customer.id, CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1"))


def counter(shop: Shop, reason: MovementReason, quantity: int, reference: str, *, override: bool = False) -> None:
    """Nadia at the counter of S1: a pair is sold, or comes in."""
    entry = StockEntry(reason, PAIR, "S1", quantity, reference, override=override)
    done = shop.storage.write(lambda uow: shop.stocktaking.enter(uow, entry, actor=NADIA))
    assert isinstance(done, Counted), done


def orders(shop: Shop) -> list[Order]:
    with shop.storage.read() as uow:
        return uow.orders.find()


def movements(shop: Shop, reason: MovementReason) -> int:
    with shop.storage.read() as uow:
        found = shop.stocktaking.movements(uow, PAIR, "S1")
    assert isinstance(found, list)
    return sum(movement.reason is reason for movement in found)


def set_price(shop: Shop, minor: int) -> None:
    def work(uow: UnitOfWork) -> None:
        found = uow.products.by_sku(PAIR)
        assert found is not None
        assert uow.products.set_price(found[1].id, Money(minor, "EUR"), None, shop.clock.now())

    shop.storage.write(work)
