"""Two customers made one and two again, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.customer import Consent, Contact, Customer, FitMemory, Purpose
from commerce.domain.linking import CustomerMerge, LinkToken, TokenPurpose
from commerce.domain.lookbook import Did, ReadingEvent
from commerce.domain.promotion import Promotion, PromotionKind
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.domain.returns import ReturnKind, ReturnLine, ReturnReason, ReturnRequest, ReturnState, ReturnWay
from commerce.errors import StaleVersion
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, an_order, put_order, put_people
from tests.contracts.storage_values import LEA, NOW, SAM, euros, put_stock

TOKEN = LinkToken("f" * 64, TokenPurpose.CART, LEA_PERSON.id, LEA, "catalogue:spring:4", NOW, NOW + HOUR)


@pytest.fixture
def people(storage: Storage) -> None:
    put_people(storage)


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_a_token_is_used_once_and_in_time(storage: Storage, people: None) -> None:
    late = replace(TOKEN, digest="e" * 64)
    for token in (TOKEN, late):
        storage.write(lambda uow, token=token: uow.links.add_token(token))
    with storage.read() as uow:
        assert uow.links.token(TOKEN.digest) == TOKEN
        assert uow.links.token("0" * 64) is None

    def use(_: int) -> bool:
        return storage.write(lambda uow: uow.links.use_token(TOKEN.digest, NOW + HOUR / 2))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1
    with storage.read() as uow:
        assert uow.links.token(TOKEN.digest) == replace(TOKEN, used_at=NOW + HOUR / 2)
    assert not storage.write(lambda uow: uow.links.use_token(late.digest, NOW + HOUR))
    assert not storage.write(lambda uow: uow.links.use_token("0" * 64, NOW))


def test_tokens_are_remembered_for_a_while_after_their_end(storage: Storage, people: None) -> None:
    storage.write(lambda uow: uow.links.add_token(TOKEN))
    storage.write(lambda uow: uow.links.add_token(replace(TOKEN, digest="e" * 64, expires_at=NOW + 2 * HOUR)))
    assert storage.write(lambda uow: uow.links.sweep(NOW + timedelta(days=30))) == 0
    assert storage.write(lambda uow: uow.links.sweep(NOW + HOUR + timedelta(days=30))) == 1
    with storage.read() as uow:
        assert uow.links.token(TOKEN.digest) is None
        assert uow.links.token("e" * 64) is not None


# --- joining and parting --------------------------------------------------------------------------------------------


def a_consent(customer: Customer, purpose: Purpose, granted: bool = True) -> Consent:
    return Consent(customer.id, purpose, "telegram", granted, "Je retiens votre taille ?", "fr", "button", NOW)


@pytest.fixture
def belongings(storage: Storage, people: None) -> None:
    """Sam has one of everything; Léa has an order, and knows her size in letters."""
    variants = put_stock(storage, {"36": 9, "38": 9})
    put_order(storage, variants, order=an_order(variants, "of Lea"))
    put_order(storage, variants, order=an_order(variants, "of Sam", SAM_PERSON), contact=SAM)

    def work(uow: UnitOfWork) -> None:
        holds = uow.stock.take("h1", [(variants[0], 1)], "bellecour", "r", NOW + HOUR, NOW)
        assert holds is not None
        line = ReservationLine(variants[0], 1, euros(7900), "h1")
        reservation = Reservation(
            "r1", "KLM-234", SAM_PERSON.id, "bellecour", ReservationState.HELD, (line,), NOW, NOW + HOUR, 0, 1, "web"
        )
        uow.reservations.add(reservation, SAM, ReservationEvent(NOW, None, ReservationState.HELD, "shopper"))
        uow.returns.add(
            ReturnRequest(
                "b1",
                "of Sam",
                SAM_PERSON.id,
                ReturnKind.RETURN,
                ReturnState.REQUESTED,
                ReturnReason.TOO_LARGE,
                ReturnWay.STORE,
                "QRS-567",
                (ReturnLine(0, 1),),
                NOW,
            )
        )
        uow.promotions.put(Promotion("MARS10", PromotionKind.PERCENT, 1000, "EUR"))
        uow.promotions.use("MARS10", "of Sam", SAM_PERSON.id, once_per_customer=True)
        for memory in (
            FitMemory(LEA_PERSON.id, "letters", "M", NOW),
            FitMemory(SAM_PERSON.id, "letters", "XL", NOW),
            FitMemory(SAM_PERSON.id, "eu_shoes", "44", NOW),
        ):
            uow.customers.remember_fit(memory)
        uow.customers.add_consent(a_consent(LEA_PERSON, Purpose.MARKETING, granted=False))
        uow.customers.add_consent(a_consent(SAM_PERSON, Purpose.MARKETING))
        uow.customers.add_consent(a_consent(SAM_PERSON, Purpose.REMEMBER_SIZES))
        uow.carts.create("of Sam", SAM_PERSON.id, NOW)

    storage.write(work)


def possessions(storage: Storage, customer: Customer) -> dict[str, object]:
    with storage.read() as uow:
        return {
            "contacts": uow.customers.contacts(customer.id),
            "orders": sorted(order.id for order in uow.orders.of_customer(customer.id)),
            "reservations": [found.id for found in uow.reservations.of_customer(customer.id, only_open=False)],
            "returns": [found.id for found in uow.returns.of_customer(customer.id)],
            "used": uow.promotions.used_by("MARS10", customer.id),
            "sizes": {system: memory.size for system, memory in uow.customers.fit(customer.id).items()},
            "marketing": _granted(uow, customer, Purpose.MARKETING),
            "memory": _granted(uow, customer, Purpose.REMEMBER_SIZES),
            "cart": uow.carts.of_customer(customer.id) is not None,
        }


def _granted(uow: UnitOfWork, customer: Customer, purpose: Purpose) -> bool | None:
    answer = uow.customers.consent(customer.id, purpose)
    return None if answer is None else answer.granted


def joined(storage: Storage, kept: Customer = LEA_PERSON, other: Customer = SAM_PERSON, at: int = 0) -> CustomerMerge:
    def work(uow: UnitOfWork) -> CustomerMerge:
        moved = uow.links.join(kept.id, other.id)
        merge = CustomerMerge(f"m{at}{kept.id[0]}{other.id[0]}", kept.id, other.id, NOW + at * HOUR, moved)
        uow.links.add_merge(merge)
        return merge

    return storage.write(work)


def test_two_become_one_and_two_again(storage: Storage, belongings: None) -> None:
    lea, sam = possessions(storage, LEA_PERSON), possessions(storage, SAM_PERSON)
    merge = joined(storage)
    assert possessions(storage, LEA_PERSON) == {
        "contacts": [LEA, SAM],
        "orders": ["of Lea", "of Sam"],
        "reservations": ["r1"],
        "returns": ["b1"],
        "used": True,
        "sizes": {"letters": "M", "eu_shoes": "44"},  # what she knew herself counts
        "marketing": False,  # what she said herself counts
        "memory": True,
        "cart": False,
    }
    assert possessions(storage, SAM_PERSON) == {
        "contacts": [], "orders": [], "reservations": [], "returns": [], "used": False, "sizes": {"letters": "XL"},
        "marketing": True, "memory": None, "cart": True,
    }  # fmt: skip
    with storage.read() as uow:
        assert uow.customers.by_contact(SAM) == LEA_PERSON
        assert uow.customers.get(SAM_PERSON.id) == LEA_PERSON
        assert uow.links.merges_of(LEA_PERSON.id) == [merge]
        assert uow.links.merge(merge.id) == merge
        assert uow.links.merge("m9") is None

    # What came after the link stays where it is.
    def work(uow: UnitOfWork) -> None:
        uow.customers.remember_fit(FitMemory(LEA_PERSON.id, "waist", "30", NOW))

    storage.write(work)
    storage.write(lambda uow: uow.links.part(merge))
    assert possessions(storage, LEA_PERSON) == {**lea, "sizes": {"letters": "M", "waist": "30"}}
    assert possessions(storage, SAM_PERSON) == sam
    with storage.read() as uow:
        assert uow.customers.by_contact(SAM) == SAM_PERSON
        assert uow.customers.get(SAM_PERSON.id) == SAM_PERSON


def test_sizes_do_not_go_to_somebody_who_wants_none_remembered(storage: Storage, belongings: None) -> None:
    storage.write(lambda uow: uow.customers.forget_fit(LEA_PERSON.id))
    storage.write(lambda uow: uow.customers.add_consent(a_consent(LEA_PERSON, Purpose.REMEMBER_SIZES, granted=False)))
    joined(storage)
    assert possessions(storage, LEA_PERSON)["sizes"] == {}
    assert possessions(storage, SAM_PERSON)["sizes"] == {"letters": "XL", "eu_shoes": "44"}


def test_a_link_is_undone_once(storage: Storage, belongings: None) -> None:
    merge = joined(storage)

    def undo(_: int) -> bool:
        return storage.write(lambda uow: uow.links.undone(merge.id, NOW + HOUR))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(undo, range(8))) == 1
    with storage.read() as uow:
        assert uow.links.merges_of(LEA_PERSON.id) == []
        assert uow.links.merge(merge.id) == replace(merge, undone_at=NOW + HOUR)


def test_two_that_link_each_other_at_once_are_linked_once(storage: Storage, belongings: None) -> None:
    def link(n: int) -> bool:
        pair = (LEA_PERSON, SAM_PERSON) if n % 2 else (SAM_PERSON, LEA_PERSON)
        try:
            joined(storage, *pair, at=n)
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(link, range(8))) == 1
    with storage.read() as uow:
        assert uow.customers.by_contact(LEA) == uow.customers.by_contact(SAM)


def test_links_are_undone_in_the_reverse_order(storage: Storage, belongings: None) -> None:
    nadia, by_mail = Customer("a" * 32, "Nadia", "fr", NOW), Contact("email", "shop", "nadia@example.org")
    storage.write(lambda uow: uow.customers.add(nadia, by_mail, NOW))
    before = possessions(storage, SAM_PERSON)
    first = joined(storage)
    second = joined(storage, nadia, LEA_PERSON, at=1)
    with storage.read() as uow:
        assert uow.customers.by_contact(SAM) == nadia
        assert uow.customers.get(SAM_PERSON.id) == nadia
        assert uow.links.merges_of(nadia.id) == [second]
    assert [SAM.channel, SAM.account, SAM.address] in json.loads(second.moved)["contacts"]
    # The older link gives back only what is still where it was put.
    storage.write(lambda uow: uow.links.part(first))
    with storage.read() as uow:
        assert uow.customers.by_contact(SAM) == nadia
    storage.write(lambda uow: uow.links.part(second))
    storage.write(lambda uow: uow.links.part(first))
    assert possessions(storage, SAM_PERSON) == before
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.links.join("nobody", nadia.id))


def test_who_somebody_is_by_now_and_who_is_listed(storage: Storage, people: None) -> None:
    third = Customer("t" * 32, "", "fr", NOW)
    storage.write(lambda uow: uow.customers.add(third, Contact("telegram", "shop_bot", "77"), NOW))
    everybody = sorted((LEA_PERSON, SAM_PERSON, third), key=lambda customer: customer.id)

    def present() -> list[str]:
        with storage.read() as uow:
            return [uow.customers.present_id(customer.id) for customer in (LEA_PERSON, SAM_PERSON, third)]

    def listed(after: str = "", limit: int = 10) -> list[Customer]:
        with storage.read() as uow:
            return uow.customers.after(after, limit)

    assert present() == [LEA_PERSON.id, SAM_PERSON.id, third.id]
    assert listed() == everybody
    assert listed(everybody[0].id, 1) == [everybody[1]]
    first = joined(storage)
    joined(storage, kept=third, other=LEA_PERSON, at=1)
    assert present() == [third.id] * 3, "over two links"
    assert listed() == [third]
    storage.write(lambda uow: uow.links.part(first))
    assert present() == [third.id, SAM_PERSON.id, third.id]
    with storage.read() as uow:
        assert uow.customers.present_id("nobody") == "nobody"


# --- recommendations: who has refused at one door has refused at both -------------------------------------------------


def recommending(storage: Storage, customer: Customer) -> bool | None:
    with storage.read() as uow:
        return _granted(uow, customer, Purpose.RECOMMENDING)


@pytest.mark.parametrize(
    ("lea", "sam", "both"),
    [
        (True, False, False),
        (False, True, False),
        (None, False, False),
        (False, None, False),
        (None, True, True),
        (True, True, True),
        (None, None, None),
    ],
)
def test_of_two_answers_about_recommendations_the_stricter_counts(
    storage: Storage, people: None, lea: bool | None, sam: bool | None, both: bool | None
) -> None:
    for customer, answer in ((LEA_PERSON, lea), (SAM_PERSON, sam)):
        if answer is not None:
            consent = a_consent(customer, Purpose.RECOMMENDING, answer)
            storage.write(lambda uow, consent=consent: uow.customers.add_consent(consent))
    merge = joined(storage)
    assert recommending(storage, LEA_PERSON) is both
    storage.write(lambda uow: uow.links.part(merge))
    assert (recommending(storage, LEA_PERSON), recommending(storage, SAM_PERSON)) == (lea, sam)


def test_an_answer_that_was_given_since_stays_when_two_part(storage: Storage, people: None) -> None:
    for customer, answer in ((LEA_PERSON, True), (SAM_PERSON, False)):
        consent = a_consent(customer, Purpose.RECOMMENDING, answer)
        storage.write(lambda uow, consent=consent: uow.customers.add_consent(consent))
    merge = joined(storage)
    storage.write(lambda uow: uow.customers.add_consent(a_consent(LEA_PERSON, Purpose.RECOMMENDING, granted=False)))
    storage.write(lambda uow: uow.links.part(merge))
    assert recommending(storage, LEA_PERSON) is False


def test_what_somebody_looked_at_goes_with_them(storage: Storage, people: None) -> None:
    event = ReadingEvent("event-1", Did.PAGE, NOW, "b" * 32, 4, visitor="v", customer_id=SAM_PERSON.id)
    storage.write(lambda uow: uow.reading.add([event]))

    def pages(customer: Customer) -> list[int]:
        with storage.read() as uow:
            return [each.page for each in uow.tastes.looked_at(customer.id, NOW, 9)]

    merge = joined(storage)
    assert (pages(LEA_PERSON), pages(SAM_PERSON)) == ([4], [])
    storage.write(lambda uow: uow.links.part(merge))
    assert (pages(LEA_PERSON), pages(SAM_PERSON)) == ([], [4])
