from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bot.sessions import (
    LARGEST_BYTES,
    Choice,
    Focus,
    Goal,
    Pending,
    Question,
    RememberedPhoto,
    Session,
    ShownItem,
    Wish,
    from_json,
    load,
    save,
    to_json,
)
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.ports import SeenGarment, SeenPhoto, Storage

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def a_photo(seed: int = 1, size: int = 512) -> SeenPhoto:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return SeenPhoto(vector / np.linalg.norm(vector), b"jpeg", "ab" * 32, "0f" * 8, "test-encoder")


def a_session() -> Session:
    return Session(
        language="fr",
        lists=((ShownItem(7, "Robe « midi »", "dress", "navy", 7900),),),
        wish=Wish(query="robe", categories=("dress",), price_max_minor=6000, by_photo=True),
        queue=(8, 9),
        offset=12,
        focus=Focus(7, "navy", "38"),
        pending=Pending(Question.REMEMBER_SIZE, Goal.STORES, "S1", "eu_clothing", "38", "Taille 38 ?"),
        location=GeoPoint(45.76, 4.84),
        place_name="Lyon",
        photo=RememberedPhoto.of(a_photo(), NOW + timedelta(hours=24)),
        photo_notice_given=True,
        choices=(Choice("Oui", "remember:1"),),
        choices_numbered=True,
        recent_s=(1, 2, 3),
        flooded=True,
    )


def test_there_and_back() -> None:
    assert from_json(to_json(a_session())) == a_session()
    assert from_json(to_json(Session())) == Session()


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        '{"version": 99, "session": {"language": "fr"}}',
        '{"version": 1, "session": {"lists": 3}}',
        '{"version": 1, "session": null}',
        '{"version": 1, "session": {"location": {"latitude": 999, "longitude": 0}}}',
        '{"session": {}}',
    ],
)
def test_what_cannot_be_read_is_a_fresh_session(stored: str | None) -> None:
    assert from_json(stored) == Session()


def test_a_field_of_a_later_release_is_ignored() -> None:
    outer = json.loads(to_json(a_session()))
    outer["session"]["mood"] = "happy"
    assert from_json(json.dumps(outer)) == a_session()


def test_it_is_bounded() -> None:
    item = ShownItem(2**62, "é" * 80, "c" * 40, "d" * 40, 10**9)
    huge = Session(
        lists=((item,) * 500,) * 40,
        queue=tuple(range(10_000)),
        choices=(Choice("x" * 64, "y" * 64),) * 500,
        wish=Wish(words=("m" * 4_000,)),
    )
    text = to_json(huge)
    assert len(text.encode()) <= LARGEST_BYTES
    from_json(text)
    assert len(to_json(Session(wish=Wish(words=("m" * 100_000,)))).encode()) <= LARGEST_BYTES


def test_lists_are_kept_newest_first_and_five() -> None:
    session = Session()
    for number in range(9):
        session = session.with_list((ShownItem(number, str(number)),))
    assert [items[0].product_id for items in session.lists] == [8, 7, 6, 5, 4]
    assert session.with_list(()) is session


def test_a_photo_comes_back_close_to_what_it_was_until_its_end() -> None:
    seen = a_photo()
    kept = RememberedPhoto.of(seen, NOW + timedelta(hours=24))
    back = kept.seen(NOW + timedelta(hours=23, minutes=59))
    assert back is not None
    assert back.vector.dtype == np.float32
    assert float(back.vector @ seen.vector) > 0.9999
    assert abs(float(np.linalg.norm(back.vector)) - 1) < 1e-5
    assert kept.seen(NOW + timedelta(hours=24)) is None


def test_a_picked_garment_keeps_its_colours() -> None:
    whole = a_photo()
    dress, bag = (
        SeenGarment((0.0, 0.0, 0.5, 1.0), kind, whole.vector, bytes([n] * 192)) for n, kind in enumerate("ab")
    )
    kept = RememberedPhoto.of(replace(whole, garments=(dress, bag)), NOW + timedelta(hours=24))
    picked = replace(kept, picked=2).seen(NOW)
    assert picked is not None and [garment.thumb for garment in picked.garments] == [bag.thumb]


def test_a_place_is_kept_to_a_hundred_metres() -> None:
    session = Session().at(GeoPoint(45.123456, 4.987654))
    assert session.location == GeoPoint(45.123, 4.988)


def test_stored_and_expired(storage: Storage, clock: ManualClock) -> None:
    contact = Contact("recorder", "memory", "lea")
    storage.write(lambda uow: save(uow, contact, a_session(), clock.now()))
    with storage.read() as uow:
        assert load(uow, contact, clock.now()) == a_session()
        assert load(uow, contact, clock.now() + timedelta(days=31)) == Session()
        assert load(uow, Contact("recorder", "memory", "sam"), clock.now()) == Session()
