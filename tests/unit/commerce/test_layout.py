"""Pages of chosen products: every photo has a place, inside of its page, beside the others, in reading order."""

from __future__ import annotations

from itertools import combinations

import pytest

from commerce.domain.layout import (
    COVER_PX,
    HEIGHT_PX,
    LARGEST_SCALE,
    SHOP_NAME,
    TITLE,
    WIDTH_PX,
    Cover,
    Density,
    cover_for,
    pages_for,
    with_caption,
)
from commerce.domain.lookbook import Region
from commerce.domain.sheet import Box

TINY, MIDDLE, LARGE = (60, 80), (240, 320), (900, 1200)


def apart(one: Region, other: Region) -> bool:
    across = one.x_frac + one.width_frac <= other.x_frac + 1e-9 or other.x_frac + other.width_frac <= one.x_frac + 1e-9
    down = one.y_frac + one.height_frac <= other.y_frac + 1e-9 or other.y_frac + other.height_frac <= one.y_frac + 1e-9
    return across or down


@pytest.mark.parametrize("density", list(Density))
@pytest.mark.parametrize("size", [TINY, MIDDLE, LARGE, (1200, 300), (50, 900)])
def test_every_photo_has_a_place_of_its_own(density: Density, size: tuple[int, int]) -> None:
    for count in range(1, 60):
        pages = pages_for([size] * count, density)
        assert sum(map(len, pages)) == count
        for places in pages:
            regions = [with_caption(box) for box in places]  # raises for one that is not inside
            assert all(apart(one, other) for one, other in combinations(regions, 2)), places


@pytest.mark.parametrize("density", list(Density))
def test_large_photos_are_shown_large_and_small_ones_small(density: Density) -> None:
    large = [box for places in pages_for([LARGE] * 30, density) for box in places]
    tiny = [box for places in pages_for([TINY] * 30, density) for box in places]
    assert max(box.width_px for box in large) > 600
    assert max(box.width_px for box in tiny) <= 60 * LARGEST_SCALE / 0.7  # so much of a place is filled at least


def test_a_rhythm_rather_than_a_grid() -> None:
    assert len(set(pages_for([LARGE] * 40, Density.MIXED))) >= 5
    assert [len(places) for places in pages_for([TINY] * 24, Density.MIXED)] == [8, 6, 7, 3]
    assert len(pages_for([LARGE] * 40, Density.AIRY)) > len(pages_for([LARGE] * 40, Density.DENSE))


def test_no_page_of_small_photos_is_nearly_empty() -> None:
    for density in Density:
        for count in range(3, 80):
            assert min(map(len, pages_for([TINY] * count, density))) > 1, (density, count)


def test_one_small_photo_among_large_ones_is_no_reason_to_blow_it_up() -> None:
    sizes = [LARGE] * 4 + [TINY] + [LARGE] * 7
    placed = [box for places in pages_for(sizes, Density.MIXED) for box in places]
    assert placed[4].width_px <= 340
    assert max(box.width_px for box in placed) > 600


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 9, 12, 19, 20, 120])
@pytest.mark.parametrize("size", [TINY, MIDDLE, LARGE])
@pytest.mark.parametrize("cover", list(Cover))
def test_a_cover(cover: Cover, size: tuple[int, int], count: int) -> None:
    places = cover_for([size] * count, cover)
    if cover is Cover.NONE:
        assert places == ()
        return
    assert 1 <= len(places) <= count
    assert len(places) == 1 or cover is Cover.MANY or size != LARGE
    regions = [box.of(WIDTH_PX, HEIGHT_PX) for box in places]
    assert all(apart(one, other) for one, other in combinations([*regions, TITLE], 2))
    assert sum(box.width_px * box.height_px for box in places) == WIDTH_PX * COVER_PX  # no gap
    assert apart(TITLE, SHOP_NAME.of(WIDTH_PX, HEIGHT_PX))


def test_a_box_is_a_part_of_a_page() -> None:
    assert Box(120, 160, 600, 800).of(1200, 1600) == Region(0.1, 0.1, 0.5, 0.5)
    with pytest.raises(ValueError, match="not a part"):
        Box(700, 0, 600, 800).of(1200, 1600)
