"""Words and filters to products: what is found, what is near when nothing is; the database has the last word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commerce.domain.money import Money
from commerce.domain.search import Filters, SearchAnswer, SearchRequest, Why
from tests.unit.discovery.shop_of_a_street import Street, a_product, sizes


def source_ids(answer: SearchAnswer) -> list[str]:
    return [found.product.source_id for found in answer.found]


def nearest_ids(answer: SearchAnswer) -> list[str]:
    return [found.product.source_id for found in answer.nearest]


def asked(words: str = "", **filters: object) -> SearchRequest:
    return SearchRequest(words, "fr", Filters(**filters))  # type: ignore[arg-type]


def only(*words: str) -> frozenset[str]:
    return frozenset(words)


@pytest.mark.parametrize("words", ["robe lain bleu marine", "linnen dress navy", "robe en lin", "navy linen dresses"])
def test_a_slip_in_either_language_finds_the_dress(street: Street, words: str) -> None:
    answer = street.discovery.search(asked(words))
    assert source_ids(answer)[0] == "P1"
    assert answer.found[0].hit.why is Why.WORDS
    assert answer.nearest == ()


def test_what_was_read_is_told(street: Street) -> None:
    assert street.discovery.search(asked("robe lain bleu marine")).read_as == "robe lin bleu marine"
    assert street.discovery.search(asked("linnen dress navy")).read_as == "linen dress navy"


@pytest.mark.parametrize("code", ["P1-NAVY-38", "p1-navy-38", " P1-NAVY-38 "])
def test_a_sku_is_found_first_with_that_variant(street: Street, code: str) -> None:
    answer = street.discovery.search(asked(code))
    assert source_ids(answer)[0] == "P1"
    assert [variant.sku for variant in answer.found[0].variants] == ["P1-NAVY-38"]


def test_a_source_id_and_a_gtin_are_found_first(street: Street) -> None:
    assert source_ids(street.discovery.search(asked("P4")))[0] == "P4"
    product = a_product("P90", ("Foulard", "Scarf"), "scarf", [("red", "", 2500)])
    street.add(replace(product, variants=(replace(product.variants[0], gtin="4006381333931"),)))
    # The database is asked, so it is found before any index knows it.
    assert source_ids(street.discovery.search(asked("4006381333931"))) == ["P90"]
    assert source_ids(street.discovery.search(asked("4006381 333931"))) == ["P90"]


def test_all_conditions_hold_on_one_variant(street: Street) -> None:
    """The jeans exist in blue 38 at 69 and in black 40 at 79: never in black 38."""
    category = only("jeans")
    one = street.discovery.search(asked(categories=category, colours=only("blue"), sizes=only("38")))
    assert source_ids(one) == ["P7"]
    assert [variant.sku for variant in one.found[0].variants] == ["P7-BLUE-38"]
    none = street.discovery.search(asked(categories=category, colours=only("black"), sizes=only("38")))
    assert none.found == ()
    assert none.broken in {"size", "colour"}
    assert nearest_ids(none) == ["P7"]


def test_blue_includes_navy_and_navy_does_not_include_blue(street: Street) -> None:
    assert set(source_ids(street.discovery.search(asked(colours=only("blue"))))) == {"P1", "P2", "P7"}
    assert set(source_ids(street.discovery.search(asked(colours=only("navy"))))) == {"P1", "P2"}
    assert source_ids(street.discovery.search(asked(categories=only("dress"), without_colours=only("blue")))) == ["P3"]


def test_what_everybody_wears_is_for_women_too(street: Street) -> None:
    found = source_ids(street.discovery.search(asked(genders=only("women"))))
    assert "P6" in found
    assert "P5" not in found


def test_a_budget_out_of_reach_gets_the_real_floor_and_no_dearer_card(street: Street) -> None:
    answer = street.discovery.search(asked(categories=only("dress"), price_max_minor=500))
    assert answer.found == ()
    assert answer.broken == "price"
    assert answer.price_floor == Money(4900, "EUR")
    assert nearest_ids(answer)[0] == "P3"


def test_the_floor_minds_the_words_and_the_stock(street: Street) -> None:
    answer = street.discovery.search(asked("robe", price_max_minor=500, in_stock=True))
    assert answer.broken == "price"
    assert answer.price_floor == Money(5900, "EUR")  # the red dress is cheaper and sold out
    assert nearest_ids(answer) == ["P2", "P1"]


def test_a_least_price_is_broken_without_a_floor(street: Street) -> None:
    answer = street.discovery.search(asked(categories=only("dress"), price_min_minor=50_000))
    assert answer.found == ()
    assert answer.broken == "price"
    assert answer.price_floor is None


def test_the_nearest_break_exactly_one_condition(street: Street) -> None:
    answer = street.discovery.search(asked(categories=only("dress"), colours=only("navy"), sizes=only("46")))
    assert answer.found == ()
    assert answer.broken == "size"
    assert set(nearest_ids(answer)) == {"P1", "P2"}
    assert all(variant.colour == "navy" for found in answer.nearest for variant in found.variants)


def test_sold_out_is_never_shown_as_in_stock(street: Street) -> None:
    assert source_ids(street.discovery.search(asked("robe fleurie", in_stock=True))) == []
    assert source_ids(street.discovery.search(asked("robe fleurie"))) == ["P3"]
    street.set_on_hand("P3-RED-38", "bellecour", 1)
    street.keeper.refresh()
    one = street.discovery.search(asked("robe fleurie", in_stock=True))
    assert [variant.sku for variant in one.found[0].variants] == ["P3-RED-38"]
    assert street.discovery.search(asked("robe fleurie", store_ids=only("part-dieu"))).found == ()
    assert source_ids(street.discovery.search(asked("robe fleurie", store_ids=only("bellecour")))) == ["P3"]


def test_an_index_that_lags_behind_shows_nothing_untrue(street: Street) -> None:
    """No refresh after these changes: the indexes still believe the old facts."""
    street.set_price("P2-NAVY-38", 9900)
    for size in ("36", "40"):
        street.set_price(f"P2-NAVY-{size}", 9900)
    for size in ("36", "38", "40"):
        street.set_on_hand(f"P1-NAVY-{size}", "bellecour", 0)
    cheap = street.discovery.search(asked("robe midi", price_max_minor=6000))
    assert "P2" not in source_ids(cheap)
    there = street.discovery.search(asked("robe midi", in_stock=True))
    assert source_ids(there) == ["P2"]
    assert there.found[0].price_from == Money(9900, "EUR")


def test_nothing_like_it_is_no_answer(street: Street) -> None:
    for words in ("planche de surf", "zzxqw", "parapluie noir"):
        answer = street.discovery.search(asked(words))
        assert answer.found == ()
        assert answer.nearest == () or answer.broken == "words"


def test_words_no_product_has_leave_the_rest_and_are_told(street: Street) -> None:
    answer = street.discovery.search(asked("robe gucci"))
    assert set(source_ids(answer)) == {"P1", "P2", "P3"}
    assert answer.unknown == ("gucci",)


def test_a_colour_we_do_not_have_is_not_passed_over(street: Street) -> None:
    answer = street.discovery.search(asked("robe jaune"))
    assert answer.found == ()
    assert answer.broken == "words"
    assert set(nearest_ids(answer)) <= {"P1", "P2", "P3"}


def test_filters_alone_are_ranked_sensibly(street: Street) -> None:
    answer = street.discovery.search(asked(categories=only("dress")))
    assert set(source_ids(answer)) == {"P1", "P2", "P3"}
    assert source_ids(answer)[-1] == "P3"  # sold out
    assert answer == street.discovery.search(asked(categories=only("dress")))
    everything = street.discovery.search(asked())
    assert len(everything.found) == 6  # whatever can be had
    brands = [found.product.brand for found in everything.found]
    assert len(set(brands[:3])) == 3


def test_pages_do_not_overlap_and_cover_everything(street: Street) -> None:
    for number in range(40):
        title = (f"Foulard soie {number}", f"Silk scarf {number}")
        street.add(a_product(f"S{number}", title, "scarf", [("red", "", 2000 + number)]))
    street.keeper.refresh()
    for words in ("", "silk scarf"):
        seen: list[str] = []
        for offset in range(0, 45, 9):
            request = SearchRequest(words, "en", Filters(categories=only("scarf")), limit=9, offset=offset)
            answer = street.discovery.search(request)
            assert answer.total == 40
            assert answer.nearest == ()
            seen += source_ids(answer)
        assert len(seen) == len(set(seen)) == 40


def test_only_among_those_shown(street: Street) -> None:
    p1, p2 = street.ids("P1", "P2")
    request = asked("robe", product_ids=frozenset({p1, p2}), price_max_minor=6000)
    assert source_ids(street.discovery.search(request)) == ["P2"]


def test_similar_by_what_is_known_of_them(street: Street) -> None:
    (p1,) = street.ids("P1")
    answer = street.discovery.similar(p1, SearchRequest(language="fr"))
    assert source_ids(answer)[0] == "P2"  # navy, in stock; the red one is sold out
    assert "P1" not in source_ids(answer)
    assert {found.hit.why for found in answer.found} == {Why.ATTRIBUTES}
    cheap = street.discovery.similar(p1, asked(price_max_minor=6000, in_stock=True))
    assert source_ids(cheap) == ["P2"]
    none = street.discovery.similar(p1, asked(price_max_minor=100))
    assert none.found == ()
    assert none.broken == "price"
    assert none.price_floor == Money(4900, "EUR")
    assert street.discovery.similar(999_999, SearchRequest()).found == ()


def test_a_new_size_shows_after_a_refresh(street: Street) -> None:
    wanted = asked(categories=only("coat"))
    assert street.discovery.search(wanted).found == ()
    street.add(a_product("P50", ("Manteau", "Coat"), "coat", sizes("black", 19900)))
    assert street.keeper.refresh() >= 1
    assert source_ids(street.discovery.search(wanted)) == ["P50"]
    assert street.keeper.refresh() == 0
