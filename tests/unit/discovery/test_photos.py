"""Photos to products with the encoder that ships: the very picture first, filters inside, gone pictures gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from commerce.domain.search import Filters, SearchAnswer, SearchRequest, Shared, Why
from commerce.errors import IndexNotBuilt, StorageBusy
from commerce.image_matching import NoImageMatcher, open_image_matcher, over_eyes
from commerce.media import FileMediaStore
from commerce.ports import NotSeen, SeenGarment, SeenPhoto, StoredPicture, UnitOfWork
from commerce.services import resembling
from commerce.storage import open_storage
from tests.tiny_clip import make_clip_folder
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes
from tests.unit.discovery.test_keeping import within_s
from vitrine.prove._hostile_pictures import photo
from vitrine.prove.index_damage import overwrite

COLOURS = ("navy", "red", "green", "black")


def picture(number: int) -> bytes:
    return photo("JPEG", (240, 320), 100 + number)


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    storage = open_storage(sqlite_url)
    media = FileMediaStore(tmp_path / "media")
    matcher = open_image_matcher(tmp_path / "index", "vitrine")
    opened = open_street(storage, matcher, media)
    for number in range(8):
        key = media.put(picture(number), ".jpg")
        kind, colour = ("shirt", "tshirt")[number % 2], COLOURS[number // 2]
        opened.add(
            a_product(
                f"T{number}", (f"Haut {number}", f"Top {number}"), kind, sizes(colour, 1000 + number), pictures=[key]
            )
        )
    opened.keeper.refresh()
    yield opened
    opened.keeper.stop()
    matcher.close()
    storage.close()


def source_ids(answer: SearchAnswer | NotSeen) -> list[str]:
    assert isinstance(answer, SearchAnswer), answer
    return [found.product.source_id for found in answer.found]


def seen(street: Street, data: bytes) -> SeenPhoto:
    photo = street.image_matcher.look(data)
    assert isinstance(photo, SeenPhoto), photo
    return photo


def test_our_own_photo_is_first_and_marked_exact(street: Street) -> None:
    for number in (0, 5):
        answer = street.discovery.by_photo(seen(street, picture(number)), SearchRequest())
        assert source_ids(answer)[0] == f"T{number}"
        assert isinstance(answer, SearchAnswer)
        assert answer.found[0].hit.why is Why.EXACT_PICTURE
        assert len(set(source_ids(answer))) == len(answer.found)


def test_same_but_in_another_colour_and_size_keeps_the_kind(street: Street) -> None:
    filters = Filters(colours=frozenset({"green"}), sizes=frozenset({"38"}))
    answer = street.discovery.by_photo(seen(street, picture(0)), SearchRequest(filters=filters))
    assert source_ids(answer) == ["T4"]  # the only green shirt
    assert isinstance(answer, SearchAnswer)
    assert {variant.size for variant in answer.found[0].variants} == {"38"}


def test_words_beside_a_photo_count(street: Street) -> None:
    answer = street.discovery.by_photo(seen(street, picture(0)), SearchRequest(words="haut 6"))
    assert source_ids(answer)[0] == "T6"


def test_a_budget_beside_a_photo_gets_the_floor(street: Street) -> None:
    answer = street.discovery.by_photo(
        seen(street, picture(0)), SearchRequest(filters=Filters(price_max_minor=10, in_stock=True))
    )
    assert isinstance(answer, SearchAnswer)
    assert answer.found == ()
    assert answer.broken == "price"
    assert answer.price_floor is not None
    assert answer.price_floor.minor == 1000


def test_similar_leaves_itself_out(street: Street) -> None:
    (t0,) = street.ids("T0")
    answer = street.discovery.similar(t0, SearchRequest())
    assert "T0" not in source_ids(answer)
    assert answer.found
    assert {found.product.category for found in answer.found} == {"shirt"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(in_stock=True), "T6"),
        (Filters(sizes=frozenset({"44"})), "T6"),
        (Filters(store_ids=frozenset({"part-dieu"}), in_stock=True), "T6"),
        (Filters(price_max_minor=1006, price_min_minor=1006), "T6"),
        (Filters(colours=frozenset({"black"})), "T6"),
        (Filters(categories=frozenset({"tshirt"}), sizes=frozenset({"36"})), "T5"),
    ],
)
def test_conditions_act_inside_the_search(
    street: Street, monkeypatch: pytest.MonkeyPatch, filters: Filters, found: str
) -> None:
    """The picture index is asked for one product: what it would have to skip afterwards is all it could give."""
    for sku, store, on_hand in [
        *((f"T{n}-{COLOURS[n // 2].upper()}-{size}", "bellecour", 0) for n in (0, 2, 4) for size in (36, 38, 40)),
        ("T6-BLACK-36", "part-dieu", 1),
    ]:
        street.set_on_hand(sku, store, on_hand)
    # T6 in 44, unlike the others: the same product again, with one more size.
    key = street.media.put(picture(6), ".jpg")
    if filters.sizes == {"44"}:
        street.add(a_product("T6b", ("Haut", "Top"), "shirt", sizes("black", 1006, "44"), pictures=[key]))
        found = "T6b"
    street.keeper.refresh()
    monkeypatch.setattr(resembling, "_HITS", 1)
    monkeypatch.setattr(over_eyes, "_PICTURES_A_PRODUCT", 1)
    answer = street.discovery.by_photo(seen(street, picture(0)), SearchRequest(filters=filters))
    assert source_ids(answer) == [found]


def test_a_barcode_in_the_photo_comes_first(street: Street) -> None:
    product = replace(street.product("P4"), id=0, source_id="P4b")
    variants = tuple(replace(v, id=0, sku=f"{v.sku}B", gtin="3760001234562") for v in product.variants)
    street.add(replace(product, variants=variants))
    label = replace(seen(street, picture(0)), barcodes=("4006381333931", "3760001234562"))
    answer = street.discovery.by_photo(label, SearchRequest())
    assert isinstance(answer, SearchAnswer)
    assert source_ids(answer)[:2] == ["P4b", "T0"]
    assert answer.found[0].hit.why is Why.BARCODE
    assert answer.found[0].hit.is_exact
    assert [v.gtin for v in answer.found[0].variants] == ["3760001234562"]
    nothing_else = replace(label, shows="other")  # a price tag alone
    assert source_ids(street.discovery.by_photo(nothing_else, SearchRequest())) == ["P4b"]
    unknown = replace(nothing_else, barcodes=("4006381333931",))
    assert street.discovery.by_photo(unknown, SearchRequest()) is NotSeen.NO_PRODUCT


def two_things(street: Street, first: str, second: str) -> SeenPhoto:
    """A photo with the things of pictures 0 and 1 in it, called so."""
    whole = seen(street, picture(0))
    garments = (
        SeenGarment((0.0, 0.0, 0.5, 1.0), first, whole.vector),
        SeenGarment((0.5, 0.0, 1.0, 1.0), second, seen(street, picture(1)).vector),
    )
    return replace(whole, garments=garments, phash=seen(street, picture(40)).phash, sha256="0" * 64)


def test_each_garment_finds_its_own_kind(street: Street) -> None:
    photo = two_things(street, "shirt", "tshirt")
    assert street.discovery.to_choose_from(photo) == photo.garments
    for garment, category in zip(photo.garments, ("shirt", "tshirt"), strict=True):
        only = photo.only(garment)
        assert street.discovery.to_choose_from(only) == ()
        answer = street.discovery.by_photo(only, SearchRequest())
        assert isinstance(answer, SearchAnswer)
        assert {found.product.category for found in answer.found} == {category}


def test_a_garment_that_was_called_wrongly_is_found_all_the_same(street: Street) -> None:
    photo = two_things(street, "handbag", "")
    answer = street.discovery.by_photo(photo.only(photo.garments[0]), SearchRequest())
    assert source_ids(answer)[0] == "T0"


def test_with_a_barcode_of_ours_there_is_nothing_to_choose(street: Street) -> None:
    product = street.product("P4")
    variants = tuple(replace(v, id=0, sku=f"{v.sku}B", gtin="3760001234562") for v in product.variants)
    street.add(replace(product, id=0, source_id="P4b", variants=variants))
    photo = replace(two_things(street, "shirt", "tshirt"), barcodes=("3760001234562",))
    assert street.discovery.to_choose_from(photo) == ()
    assert street.discovery.to_choose_from(replace(photo, barcodes=("4006381333931",))) == photo.garments


def test_a_garment_that_nothing_resembles_gets_the_nearest_called_far(street: Street) -> None:
    whole = seen(street, picture(0))
    away = np.zeros_like(whole.vector)
    away[int(np.argmin(np.abs(whole.vector)))] = 1
    photo = replace(whole, vector=away, phash=seen(street, picture(40)).phash, sha256="0" * 64, shows="fashion")
    answer = street.discovery.by_photo(photo, SearchRequest())
    assert isinstance(answer, SearchAnswer)
    assert 0 < len(answer.found) <= 3
    assert {found.hit.why for found in answer.found} == {Why.FAR}
    assert street.discovery.by_photo(replace(photo, shows="unsure"), SearchRequest()) is NotSeen.NO_PRODUCT


def test_look_alikes_in_a_store_and_a_size(street: Street) -> None:
    (variant,) = (v for v in street.product("T0").variants if v.size == "38")
    found = street.discovery.look_alikes(variant.id, "bellecour")
    assert found
    assert {one.product.category for one in found} == {"shirt"}
    assert "T0" not in {one.product.source_id for one in found}
    assert all({v.size for v in one.variants} == {"38"} for one in found)
    assert all(Shared.KIND in one.shared for one in found)
    assert street.discovery.look_alikes(variant.id, "part-dieu") == ()
    street.set_on_hand("T4-GREEN-38", "part-dieu", 1)
    street.keeper.refresh()
    assert [one.product.source_id for one in street.discovery.look_alikes(variant.id, "part-dieu")] == ["T4"]
    assert street.discovery.look_alikes(variant.id, "part-dieu", size="40") == ()
    assert street.discovery.look_alikes(10**9, "bellecour") == ()


def test_similar_products_say_why(street: Street) -> None:
    key = street.media.put(picture(0), ".jpg")  # the same picture, another product
    twin = a_product(
        "T0b", ("Haut", "Top"), "shirt", sizes("navy", 1000), pictures=[key], brand="Autre", material="linen"
    )
    street.add(twin)
    street.keeper.refresh()
    (t0,) = street.ids("T0")
    answer = street.discovery.similar(t0, SearchRequest())
    by_id = {found.product.source_id: found.shared for found in answer.found}
    assert by_id["T0b"] == (Shared.LOOKS, Shared.KIND, Shared.COLOUR)
    assert Shared.COLOUR not in by_id["T4"]
    assert Shared.BRAND in by_id["T4"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", NotSeen.UNKNOWN_FORMAT),
        (b"not a picture", NotSeen.UNKNOWN_FORMAT),
        (picture(1)[:400], NotSeen.DAMAGED),
        (photo("PNG", (4, 4), 1), NotSeen.TOO_SMALL),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotSeen.UNKNOWN_FORMAT),
    ],
)
def test_a_file_that_cannot_be_read_gives_a_reason(street: Street, data: bytes, reason: NotSeen) -> None:
    assert street.image_matcher.look(data) is reason


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

    street.keeper._storage = type("Away", (), {"read": staticmethod(away)})()
    with pytest.raises(StorageBusy):
        street.keeper._look_at_some()
    street.keeper._storage = street.storage
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
    pictures = again.keeper._stored_pictures

    def slowly() -> Iterator[list[StoredPicture]]:
        for batch in pictures():
            for stored in batch:
                sleep(0.2)
                yield [stored]
        sleep(0.2)
        yield from slowly()

    again.keeper._stored_pictures = slowly  # type: ignore[method-assign]
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
