"""`OfferRepository` on both databases: an offer is kept whole, ends once, and is chosen from once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.linking import CustomerMerge
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, put_people
from tests.contracts.storage_values import LEA, NOW, euros, put_stock

REF = PickUpRef(PickUpKind.RESERVATION, "r1")


@pytest.fixture
def offer(storage: Storage) -> Offer:
    """Two things in another store, or one by parcel: all of it held."""
    put_people(storage)
    a, b = put_stock(storage, {"36": 9, "38": 9}, ("bellecour", "web"))

    def work(uow: UnitOfWork) -> Offer:
        lines = {}
        for store_id in ("bellecour", "web"):
            taken = uow.stock.take(f"h-{store_id}", [(a, 1), (b, 2)], store_id, LEA_PERSON.id, NOW + HOUR, NOW)
            assert taken
            lines[store_id] = tuple(OfferLine(h.variant_id, h.quantity, euros(7900), h.id) for h in taken)
        made = Offer(
            "o1",
            LEA_PERSON.id,
            LEA,
            REF,
            (
                OfferChoice(0, ChoiceKind.OTHER_STORE, "bellecour", lines["bellecour"]),
                OfferChoice(1, ChoiceKind.SHIPPED, "web", lines["web"]),
            ),
            OfferState.OPEN,
            NOW,
            NOW + HOUR / 4,
        )
        uow.offers.add(made)
        return made

    return storage.write(work)


def test_an_offer_is_kept_whole(storage: Storage, offer: Offer) -> None:
    with storage.read() as uow:
        assert uow.offers.get("o1") == offer
        assert uow.offers.get("o2") is None
        assert uow.offers.open_of(LEA_PERSON.id) == [offer]
        assert uow.offers.open_of(SAM_PERSON.id) == []
        assert uow.offers.open_instead_of(REF) == offer
        assert uow.offers.open_instead_of(PickUpRef(PickUpKind.ORDER, "r1")) is None
    assert offer.choices[0].total == euros(3 * 7900)


def test_an_offer_ends_once(storage: Storage, offer: Offer) -> None:
    def end(n: int) -> bool:
        state = OfferState.DECLINED if n % 2 else OfferState.TAKEN
        return storage.write(lambda uow: uow.offers.end("o1", state, None if n % 2 else 1))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(end, range(8))) == 1
    with storage.read() as uow:
        assert uow.offers.open_of(LEA_PERSON.id) == []
        assert uow.offers.open_instead_of(REF) is None
        ended = uow.offers.get("o1")
    assert ended is not None
    assert ended.taken == (1 if ended.state is OfferState.TAKEN else None)
    assert not storage.write(lambda uow: uow.offers.choose("o1", 0))


def test_an_offer_is_locked_while_it_is_open(storage: Storage, offer: Offer) -> None:
    assert storage.write(lambda uow: uow.offers.lock("o1"))
    assert not storage.write(lambda uow: uow.offers.lock("o2"))
    storage.write(lambda uow: uow.offers.end("o1", OfferState.DECLINED))
    assert not storage.write(lambda uow: uow.offers.lock("o1"))


def test_a_choice_is_made_once_and_stays(storage: Storage, offer: Offer) -> None:
    with ThreadPoolExecutor(8) as pool:
        chosen = list(pool.map(lambda n: storage.write(lambda uow: uow.offers.choose("o1", n % 2)), range(8)))
    assert sum(chosen) == 1
    with storage.read() as uow:
        open_still = uow.offers.get("o1")
    assert open_still is not None and open_still.is_open and open_still.chosen in offer.choices
    assert storage.write(lambda uow: uow.offers.end("o1", OfferState.EXPIRED))
    with storage.read() as uow:
        assert uow.offers.get("o1") == replace(open_still, state=OfferState.EXPIRED)


def test_those_whose_time_is_over_come_oldest_first(storage: Storage, offer: Offer) -> None:
    storage.write(
        lambda uow: uow.offers.add(replace(offer, id="o2", choices=offer.choices[:1], expires_at=NOW + HOUR / 8))
    )
    with storage.read() as uow:
        assert uow.offers.due(NOW, 9) == []
        assert [each.id for each in uow.offers.due(NOW + HOUR / 4, 9)] == ["o2", "o1"]
        assert [each.id for each in uow.offers.due(NOW + HOUR / 4, 1)] == ["o2"]
    storage.write(lambda uow: uow.offers.end("o2", OfferState.EXPIRED))
    with storage.read() as uow:
        assert [each.id for each in uow.offers.due(NOW + HOUR, 9)] == ["o1"]


def test_offers_follow_their_customer(storage: Storage, offer: Offer) -> None:
    moved = storage.write(lambda uow: uow.links.join(SAM_PERSON.id, LEA_PERSON.id))
    with storage.read() as uow:
        assert [each.id for each in uow.offers.open_of(SAM_PERSON.id)] == ["o1"]
    merge = CustomerMerge("m1", SAM_PERSON.id, LEA_PERSON.id, NOW, moved)
    storage.write(lambda uow: uow.links.part(merge))
    with storage.read() as uow:
        assert [each.id for each in uow.offers.open_of(LEA_PERSON.id)] == ["o1"]
