"""Offers and waits at once: fifty threads take, decline, let expire, sell and wait for the same few units, on both
databases. Whatever happens, what is held is what is promised (`vitrine doctor`), and an offer ends once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason
from commerce.domain.customer import Contact
from commerce.domain.offering import Offer, OfferState
from commerce.domain.reservation import Reservation
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.domain.waiting import StockWaiter
from commerce.errors import StorageBusy
from commerce.ids import RandomIds
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.rejecting import Rejected
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.doctor import check
from vitrine.fixture import build_fixture

PEOPLE, THREADS, ACTS = 24, 50, 400
SHARES = {"take": 8, "decline": 2, "expire": 2, "sell": 6, "back": 3, "wait": 3, "take waited": 3}
DRESS, VISCOSE = "P1-navy-38", "P6-navy-38"
PLACES = [(DRESS, "S2"), (DRESS, "WEB"), (VISCOSE, "S1"), (DRESS, "S1")]


@pytest.fixture
def shop(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Shop]:
    settings = load_settings(
        data_dir=tmp_path / "shop", encoder="none", secret_key="s" * 32, database_url=database_url, max_waits=50
    )
    with build_shop(settings, clock=clock, ids=RandomIds()) as shop:
        build_fixture(shop, pictures=False)
        yield shop


def variant(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[1].id


def rejected(shop: Shop, number: int) -> tuple[str, Offer | None]:
    """Somebody reserved a dress at Bellecour, and it is not served: the customer and what they are offered."""
    contact, dress = Contact("telegram", "shop", f"{number}"), variant(shop, DRESS)
    customer_id = shop.storage.write(lambda uow: shop.customers.recognise(uow, contact, language="fr")).id
    made = shop.storage.write(
        lambda uow: shop.reserving.place(
            uow, customer_id=customer_id, contact=contact, store_id="S1", lines=[(dress, 1)]
        )
    )
    assert isinstance(made, Reservation)
    ref = PickUpRef(PickUpKind.RESERVATION, made.id)
    alike = shop.offering.look_alikes(ref)
    done = write_again(
        shop.storage,
        lambda uow: shop.offering.reject(uow, ref, RejectReason.OTHER, alike=alike, actor="staff:nadia"),
    )
    assert isinstance(done, Rejected)
    return customer_id, done.offer


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_held_is_what_is_promised_whatever_happens(shop: Shop, clock: ManualClock, seed: int) -> None:
    def fill(uow: UnitOfWork) -> None:
        for sku, store_id in PLACES:
            found = uow.products.by_sku(sku)
            assert found is not None
            uow.stock.set_on_hand(found[1].id, store_id, PEOPLE, MovementReason.COUNT, clock.now())

    shop.storage.write(fill)
    with ThreadPoolExecutor(8) as pool:
        cases = list(pool.map(lambda number: rejected(shop, number), range(PEOPLE)))
    offers = [(customer_id, offer) for customer_id, offer in cases if offer is not None]
    assert len(offers) == PEOPLE
    dress = variant(shop, DRESS)
    waited: list[tuple[str, str]] = []
    answers: Counter[str] = Counter()

    def act(number: int) -> None:
        dice = random.Random(f"{seed}-{number}")
        customer_id, offer = dice.choice(offers)
        match dice.choices(list(SHARES), list(SHARES.values()))[0]:
            case "take":
                position = dice.choice(offer.choices).position
                done = write_again(shop.storage, lambda uow: shop.offering.take(uow, offer.id, position, customer_id))
                answers[type(done).__name__] += 1
            case "decline":
                write_again(shop.storage, lambda uow: shop.offering.decline(uow, offer.id, customer_id))
            case "expire":
                clock.advance(timedelta(seconds=20))
                shop.offering.expire_due()
                shop.waiting.tick()
            case "sell":
                sku, store_id = dice.choice(PLACES)
                units = dice.randint(1, 3)
                entry = StockEntry(MovementReason.SALE, sku, store_id, units, f"s{seed}-{number}", override=True)
                write_again(shop.storage, lambda uow: shop.stocktaking.enter(uow, entry, actor="till:1"))
            case "back":
                sku, store_id = dice.choice(PLACES)
                entry = StockEntry(MovementReason.RETURN, sku, store_id, 1, f"r{seed}-{number}")
                write_again(shop.storage, lambda uow: shop.stocktaking.enter(uow, entry, actor="till:1"))
            case "wait":
                contact = offer.contact
                waiter = write_again(
                    shop.storage,
                    lambda uow: shop.waiting.wait(
                        uow, customer_id=customer_id, contact=contact, variant_id=dress, store_id="S2"
                    ),
                )
                if isinstance(waiter, StockWaiter):
                    waited.append((customer_id, waiter.id))
            case "take waited" if waited:
                owner, waiter_id = dice.choice(waited)
                write_again(shop.storage, lambda uow: shop.waiting.take(uow, waiter_id, owner))

    def act_again(number: int) -> None:
        """Whoever meets a database that is too busy tries again, as a worker does."""
        for _ in range(20):
            try:
                return act(number)
            except StorageBusy:
                answers["busy"] += 1
        raise AssertionError("never a turn")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(act_again, range(ACTS)))
    assert answers["Taken"] > 0
    assert broken(shop, clock) == []
    clock.advance(timedelta(minutes=16))  # and when everything that was not taken is over
    shop.offering.expire_due()
    shop.waiting.tick()
    assert broken(shop, clock) == []
    with shop.storage.read() as uow:
        ended = [found for _, offer in offers if (found := uow.offers.get(offer.id))]
        assert all(not offer.is_open for offer in ended)
        for offer in ended:
            reserved = uow.reservations.get(offer.id)
            chosen = offer.chosen
            is_store = chosen is not None and chosen.store_id != "WEB"
            assert (reserved is not None) == (offer.state is OfferState.TAKEN and is_store)
        held = [
            each
            for sku, store_id in PLACES
            for each in uow.stock_records.held_for(variant(shop, sku), store_id)
            if each.offer_id
        ]
    assert held == []


def broken(shop: Shop, clock: ManualClock) -> list[str]:
    """Mail waits for nobody here: it is not sent."""
    findings = check(shop.storage, clock.now())
    return [f"{each.name}: {each.detail}" for each in findings if not each.ok and each.name != "no message is stuck"]
