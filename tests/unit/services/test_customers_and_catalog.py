"""People recognised and remembered as far as they agree; prices and counts changed; on both databases."""

from __future__ import annotations

from datetime import timedelta

from commerce.domain.money import Money
from commerce.domain.stock import MovementReason
from tests.unit.services.conftest import LEA, SAM, Small

ASKED = {"wording": "Je m’en souviens ?", "language": "fr", "channel": "telegram"}


def test_a_contact_is_one_customer_for_ever(small: Small):
    first = small.storage.write(lambda uow: small.customers.recognise(uow, LEA, name="  Léa \n ", language="fr"))
    again = small.storage.write(lambda uow: small.customers.recognise(uow, LEA))
    assert again == first
    assert (again.name, again.language) == ("Léa", "fr")
    renamed = small.storage.write(lambda uow: small.customers.recognise(uow, LEA, name="x" * 500, language="en"))
    assert (renamed.id, len(renamed.name), renamed.language) == (first.id, 120, "en")
    assert small.customer(SAM) != first.id


def test_a_size_is_remembered_with_consent_and_forgotten_on_request(small: Small):
    who = small.customer()

    def write(verb, *args):
        small.storage.write(lambda uow: verb(uow, who, *args, **ASKED))

    def state():
        with small.storage.read() as uow:
            return small.customers.may_remember(uow, who), small.customers.sizes(uow, who)

    assert state() == (None, {})
    write(small.customers.remember_size, "eu_clothing", "38")
    write(small.customers.remember_size, "eu_shoes", "39")
    assert state() == (True, {"eu_clothing": "38", "eu_shoes": "39"})
    write(small.customers.forget_sizes)
    assert state() == (False, {})
    write(small.customers.remember_size, "eu_clothing", "40")
    assert state() == (True, {"eu_clothing": "40"}), "what was forgotten does not come back"


def test_a_cut_is_shown_beside_the_lowest_price_of_thirty_days(small: Small):
    def set_price(minor: int, list_minor: int | None = None) -> None:
        list_price = Money(list_minor, "EUR") if list_minor else None
        small.storage.write(lambda uow: small.catalog.set_price(uow, "P1-38", Money(minor, "EUR"), list_price))

    def prior() -> Money | None:
        return small.catalog.prior_price(small.catalog.by_source_id("P1").variant(size="38"))

    assert prior() is None
    small.clock.advance(timedelta(days=40))
    set_price(6900, 7900)
    assert prior() == Money(7900, "EUR"), "the price that applied until the cut"
    small.clock.advance(timedelta(days=10))
    set_price(8500)
    assert prior() is None, "no cut, nothing to compare with"
    small.clock.advance(timedelta(days=5))
    set_price(7000, 8500)
    assert prior() == Money(6900, "EUR"), "69 € applied within the 30 days before"
    small.clock.advance(timedelta(days=90))
    assert prior() == Money(6900, "EUR"), "the days before the cut count, however long it lasts"


def test_counts_and_sales(small: Small):
    assert small.storage.write(lambda uow: small.catalog.sell(uow, "P1-36", "S1", 1, "till-7")) is True
    assert small.storage.write(lambda uow: small.catalog.sell(uow, "P1-36", "S1", 1, "till-7")) is False, "counted once"
    assert small.available("36") == 3
    assert small.storage.write(lambda uow: small.catalog.sell(uow, "P1-38", "S1", 2, "till-8")) is False
    small.place("38")
    level = small.storage.write(lambda uow: small.catalog.set_on_hand(uow, "P1-38", "S1", 0, MovementReason.COUNT))
    assert (level.on_hand, level.held) == (1, 1), "what is held for somebody stays"
    assert small.storage.write(lambda uow: small.catalog.set_on_hand(uow, "nothing", "S1", 3)) is None
    assert small.storage.write(lambda uow: small.catalog.set_on_hand(uow, "P1-36", "nowhere", 3)) is None
