"""Two machines, one database, one picture index: what either learns, both can find within five seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commerce.domain.search import Why
from commerce.facets import ColumnFacets
from commerce.image_matching import open_image_matcher
from commerce.lexicon import lexicon
from commerce.media import FileMediaStore
from commerce.ports import ImageMatcher, MediaStore, NotSeen, SeenPhoto, Storage, UnitOfWork
from commerce.services.discovery import Discovery
from commerce.services.index_keeper import IndexKeeper
from commerce.storage import open_picture_index, open_storage
from commerce.text_index import FuzzyTextIndex
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes
from tests.unit.discovery.test_keeping import within_s
from vitrine.prove._hostile_pictures import photo


@pytest.fixture
def machines(postgres_url: str, tmp_path: Path) -> Iterator[list[Street]]:
    def parts() -> tuple[Storage, ImageMatcher, MediaStore]:
        shared = open_picture_index(postgres_url, "pgvector")
        matcher = open_image_matcher(tmp_path / "unused", "vitrine", shared)
        return open_storage(postgres_url), matcher, FileMediaStore(tmp_path / "media")

    first = open_street(*parts())
    storage, matcher, media = parts()
    index, facets, words = FuzzyTextIndex(lexicon()), ColumnFacets(), lexicon()
    keeper = IndexKeeper(storage, index, facets, matcher, media, words)
    discovery = Discovery(storage, index, facets, matcher, words)
    streets = [first, Street(storage, discovery, keeper, index, facets, matcher, media)]
    yield streets
    for street in streets:
        street.keeper.stop()
        street.image_matcher.close()
        street.storage.close()


def exact(street: Street, data: bytes) -> list[int]:
    seen = street.image_matcher.look(data)
    assert isinstance(seen, SeenPhoto), seen
    hits = street.image_matcher.match(seen, limit=5)
    return [] if isinstance(hits, NotSeen) else [hit.product_id for hit in hits if hit.why is Why.EXACT_PICTURE]


def test_what_one_machine_adds_or_removes_the_other_sees_within_five_seconds(machines: list[Street]) -> None:
    here, there = machines
    for street in machines:
        street.keeper.start(0.05)
    pictures = [photo("JPEG", (240, 320), 200 + number) for number in range(2)]
    made = []
    for number, data in enumerate(pictures):
        key = here.media.put(data, ".jpg")
        made.append(here.add(a_product(f"S{number}", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=[key])))
    assert within_s(5, lambda: exact(there, pictures[0]) == [made[0].id] == exact(here, pictures[0]))
    assert within_s(5, lambda: there.image_matcher.describe()["pictures"] == 2)

    def remove(uow: UnitOfWork) -> None:
        from sqlalchemy import delete

        from commerce.ports import ChangeKind
        from commerce.storage.tables import picture as table
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(delete(table).where(table.c.product_id == made[0].id))
        uow.transaction.note_product(made[0].id, ChangeKind.PICTURE, 1)

    there.storage.write(remove)
    assert within_s(5, lambda: exact(here, pictures[0]) == [] == exact(there, pictures[0]))
    here.keeper.rebuild_pictures()
    assert exact(there, pictures[1]) == [made[1].id]
    assert there.image_matcher.verify()["pictures_on_disk"] == 1
