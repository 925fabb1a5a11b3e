"""One suite over every home of an index: files for one machine, PostgreSQL for several; then what sharing brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from commerce.errors import SettingsError, StorageBusy
from commerce.storage import open_picture_index
from commerce.storage.picture_index import PostgresPictureIndex
from tests.contracts.test_vector_stores import D, unit
from visual_search.errors import EyesUnavailable, RebuildRunning
from visual_search.gallery import Gallery
from visual_search.snapshot import MadeBy
from visual_search.stores import FileIndexStore, IndexStore
from visual_search.values import Vectors
from vitrine.prove._databases import PostgresServer

MADE_BY = ("test", "r1", D)
VECTORS = unit(np.random.default_rng(1), 60)
IDS = [10**12 + 7 * at for at in range(60)]

Open = Callable[[], IndexStore]


def mark(seed: int) -> bytes:
    """Whose sha256 nobody else has, and whose thumb is not like another's."""
    return np.random.default_rng(seed).integers(0, 256, 32 + 192, np.uint8).tobytes()


MARKS = [mark(at) for at in range(60)]


@pytest.fixture(params=["files", "pgvector"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same home again and again, each time as another process would."""
    stores: list[IndexStore] = []

    def again() -> IndexStore:
        if request.param == "files":
            stores.append(FileIndexStore(tmp_path / "eyes"))
        else:
            stores.append(PostgresPictureIndex(request.getfixturevalue("postgres_url")))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


def fill(gallery: Gallery, places: range = range(60)) -> Gallery:
    gallery.put([IDS[at] for at in places], VECTORS[list(places)], [MARKS[at] for at in places])
    gallery.index.settle()
    return gallery


def best(gallery: Gallery, vector: Vectors) -> int:
    return int(gallery.index.search(vector, 1)[1][0][0])


def test_nothing_saved_is_no_index(opened: Open) -> None:
    store = opened()
    assert store.load() is None and store.made_by() is None and store.fingerprint() == b"" and store.verify() == 0


def test_what_was_saved_is_there_for_the_next_process(opened: Open) -> None:
    store = opened()
    store.save(fill(store.fresh(*MADE_BY)), "test", "r1", 41)
    stored = opened().load()
    assert stored is not None
    told = stored.manifest
    assert (told.encoder, told.revision, told.dimension, told.count, told.change_seq) == ("test", "r1", D, 60, 41)
    assert opened().made_by() == told.made_by == MADE_BY and stored.gallery.index.ids().tolist() == IDS
    assert all(best(stored.gallery, VECTORS[at]) == IDS[at] for at in range(60))
    assert opened().verify() == 60


def test_a_fresh_one_is_nobodys_until_it_is_saved(opened: Open) -> None:
    store = opened()
    store.save(fill(store.fresh(*MADE_BY), range(10)), "test", "r1", 1)
    first = store.fingerprint()
    fresh = fill(store.fresh("test", "r2", D))
    stored = opened().load()
    assert stored is not None and stored.manifest.count == 10 and store.fingerprint() == first
    store.save(fresh, "test", "r2", 2)
    stored = opened().load()
    assert stored is not None and (stored.manifest.revision, stored.manifest.count) == ("r2", 60)
    assert store.fingerprint() != first


def test_marks_tell_the_very_picture(opened: Open) -> None:
    store = opened()
    gallery = fill(store.first(*MADE_BY), range(40))
    store.save(gallery, "test", "r1", 1)
    stored = opened().load()
    assert stored is not None
    for one in (gallery, stored.gallery):
        assert one.marks.with_sha256(MARKS[3][:32]) == [IDS[3]] and one.marks.with_sha256(bytes(32)) == []
        assert one.marks.thumb(IDS[4]) == MARKS[4][32:]
        with pytest.raises(KeyError):
            one.marks.thumb(5)
        distances = one.marks.thumb_distances(MARKS[7][32:], [IDS[7], IDS[8], 5])
        assert distances[0] == 0 and distances[1] > 20 and np.isinf(distances[2])
        assert one.same_picture(bytes(32), MARKS[9][32:], VECTORS[9]) == [IDS[9]]
        assert (one.marks.as_rows(np.array(IDS[:3]))[2] == np.frombuffer(MARKS[2], np.uint8)).all()
        one.put([IDS[3], 9], VECTORS[[50, 51]], [MARKS[50], MARKS[4]])  # another picture, and the same one twice
        assert one.marks.with_sha256(MARKS[3][:32]) == [] and one.marks.with_sha256(MARKS[50][:32]) == [IDS[3]]
        assert one.marks.with_sha256(MARKS[4][:32]) == [9, IDS[4]]
        known = one.known([MARKS[50][:32], bytes(32)])
        assert known[0] is not None and known[1] is None
        assert (known[0][0] == VECTORS[50]).all() and known[0][1] == MARKS[50][32:]
        assert one.remove([9, IDS[3], 77]) == 2
        assert one.marks.with_sha256(MARKS[4][:32]) == [IDS[4]] and one.marks.with_sha256(MARKS[50][:32]) == []
        one.put([IDS[3]], VECTORS[3:4], MARKS[3:4])
        with pytest.raises(ValueError, match="224"):
            one.marks.put([1], [b"short"])


def test_all_of_it_can_be_taken_along(opened: Open) -> None:
    snapshot = fill(opened().first(*MADE_BY)).to_snapshot("test", "r1", 3)
    assert snapshot.ids.tolist() == IDS and (snapshot.vectors == VECTORS).all()
    assert snapshot.marks.tobytes() == b"".join(MARKS) and snapshot.manifest.count == 60


def test_one_at_a_time_is_in_the_workshop(opened: Open) -> None:
    with opened().workshop(), pytest.raises(RebuildRunning), opened().workshop():
        pass
    with opened().workshop():
        pass


def test_what_was_kept_is_there_for_the_next_builder_until_the_index_is_finished(opened: Open) -> None:
    store = opened()
    store.save(fill(store.fresh(*MADE_BY), range(10)), "test", "r1", 1)
    with store.workshop() as workshop:
        workshop.keep(fill(store.fresh("test", "r2", D), range(30)), MadeBy("test", "r2", D))
    store = opened()
    with store.workshop() as workshop:
        (kept,) = workshop.kept()
        assert kept.manifest.made_by == ("test", "r2", D) and kept.ids.tolist() == IDS[:30]
        assert (kept.vectors == VECTORS[:30]).all() and kept.marks.tobytes() == b"".join(MARKS[:30])
        finished = fill(store.fresh("test", "r2", D))
        store.save(finished, "test", "r2", 2)
        workshop.clear()
        assert list(workshop.kept()) == []
    assert store.made_by() == ("test", "r2", D) and opened().verify() == 60 and len(finished) == 60


# Several machines


@pytest.fixture
def machines(postgres_url: str) -> Iterator[list[PostgresPictureIndex]]:
    opened = [PostgresPictureIndex(postgres_url) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


def test_machines_that_find_nothing_make_one_index(machines: list[PostgresPictureIndex]) -> None:
    here, there = (store.first(*MADE_BY) for store in machines)
    here.put(IDS[:1], VECTORS[:1], MARKS[:1])
    assert best(there, VECTORS[0]) == IDS[0] and len(there) == 1  # at once
    there.remove(IDS[:1])
    assert len(here) == 0 and here.index.search(VECTORS[0], 1)[1].tolist() == [[-1]]


def test_one_rebuilds_while_the_other_answers_and_follows(machines: list[PostgresPictureIndex]) -> None:
    here, there = machines
    fill(here.first(*MADE_BY), range(20))
    follower = there.first(*MADE_BY)
    rebuilt = fill(here.fresh(*MADE_BY), range(20, 60))
    assert len(follower) == 20 and best(follower, VECTORS[5]) == IDS[5]
    here.save(rebuilt, "test", "r1", 9)
    assert best(follower, VECTORS[45]) == IDS[45] and len(follower) == 40  # the other table is gone
    follower.put(IDS[:1], VECTORS[:1], MARKS[:1])
    assert best(rebuilt, VECTORS[0]) == IDS[0]
    there.save(follower, "test", "r1", 4)
    stored = here.load()
    assert stored is not None and stored.manifest.change_seq == 9, "what one knows is not forgotten by the other"


def test_the_index_of_another_encoder_is_not_followed(machines: list[PostgresPictureIndex]) -> None:
    here, there = machines
    fill(here.first(*MADE_BY), range(20))
    left_behind = there.first(*MADE_BY)
    here.save(fill(here.fresh("test", "r2", D)), "test", "r2", 1)
    assert best(left_behind, VECTORS[0]) == IDS[0], "it is there for whoever still looks through that encoder"
    with pytest.raises(EyesUnavailable, match="another encoder"):
        there.first(*MADE_BY)
    with pytest.raises(EyesUnavailable, match="replaced"):
        there.save(left_behind, "test", "r1", 1)
    with here._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE picture_index.generation SET retired_at = retired_at - interval '11 minutes'"
        )
    current = here.load()
    assert current is not None
    here.save(current.gallery, "test", "r2", 2)
    with pytest.raises(EyesUnavailable, match="another encoder"):
        left_behind.index.search(VECTORS[0], 1)


def test_a_database_that_is_away_is_told(postgres_url: str, postgres: PostgresServer) -> None:
    store = PostgresPictureIndex(postgres_url)
    gallery = fill(store.first(*MADE_BY))
    name = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    with pytest.raises(EyesUnavailable):  # a shopper hears that the shop cannot see just now
        gallery.index.search(VECTORS[0], 1)
    with pytest.raises(StorageBusy):  # who follows the catalogue tries again
        gallery.put(IDS[:1], VECTORS[:1], MARKS[:1])
    postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert best(gallery, VECTORS[1]) == IDS[1]
    store.close()


# Refused at start


def test_sqlite_cannot_hold_the_index(sqlite_url: str) -> None:
    assert open_picture_index(sqlite_url, "faiss") is None
    with pytest.raises(SettingsError, match=r"VITRINE_VECTOR_STORE=pgvector needs VITRINE_DATABASE_URL"):
        open_picture_index(sqlite_url, "pgvector")


def test_a_database_without_pgvector_says_what_to_do(postgres: PostgresServer) -> None:
    """Its owner may not add the extension: a superuser has to."""
    postgres.execute("DROP DATABASE IF EXISTS plain")
    postgres.execute("DROP ROLE IF EXISTS shopkeeper")
    postgres.execute("CREATE ROLE shopkeeper LOGIN")
    postgres.execute("CREATE DATABASE plain OWNER shopkeeper")
    url = postgres.url("plain").replace("postgres@", "shopkeeper@")
    with pytest.raises(SettingsError, match=r"no pgvector.*CREATE EXTENSION vector"):
        open_picture_index(url, "pgvector")
    import psycopg

    with psycopg.connect(postgres.url("plain"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    store = open_picture_index(url, "pgvector")  # the owner's rights are enough for the rest
    assert store is not None
    fill(store.first(*MADE_BY))
    store.close()
