"""Photos to products with the encoder that ships: the very picture first, filters inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commerce.domain.search import Filters, SearchAnswer, SearchRequest, Shared, Why
from commerce.image_matching import over_eyes
from commerce.ports import NotSeen, SeenGarment, SeenPhoto
from commerce.services import resembling
from tests.unit.discovery.seeing_street import COLOURS, open_seeing_street, picture, seen, source_ids
from tests.unit.discovery.shop_of_a_street import Street, a_product, sizes
from visual_search.values import PictureRefused, Seen
from vitrine.prove._hostile_pictures import photo


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    with open_seeing_street(sqlite_url, tmp_path) as opened:
        yield opened


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


@pytest.mark.parametrize("is_right", ["whole", "part"])
def test_a_photo_is_searched_whole_or_with_its_part_whichever_comes_nearer(
    street: Street, monkeypatch: pytest.MonkeyPatch, is_right: str
) -> None:
    """The eyes are real but for what they say of this photo: either it or the part found in it is like a product."""
    matcher = street.image_matcher
    assert isinstance(matcher, over_eyes.EyesImageMatcher)
    ours = seen(street, picture(0)).vector
    nothing = np.zeros_like(ours)
    nothing[int(np.argmin(np.abs(ours)))] = 1
    look = matcher._eyes.look

    def told(data: bytes) -> Seen | PictureRefused:
        was = look(data)
        assert isinstance(was, Seen)
        whole, part = (ours, nothing) if is_right == "whole" else (nothing, ours)
        return replace(was, whole=whole, vector=part, subject=replace(was.subject, verdict="fashion"))

    monkeypatch.setattr(matcher._eyes, "look", told)
    assert (seen(street, picture(40)).vector == ours).all()


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
