"""A pair is one article, two pairs are two; a dress is one, a top above a skirt two: what is suspected, how it is
judged, then the finder with both."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_search.api import Eyes
from visual_search.preprocess.limits import Resize
from visual_search.regions.choosing import Rule
from visual_search.regions.evidence import Evidence, gather
from visual_search.regions.finder import GarmentFinder
from visual_search.regions.joining import is_one, suspects
from visual_search.regions.kinds import IN_PAIRS, KINDS, LONG, NOTHING, SEVERAL, WIDER
from visual_search.regions.layers import Floats
from visual_search.regions.model import load_ranker
from visual_search.regions.scoring import CLASSES
from visual_search.training.scenes import SceneMaker, cut_out
from visual_search.training.shared_data import catalogue, phone_photos
from visual_search.values import Box, Garment, Pixels, Seen, Subject, Vectors

SAND, RED, BROWN = (205, 190, 160), (180, 20, 30), (90, 60, 30)
Thing = tuple[tuple[int, int, int, int], tuple[int, int, int]]
LEFT, RIGHT = (30, 100, 90, 240), (110, 90, 170, 235)
ABOVE, BELOW = (60, 60, 140, 140), (50, 170, 150, 260)


def view_of(*things: Thing) -> Pixels:
    """300 x 200, sand with coloured rectangles."""
    view = np.full((300, 200, 3), SAND, np.uint8)
    for (left, top, right, bottom), colour in things:
        view[top:bottom, left:right] = colour
    return view


def suspected(*things: Thing) -> list[tuple[int, int]]:
    boxes = np.array([box for box, _ in things], np.float32).reshape(-1, 4) / (200, 300, 200, 300)
    return list(suspects(view_of(*things), boxes.astype(np.float32)))


def test_two_of_one_look_near_each_other_are_suspected() -> None:
    assert suspected((LEFT, RED), (RIGHT, RED)) == suspected((ABOVE, RED), (BELOW, RED)) == [(0, 1)]
    assert suspected((LEFT, RED), ((35, 20, 95, 90), BROWN), (RIGHT, RED)) == [(0, 2)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((RIGHT, BROWN), id="of another colour"),
        pytest.param(((170, 10, 200, 90), RED), id="far away"),
        pytest.param(((110, 180, 150, 235), RED), id="much smaller"),
    ],
)
def test_others_are_not(other: Thing) -> None:
    assert suspected((LEFT, RED), other) == []


def test_one_or_none_is_not_suspected() -> None:
    assert suspected((LEFT, RED)) == suspected() == []


def shares(**given: float) -> Floats:
    rest = 1 - sum(given.values())
    return np.array([given.get(name, rest / (len(CLASSES) - len(given))) for name in CLASSES], np.float32)


def garment(kind: str, score: float, box: tuple[float, float, float, float]) -> Garment:
    return Garment(Box(*box), kind, score, np.ones(1, np.float32))


def beside(both: Floats, first: str, second: str, sure: float = 0.4) -> bool:
    return is_one(both, garment(first, sure, (0, 0, 0.5, 1)), garment(second, 0.95, (0.5, 0, 1, 1)))


def above(both: Floats, first: str, second: str, sure: float = 0.4) -> bool:
    return is_one(both, garment(first, 0.95, (0.2, 0, 0.8, 0.45)), garment(second, sure, (0.1, 0.4, 0.9, 1)))


def test_what_holds_a_pair_is_one_thing_of_a_kind_that_comes_in_pairs() -> None:
    assert set(KINDS) > IN_PAIRS and set(WIDER["shoes"]) < IN_PAIRS
    assert beside(shares(sneakers=0.9), "sneakers", "sneakers")
    assert beside(shares(sneakers=0.3, heels=0.3, sandals=0.3), "shoes", "heels")
    assert not beside(shares(tshirt=0.9), "tshirt", "tshirt")
    assert not beside(shares(sneakers=0.49, several=0.5), "sneakers", "sneakers")


def test_what_is_long_may_fall_in_a_top_and_a_skirt() -> None:
    assert set(KINDS) > LONG and LONG.isdisjoint(IN_PAIRS)
    assert above(shares(dress=0.9), "tshirt", "skirt") and above(shares(jacket=0.9), "clothing", "jacket")
    assert not above(shares(trousers=0.9), "tshirt", "trousers")
    assert not above(shares(dress=0.49, several=0.5), "tshirt", "skirt")
    assert not beside(shares(dress=0.9), "dress", "dress")


def test_one_is_as_sure_as_the_less_sure_half() -> None:
    assert beside(shares(sneakers=0.7), "sneakers", "sneakers", sure=0.6)
    assert not beside(shares(sneakers=0.7), "sneakers", "sneakers", sure=0.8)
    assert above(shares(dress=0.7), "top", "skirt", sure=0.6)
    assert not above(shares(dress=0.7), "top", "skirt", sure=0.8)


def test_what_a_half_is_named_counts_only_where_it_comes_in_pairs() -> None:
    both = shares(sneakers=0.9)
    assert beside(both, "cap", "shoes")
    assert not beside(both, "socks", "sneakers")
    assert not beside(both, "sneakers", "heels")
    assert not above(shares(jacket=0.9), "jacket", "formal_shoes")


class Filled:
    """Sees how much of a picture is no sand, and no colours."""

    name, revision, dimension, input_px, resize, reads_words, bands = "filled", "1", 2, 32, Resize(), False, None

    def describe(self) -> str:
        return "how much is no sand"

    def encode(self, pixels: Pixels) -> Vectors:
        angle = (np.abs(pixels.astype(int) - SAND).sum(-1) > 60).mean((1, 2)) * np.pi / 2
        return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        return self.encode(pixels), []

    def encode_words(self, texts: object) -> Vectors:
        raise AssertionError("it reads no words")


class Halves:
    """Takes what fills its cut-out for a cap, and two of it with a gap for what it was told."""

    def __init__(self, whole: str) -> None:
        self._whole = whole

    def score(self, evidence: Evidence) -> Floats:
        filled = np.arcsin(evidence.vectors[:, 0]) * 2 / np.pi
        return np.stack([self._row(float(share)) for share in filled])

    def _row(self, filled: float) -> Floats:
        if filled < 0.05:
            return shares(**{NOTHING: 0.97})
        if filled < 0.45:
            return shares(**{SEVERAL: 0.97})
        return shares(cap=0.97) if filled > 0.7 else shares(**{self._whole: 0.97})


def found(*things: Thing, whole: str = "sneakers") -> tuple[Garment, ...]:
    encoder = Filled()
    rule = Rule(least=0.0, tightness=2.4, whole=-4.0, extra=0.5, together=0.3, none=-4.0)
    finder = GarmentFinder(encoder, load_ranker(), Halves(whole), rule)
    view = view_of(*things)
    pixels = np.asarray(Image.fromarray(view).resize((32, 32)))[None]
    return finder.find(view, gather(encoder, pixels), "fashion")


def sides(found: Garment) -> tuple[float, float, float, float]:
    return found.box.left, found.box.top, found.box.right, found.box.bottom


def test_two_shoes_are_found_as_one_pair() -> None:
    [pair] = found((LEFT, RED), (RIGHT, RED))
    assert pair.kind == "sneakers"
    assert sides(pair) == pytest.approx((0.15, 0.3, 0.85, 0.8), abs=0.03)


def test_what_is_above_and_below_a_waist_is_found_as_one_dress() -> None:
    [dress] = found((ABOVE, RED), (BELOW, RED), whole="dress")
    assert dress.kind == "dress"
    assert sides(dress) == pytest.approx((0.25, 0.2, 0.75, 0.867), abs=0.03)


def test_two_dresses_side_by_side_are_found_as_two() -> None:
    told = found((LEFT, RED), (RIGHT, RED), whole="dress")
    assert len(told) == 2 and all(garment.box.right - garment.box.left < 0.5 for garment in told)


def test_two_things_of_two_colours_are_found_as_two() -> None:
    told = found((LEFT, RED), (RIGHT, BROWN))
    assert len(told) >= 2 and all(garment.box.right - garment.box.left < 0.5 for garment in told)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eyes]:
    with Eyes.open(tmp_path_factory.mktemp("eyes")) as eyes:
        yield eyes


def count(eyes: Eyes, data: bytes) -> int:
    seen = eyes.look(data)
    assert isinstance(seen, Seen)
    return len(seen.garments)


@pytest.mark.parametrize(("label", "most"), [("Shoes", 0), ("Dress", 1)])
def test_held_out_photos_of_one_show_one_article(eyes: Eyes, shared: Path, label: str, most: int) -> None:
    """None of 34 photos of shoes is several, and of 35 of dresses one, with stripes and a hem of another colour."""
    photos = [one for one in phone_photos(shared / "data") if one.unseen and one.type == label]
    assert sum(count(eyes, photo.data) > 1 for photo in photos) <= most


def test_a_top_above_a_bottom_of_its_colour_is_two(eyes: Eyes, shared: Path) -> None:
    black = [one for one in catalogue(shared / "data") if one.unseen and one.colour == "Black"]
    maker = SceneMaker(black, [one for one in phone_photos(shared / "data") if one.unseen], seed=4)
    told = [count(eyes, maker.outfit(2).jpeg()) for _ in range(12)]
    assert sum(number == 2 for number in told) >= 6, told


def test_red_heels_beside_brown_shoes_are_two(eyes: Eyes, shared: Path) -> None:
    products = [one for one in catalogue(shared / "data") if one.held_out]
    heels, brown = (
        [cut for one in products if (one.type, one.colour) == wanted and (cut := cut_out(one.data))][:10]
        for wanted in (("Heels", "Red"), ("Formal Shoes", "Brown"))
    )
    told = [count(eyes, side_by_side(first, second)) for first, second in zip(heels, brown, strict=False)]
    assert len(told) >= 5 and sum(number >= 2 for number in told) >= 0.7 * len(told), told


def side_by_side(*things: Image.Image) -> bytes:
    canvas = Image.new("RGB", (384, 288), "white")
    for at, thing in enumerate(things):
        scale = 140 / max(thing.size)
        sized = thing.resize((round(thing.width * scale), round(thing.height * scale)), Image.Resampling.BICUBIC)
        canvas.paste(sized, (30 + 180 * at, 80), sized.getchannel("A"))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=90)
    return out.getvalue()
