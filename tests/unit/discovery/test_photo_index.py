"""The index of pictures beside a catalogue that changes: gone pictures gone, restarts, damage, another encoder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from commerce.domain.search import SearchRequest, Why
from commerce.errors import IndexNotBuilt, StorageBusy
from commerce.image_matching import NoImageMatcher, open_image_matcher
from commerce.ports import NotSeen, StoredPicture, UnitOfWork
from tests.tiny_clip import make_clip_folder
from tests.unit.discovery.seeing_street import open_seeing_street, picture, seen, source_ids
from tests.unit.discovery.shop_of_a_street import Street, a_product, sizes
from tests.unit.discovery.test_keeping import within_s
from vitrine.prove.index_damage import overwrite


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    with open_seeing_street(sqlite_url, tmp_path) as opened:
        yield opened


def test_a_new_picture_is_found_and_a_removed_one_is_gone_within_five_seconds(street: Street) -> None:
    street.keeper.start(0.05)
    fresh = picture(50)

    def exact() -> list[str]:
        hits = street.image_matcher.match(seen(street, fresh), limit=5)
        if isinstance(hits, NotSeen):
            return []
        with street.storage.read() as uow:
            products = uow.products.many([hit.product_id for hit in hits if hit.why is Why.EXACT_PICTURE])
        return [product.source_id for product in products.values()]

    key = street.media.put(fresh, ".jpg")
    new = street.add(a_product("N9", ("Haut neuf", "New top"), "shirt", sizes("red", 900), pictures=[key]))
    assert within_s(5, lambda: exact() == ["N9"])

    def remove(uow: UnitOfWork) -> None:
        from sqlalchemy import delete

        from commerce.ports import ChangeKind
        from commerce.storage.tables import picture as table
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(delete(table).where(table.c.product_id == new.id))
        uow.transaction.note_product(new.id, ChangeKind.PICTURE, 1)

    street.storage.write(remove)
    assert within_s(5, lambda: exact() == [])


def reopened(street: Street, tmp_path: Path, encoder: str = "vitrine") -> Street:
    """The same database and files after a restart."""
    matcher = open_image_matcher(tmp_path / "index", encoder)
    keeper = type(street.keeper)(
        street.storage, street.text_index, street.facets, matcher, street.media, street.discovery._lexicon
    )
    discovery = type(street.discovery)(
        street.storage, street.text_index, street.facets, matcher, street.discovery._lexicon
    )
    return replace(street, image_matcher=matcher, keeper=keeper, discovery=discovery)


def test_the_index_outlives_a_restart_and_hears_what_it_missed(street: Street, tmp_path: Path) -> None:
    street.keeper.start(0.05)
    assert within_s(5, lambda: street.image_matcher.describe()["pictures"] == 8)
    street.keeper.stop()
    assert (tmp_path / "index" / "pictures" / "current").exists()
    key = street.media.put(picture(60), ".jpg")
    street.add(a_product("N8", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=[key]))
    again = reopened(street, tmp_path)
    assert again.image_matcher.describe()["pictures"] == 8  # from disk, before anything was looked at
    again.keeper.refresh()
    assert again.image_matcher.describe()["pictures"] == 9
    assert source_ids(again.discovery.by_photo(seen(again, picture(60)), SearchRequest()))[0] == "N8"
    assert source_ids(again.discovery.by_photo(seen(again, picture(3)), SearchRequest()))[0] == "T3"
    again.image_matcher.close()


def test_a_damaged_index_is_built_anew_while_words_go_on(street: Street, tmp_path: Path) -> None:
    street.keeper.rebuild_pictures()
    vectors = next((tmp_path / "index" / "pictures").glob("generation-*/vectors.npy"))
    raw = bytearray(vectors.read_bytes())
    raw[-5] ^= 0x40
    overwrite(vectors, raw)
    again = reopened(street, tmp_path)
    assert again.image_matcher.describe()["state"] == "off"
    assert again.image_matcher.verify()["damage"]
    assert again.discovery.search(SearchRequest("robe", "fr")).found
    (t0,) = street.ids("T0")
    assert again.discovery.similar(t0, SearchRequest()).found  # by what is known of it
    again.keeper.start(0.05)
    try:
        assert within_s(10, lambda: again.image_matcher.describe()["state"] == "ready")
        assert source_ids(again.discovery.by_photo(seen(again, picture(3)), SearchRequest()))[0] == "T3"
    finally:
        again.keeper.stop()
        again.image_matcher.close()


def test_a_picture_file_that_is_missing_is_passed_over(street: Street, tmp_path: Path) -> None:
    key = street.media.put(picture(70), ".jpg")
    street.add(a_product("N7", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=[key]))
    street.media.delete(key)
    assert street.keeper.refresh() == 1
    assert street.image_matcher.describe()["pictures"] == 8


def test_pictures_wait_while_the_database_is_away(street: Street) -> None:
    key = street.media.put(picture(80), ".jpg")
    street.add(a_product("N6", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=[key]))
    street.keeper._follow(None)

    def away() -> None:
        raise StorageBusy("the database does not answer")

    pictures = street.keeper._pictures
    pictures._storage = type("Away", (), {"read": staticmethod(away)})()
    with pytest.raises(StorageBusy):
        pictures.look_at_some()
    pictures._storage = street.storage
    street.keeper.refresh()
    assert street.image_matcher.describe()["pictures"] == 9


def test_a_shop_without_eyes_says_why(street: Street, tmp_path: Path) -> None:
    photo_of_ours = seen(street, picture(0))
    blind = NoImageMatcher("no encoder")
    discovery = type(street.discovery)(
        street.storage, street.text_index, street.facets, blind, street.discovery._lexicon
    )
    assert blind.look(picture(0)) is NotSeen.OFF
    assert discovery.by_photo(photo_of_ours, SearchRequest()) is NotSeen.OFF
    assert blind.describe()["reason"] == "no encoder"
    unknown = open_image_matcher(tmp_path / "other", "no-such-encoder")
    assert unknown.look(picture(0)) is NotSeen.OFF
    assert "no-such-encoder" in str(unknown.describe()["reason"])


def test_another_encoder_takes_over_while_the_old_index_answers(street: Street, tmp_path: Path) -> None:
    clip = f"open_clip:{make_clip_folder(tmp_path / 'model', resize_mode='shortest')}"
    street.keeper.rebuild_pictures()
    remembered = seen(street, picture(3))
    builder, other = reopened(street, tmp_path, clip), reopened(street, tmp_path, clip)
    for each in (builder, other):
        each.keeper.refresh()
        told = each.image_matcher.describe()
        assert (told["encoder"], told["next_encoder"]) == ("vitrine", clip) and each.image_matcher.needs_rebuild()
        assert source_ids(each.discovery.by_photo(remembered, SearchRequest()))[0] == "T3"
    key = street.media.put(picture(60), ".jpg")
    street.add(a_product("N8", ("Haut", "Top"), "shirt", sizes("red", 900), pictures=[key]))
    builder.keeper.start(0.05)
    other.keeper.start(0.05)
    try:
        for each in (builder, other):
            assert within_s(60, lambda each=each: each.image_matcher.describe()["encoder"] == clip)
            assert not each.image_matcher.needs_rebuild()
            assert within_s(10, lambda each=each: each.image_matcher.describe()["pictures"] == 9)
            assert source_ids(each.discovery.by_photo(seen(each, picture(60)), SearchRequest()))[0] == "N8"
            # What a conversation remembers is of the old encoder: its photo is looked at again, or asked for.
            assert source_ids(each.discovery.by_photo(remembered, SearchRequest()))[0] == "T3"
            without_file = replace(remembered, clean_jpeg=b"")
            assert each.discovery.by_photo(without_file, SearchRequest()) is NotSeen.AGAIN
    finally:
        for each in (builder, other):
            each.keeper.stop()
            each.image_matcher.close()


def test_closing_the_shop_does_not_wait_for_a_rebuild(street: Street, tmp_path: Path) -> None:
    street.keeper.rebuild_pictures()
    again = reopened(street, tmp_path, str(make_clip_folder(tmp_path / "model")))
    again.keeper.refresh()
    pictures = again.keeper._pictures._stored_pictures

    def slowly() -> Iterator[list[StoredPicture]]:
        for batch in pictures():
            for stored in batch:
                sleep(0.2)
                yield [stored]
        sleep(0.2)
        yield from slowly()

    again.keeper._pictures._stored_pictures = slowly  # type: ignore[method-assign]
    again.keeper.start(0.05)
    assert within_s(20, lambda: again.image_matcher.describe()["state"] == "rebuilding")
    began_s = monotonic()
    again.keeper.stop()
    assert monotonic() - began_s < 10
    told = again.image_matcher.describe()
    assert (told["state"], told["encoder"]) == ("ready", "vitrine")
    again.image_matcher.close()


def test_a_rebuild_that_cannot_be_done_says_why(street: Street, tmp_path: Path) -> None:
    blind = NoImageMatcher("no encoder")
    with pytest.raises(IndexNotBuilt, match="no encoder"):
        blind.rebuild((), 1)
    street.keeper.rebuild_pictures()
    nowhere = reopened(street, tmp_path, "/no/such/folder")
    told = nowhere.image_matcher.describe()
    assert (
        "/no/such/folder" in str(told["reason"])
        and told["state"] == "ready"
        and not nowhere.image_matcher.needs_rebuild()
    )
    with pytest.raises(IndexNotBuilt, match="/no/such/folder"):
        nowhere.keeper.rebuild_pictures()
    nowhere.image_matcher.close()
