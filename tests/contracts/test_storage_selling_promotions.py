"""Promotions on both databases: used as often as they may be, and given back with their order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.ports import Storage
from tests.contracts.selling_values import HOUR, LEA_PERSON, an_order, put_order
from tests.contracts.storage_values import NOW

MARS = Promotion(
    "MARS10", PromotionKind.PERCENT, 1000, "EUR", min_subtotal_minor=5000, starts_at=NOW, ends_at=NOW + HOUR, max_uses=3
)


def test_a_promotion_keeps_its_uses(storage: Storage, order: Order) -> None:
    free = Promotion("LIVRAISON", PromotionKind.FREE_DELIVERY, 0, "EUR", once_per_customer=True, active=False)
    for new in (MARS, free):
        storage.write(lambda uow, new=new: uow.promotions.put(new))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == MARS
        assert uow.promotions.get("AVRIL") is None
        assert uow.promotions.all() == [free, MARS]
    assert storage.write(lambda uow: uow.promotions.use("MARS10", "o1", LEA_PERSON.id, once_per_customer=False))
    changed = replace(MARS, value=1500, starts_at=None, max_uses=2, uses=99)
    storage.write(lambda uow: uow.promotions.put(changed))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(changed, uses=1)


def test_a_promotion_whose_limit_falls_below_its_uses_is_used_up(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(MARS))
    for n in range(2):
        put_order(storage, variants, f"o{n}")
        storage.write(lambda uow, n=n: uow.promotions.use("MARS10", f"o{n}", LEA_PERSON.id, once_per_customer=False))
    storage.write(lambda uow: uow.promotions.put(replace(MARS, max_uses=1)))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, max_uses=2, uses=2)


def test_a_promotion_is_not_used_more_often_than_it_may(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(MARS))
    for n in range(8):
        put_order(storage, variants, f"o{n}")

    def use(n: int) -> bool:
        return storage.write(lambda uow: uow.promotions.use("MARS10", f"o{n}", f"person {n}", once_per_customer=True))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 3
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, uses=3)
        used = [n for n in range(8) if uow.promotions.used_by("MARS10", f"person {n}")]
    assert len(used) == 3
    for _ in range(2):  # twice: the second time there is nothing to give back
        storage.write(lambda uow: uow.promotions.give_back(f"o{used[0]}"))
    with storage.read() as uow:
        assert uow.promotions.get("MARS10") == replace(MARS, uses=2)
        assert not uow.promotions.used_by("MARS10", f"person {used[0]}")
    assert not storage.write(lambda uow: uow.promotions.use("AVRIL", "o1", "somebody", once_per_customer=False))


def test_one_customer_uses_it_once_from_many_doors(storage: Storage, variants: list[int]) -> None:
    storage.write(lambda uow: uow.promotions.put(replace(MARS, max_uses=0, once_per_customer=True)))
    for n in range(8):
        put_order(storage, variants, f"o{n}")

    def use(n: int) -> bool:
        return storage.write(lambda uow: uow.promotions.use("MARS10", f"o{n}", LEA_PERSON.id, once_per_customer=True))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1
    with storage.read() as uow:
        found = uow.promotions.get("MARS10")
    assert found is not None
    assert found.uses == 1


def test_an_order_and_its_promotion_end_together(storage: Storage, order: Order) -> None:
    """The whole of an expiry in one transaction, undone as a whole."""
    storage.write(lambda uow: uow.promotions.put(MARS))
    storage.write(lambda uow: uow.promotions.use("MARS10", "o1", LEA_PERSON.id, once_per_customer=True))
    event = OrderEvent(NOW, OrderState.PENDING_PAYMENT, OrderState.EXPIRED, "clock")

    def expire(fails: bool) -> None:
        def work(uow: object) -> None:
            uow.promotions.give_back("o1")  # type: ignore[attr-defined]
            uow.orders.move(order, OrderState.EXPIRED, event)  # type: ignore[attr-defined]
            if fails:
                raise RuntimeError("no")

        storage.write(work)

    with pytest.raises(RuntimeError):
        expire(True)
    with storage.read() as uow:
        assert uow.promotions.used_by("MARS10", LEA_PERSON.id)
        assert uow.orders.get("o1") == order
    expire(False)
    with storage.read() as uow:
        assert not uow.promotions.used_by("MARS10", LEA_PERSON.id)


def test_an_order_of_unknown_variants_is_not_stored(storage: Storage, variants: list[int]) -> None:
    with pytest.raises(IntegrityError):
        put_order(storage, [999])
    with storage.read() as uow:
        assert uow.orders.get("o1") is None
    assert put_order(storage, variants, order=an_order(variants)).id == "o1"
