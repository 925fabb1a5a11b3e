"""Checkout and the stores: a counter that sells what is about to be paid, safety stock, pauses, and a till's own count.

On both databases, through the services that shoppers and providers reach.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.money import Money
from commerce.domain.order import NotApproved, NotOrdered, Order, OrderRefused, OrderState
from commerce.domain.payment import Placed, RefundReason
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import Counted, NotCounted, StockEntry
from commerce.ids import SeededIds
from commerce.payments.till_counts import TILLS
from commerce.ports import ReservationRules
from commerce.services.alternatives import Alternatives
from commerce.services.giving_way import GivingWay
from commerce.services.pausing import Pausing
from commerce.services.stocktaking import Stocktaking
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.contracts.payment_cases import SQUARE_KEYS
from tests.unit.services.till import LEA, SAM, Till
from vitrine.fixture import build_fixture
from vitrine.standins.square import SquareStandIn


@pytest.fixture
def taking(till: Till) -> Stocktaking:
    rules, ids = ReservationRules(None, timedelta(), 5), SeededIds(seed=70)
    alternatives = Alternatives(till.clock, ids, rules, timedelta(minutes=15), ships=True)
    giving_way = GivingWay(till.clock, till.reserving, alternatives, {"pay_in_store"})
    return Stocktaking(till.clock, ids, giving_way, TILLS)


@pytest.fixture
def pausing(till: Till) -> Pausing:
    return Pausing(till.storage, till.clock)


def sell(till: Till, taking: Stocktaking, reference: str, *, size: str = "38", override: bool = True):
    entry = StockEntry(MovementReason.SALE, f"P1-{size}", "S1", 1, reference, override=override)
    return till.storage.write(lambda uow: taking.enter(uow, entry, actor="staff:nadia"))


def precheck(till: Till, placed: Placed) -> Order | Refused[NotApproved]:
    amount = Money(placed.order.total_minor, "EUR")
    return till.storage.write(lambda uow: till.selling.checkout.precheck(uow, placed.attempt.id, amount))


def test_the_last_pair_is_sold_while_its_invoice_is_open(till: Till, taking: Stocktaking):
    placed = till.begun()
    till.news()
    assert sell(till, taking, "t1", override=False) == Refused(NotCounted.HELD_ONLINE)
    sold = sell(till, taking, "t1")
    assert isinstance(sold, Counted) and [each.order_id for each in sold.lost] == [placed.order.id]
    assert precheck(till, placed) == Refused(NotApproved.SOLD_OUT)
    ((kind, facts),) = till.news()
    assert kind == "order_lost" and facts.pop("offer_id")
    assert facts == {"order_id": placed.order.id, "variant_id": till.variants["38"]}
    assert till.stock("38") == (0, 0)
    assert till.wrong() == []
    # One comes back, and the same invoice may be paid after all.
    till.set_stock("38", 1)
    assert isinstance(precheck(till, placed), Order)
    till.pay(placed)
    till.hear()
    assert till.order(placed).state is OrderState.PAID
    assert till.stock("38") == (0, 0)
    assert sell(till, taking, "t2") == Refused(NotCounted.NOT_THAT_MANY)
    assert till.wrong() == []


def test_money_that_comes_for_what_the_counter_has_sold_goes_back(till: Till, taking: Stocktaking):
    placed = till.begun()
    assert isinstance(sell(till, taking, "t1"), Counted)
    till.pay(placed)  # on the provider's own page, which asks nobody
    till.hear()
    assert till.order(placed).state is OrderState.PAID_UNFULFILLABLE
    assert [refund.reason for refund in till.refunds(placed)] == [RefundReason.UNFULFILLABLE]
    till.later(seconds=1, ticks=2)
    assert till.order(placed).state is OrderState.REFUNDED
    assert till.stock("38") == (0, 0)
    assert till.wrong() == []


def test_an_order_to_be_paid_at_the_counter_gives_way_with_all_it_holds(till: Till, taking: Stocktaking):
    till.fill({"38": 1, "36": 2}, provider="pay_in_store")
    placed = till.place()
    assert till.order(placed).state is OrderState.PLACED
    assert isinstance(sell(till, taking, "t1"), Counted)
    assert till.order(placed).state is OrderState.CANCELLED
    assert (till.stock("38"), till.stock("36")) == ((0, 0), (4, 0))
    assert "order_lost" in till.kinds_of_news()
    assert till.wrong() == []


def test_what_is_paid_is_sold_and_no_longer_on_the_shelf(till: Till, taking: Stocktaking):
    till.paid()
    assert till.stock("38") == (0, 0)
    assert sell(till, taking, "t1") == Refused(NotCounted.NOT_THAT_MANY)


def test_safety_stock_is_offered_by_no_checkout(till: Till, taking: Stocktaking):
    till.storage.write(lambda uow: taking.set_safety(uow, "P1-38", "S1", 1, actor="staff:nadia"))
    till.fill()
    quote = till.quote()
    assert (quote.lines[0].available, quote.can_be_ordered) == (0, False)
    assert NotOrdered.SOLD_OUT in quote.missing
    refused = till.try_place()
    assert isinstance(refused, OrderRefused) and refused.reason is NotOrdered.SOLD_OUT
    till.fill(pickup="S2")
    assert isinstance(till.try_place(), Placed)


def test_safety_stock_never_takes_what_is_held_already(till: Till, taking: Stocktaking):
    placed = till.begun()
    till.storage.write(lambda uow: taking.set_safety(uow, "P1-38", "S1", 5, actor="staff:nadia"))
    assert isinstance(precheck(till, placed), Order)
    till.pay(placed)
    till.hear()
    assert till.order(placed).state is OrderState.PAID
    assert till.wrong() == []


def test_a_paused_store_takes_no_order_and_approves_no_payment(till: Till, pausing: Pausing):
    placed = till.begun(contact=SAM, lines={"36": 1})
    until = till.clock.now() + timedelta(minutes=10)
    till.storage.write(lambda uow: pausing.pause(uow, "S1", until, "livraison", actor="staff:nadia"))
    till.fill()
    refused = till.try_place()
    assert refused == OrderRefused(NotOrdered.STORE_PAUSED, resumes_at=until)
    assert precheck(till, placed) == Refused(NotApproved.STORE_PAUSED)
    till.fill(pickup="S2", contact=LEA)
    assert isinstance(till.try_place(), Placed)
    till.clock.advance(timedelta(minutes=10))
    assert isinstance(precheck(till, placed), Order)


def test_a_count_of_square_comes_through_its_own_door_once(tmp_path: Path, clock: ManualClock):
    with SquareStandIn(clock=clock) as standin:
        settings = load_settings(
            data_dir=tmp_path / "shop", encoder="none", secret_key="s" * 32, square_token=standin.token,
            square_signature_key=",".join(SQUARE_KEYS), square_api_url=standin.url, square_location=standin.location,
        )  # fmt: skip
        with build_shop(settings, clock=clock) as shop:
            build_fixture(shop, pictures=False)
            url = f"{settings.base_url}/hooks/square"

            def tell(units: str) -> tuple[int, bool]:
                standin.count("W62UWFY35CWMYGVWK6TWJDNI", units)
                (event,) = standin.take_events()
                body = json.dumps(event).encode()
                headers = {name.lower(): value for name, value in standin.signed(body, SQUARE_KEYS[0], url).items()}
                first = shop.paying.receive("square", body, headers, url)
                again = shop.paying.receive("square", body, headers, url)
                assert not again.is_new
                return first.status, first.is_new

            def names(uow) -> None:
                uow.stock_records.name_till("square", "item", [("W62UWFY35CWMYGVWK6TWJDNI", "P2-blue-m")])
                uow.stock_records.name_till("square", "store", [(standin.location, "S1")])

            shop.storage.write(names)
            assert tell("2") == (200, True)
            assert on_hand(shop) == 2
            with shop.storage.read() as uow:
                moved = shop.stocktaking.movements(uow, "P2-blue-m", "S1")
            assert isinstance(moved, list) and moved[0].actor == "till:square"
            clock.advance(timedelta(seconds=1))
            assert tell("0") == (200, True)
            assert on_hand(shop) == 0


def on_hand(shop: Shop) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku("P2-blue-m")
        assert found is not None
        (level,) = uow.stock.levels([found[1].id], "S1")
    return level.on_hand
