"""The keeper: what changes anywhere is found, soon and without a rebuild."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from commerce.domain.search import Filters, SearchRequest
from commerce.errors import StorageError
from commerce.lexicon import lexicon
from commerce.ports import Storage, UnitOfWork
from commerce.services.documents import text_document
from tests.unit.discovery.shop_of_a_street import Street, a_product, sizes


def within_s(seconds: float, condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def found(street: Street, words: str, **filters: object) -> list[str]:
    answer = street.discovery.search(SearchRequest(words, "fr", Filters(**filters)))  # type: ignore[arg-type]
    return [one.product.source_id for one in answer.found]


def test_the_first_refresh_reads_everything_and_tells_how_far(street: Street) -> None:
    told: list[tuple[str, int, int | None]] = []
    keeper = type(street.keeper)(
        street.storage, street.text_index, street.facets, street.image_matcher, street.media, lexicon()
    )
    assert keeper.refresh(lambda *stage: told.append(stage)) == 7
    assert told[-1][1:] == (7, 7)
    assert len(street.text_index) == 7
    assert len(street.facets) == 17


def test_a_write_is_found_within_two_seconds(street: Street) -> None:
    street.keeper.start(0.05)
    try:
        street.add(a_product("N1", ("Écharpe rayée", "Striped scarf"), "scarf", [("green", "", 2900)]))
        assert within_s(2, lambda: found(street, "echarpe rayee") == ["N1"])
        street.set_price("N1-GREEN-", 900)
        assert within_s(2, lambda: found(street, "", categories=frozenset({"scarf"}), price_max_minor=1000) == ["N1"])
        street.set_on_hand("N1-GREEN-", "bellecour", 0)
        assert within_s(2, lambda: found(street, "", categories=frozenset({"scarf"}), in_stock=True) == [])
    finally:
        street.keeper.stop()


def test_a_product_that_goes_is_gone(street: Street) -> None:
    (p2,) = street.ids("P2")
    street.keeper.refresh()

    def retire(uow: UnitOfWork) -> None:
        from sqlalchemy import update

        from commerce.ports import ChangeKind
        from commerce.storage.tables import product
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(update(product).where(product.c.id == p2).values(active=False))
        uow.transaction.note_product(p2, ChangeKind.REMOVED, 1)

    street.storage.write(retire)
    assert "P2" not in found(street, "robe viscose")  # at once, by the check against the database
    assert street.keeper.refresh() == 1
    assert len(street.text_index) == 6
    assert street.text_index.search("viscose", limit=5).hits == ()


class AwayForAWhile:
    """A storage whose next reads fail; `is_back` is set by the first one that does not."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._failing = 0
        self.is_back = threading.Event()

    def goes(self, reads: int) -> None:
        self._failing = reads
        self.is_back.clear()

    def read(self) -> AbstractContextManager[UnitOfWork]:
        if self._failing:
            self._failing -= 1
            raise StorageError("the database is away")
        self.is_back.set()
        return self._storage.read()


def test_the_keeper_outlives_a_database_that_is_away(street: Street) -> None:
    """A read that raises is an operator's problem for a while, not the end of following."""
    storage = AwayForAWhile(street.storage)
    keeper = type(street.keeper)(
        storage, street.text_index, street.facets, street.image_matcher, street.media, lexicon()
    )  # fmt: skip
    keeper.refresh()
    street.add(a_product("N2", ("Gants", "Gloves"), "gloves", sizes("black", 1500, "M")))
    storage.goes(3)
    keeper.start(0.01)
    try:
        assert storage.is_back.wait(60), "it reads again, a second after each failure"
    finally:
        keeper.stop()  # when its round is over
    assert found(street, "gants") == ["N2"]


def test_a_product_in_words() -> None:
    product = a_product(
        "P1", ("Robe midi en lin", "Linen midi dress"), "dress", sizes("navy", 7900), material="linen", brand="Maison"
    )
    document = text_document(product, lexicon())
    assert document.title == "Robe midi en lin Linen midi dress"
    words = document.words.split()
    assert {"Maison", "navy", "linen", "p1", "p1navy38"} <= set(words)
    assert document.concepts == ("category:dress", "colour:navy", "gender:women", "material:linen")
