"""What is alike in another colour is not very close."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commerce.domain.search import Why
from commerce.image_matching import EyesImageMatcher
from commerce.lexicon import lexicon
from commerce.ports import SeenPhoto
from visual_search.api import Eyes
from visual_search.choice import Choice
from visual_search.encoders.base import Bands
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.preprocess.limits import Resize
from visual_search.same_colour import LOOKED_AT, WORDS, by_thumbs, by_words
from visual_search.sight import Sight
from visual_search.stores import FileIndexStore
from visual_search.training.colours import FAMILIES
from visual_search.values import Band, Box, Pixels, Seen, Subject, Vectors

Rgb = tuple[int, int, int]
RED, BLACK, BLUE, WHITE, CREAM = (190, 30, 40), (25, 25, 28), (40, 70, 170), (255, 255, 255), (240, 228, 200)
WALL, FLOOR = (196, 200, 208), (150, 108, 70)


class Shape:
    """Keeps the promises of `visual_search.encoders.base.Encoder`. To it all things are alike, whatever their colour;
    in three numbers of little weight it knows black, red and blue, and calls them so."""

    name, revision, dimension, input_px, resize = "shape", "1", 5, 16, Resize()

    def __init__(self, same_colour: float | None, *, reads_words: bool = True) -> None:
        self.bands = Bands(0.6, 0.4, same_colour)
        self.reads_words = reads_words

    def describe(self) -> str:
        return "Everything is alike."

    def encode(self, pixels: Pixels) -> Vectors:
        middle = pixels[:, 7:9, 7:9].reshape(len(pixels), -1, 3).mean(axis=1)
        known = np.array([BLACK, RED, BLUE])
        nearest = np.eye(3)[np.linalg.norm(middle[:, None] - known, axis=2).argmin(axis=1)]
        return _unit(np.concatenate([0.2 * nearest, np.ones((len(pixels), 1)), np.zeros((len(pixels), 1))], axis=1))

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        return self.encode(pixels), [Subject("fashion", 1.0, "", 1.0)] * len(pixels)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        if not self.reads_words:
            raise EncoderUnavailable("no words")
        known = {"black": 0, "noir": 0, "red": 1, "rouge": 1, "blue": 2, "bleu": 2}
        return np.eye(5, dtype=np.float32)[[known.get(text, 4) for text in texts]]


def _unit(rows: np.ndarray) -> Vectors:  # type: ignore[type-arg]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def picture(colour: Rgb, wall: Rgb = WHITE, beside: Rgb | None = None) -> Image.Image:
    """A thing in the middle; with `beside` two, one in either half."""
    image = Image.new("RGB", (160, 160), wall)
    image.paste(colour, (40, 30, 120, 130) if beside is None else (10, 30, 70, 130))
    if beside is not None:
        image.paste(beside, (90, 30, 150, 130))
    return image


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def thumb(image: Image.Image) -> bytes:
    return image.resize((8, 8), Image.Resampling.BOX).tobytes()


def agree(one: Image.Image, other: Image.Image) -> float:
    return float(by_thumbs(thumb(one), np.frombuffer(thumb(other), np.uint8)[None])[0])


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Callable[[Shape], Eyes]]:
    opened = []

    def eyes_of(encoder: Shape) -> Eyes:
        sight = Sight(encoder, PictureDecoder(encoder.input_px), None)
        eyes = Eyes(FileIndexStore(tmp_path / str(len(opened))), Choice("shape", lambda name: sight))
        eyes._load()
        opened.append(eyes)
        return eyes

    yield eyes_of
    for eyes in opened:
        eyes.close()


def seen(eyes: Eyes, image: Image.Image) -> Seen:
    found = eyes.look(png(image))
    assert isinstance(found, Seen)
    return found


def bands(eyes: Eyes, query: Seen | Vectors, thumb: bytes = b"") -> dict[int, Band]:
    return {hit.picture_id: hit.band for hit in eyes.search(query, 1_000, thumb=thumb)}


def test_the_colours_asked_for_are_families_of_the_shops_lexicon() -> None:
    words = lexicon()
    for english, french in WORDS:
        key = words.colour_of(english, language="en")
        assert key is not None and key == words.colour_of(french, language="fr") == words.colour_family(key)


def test_what_is_measured_counts_in_families_of_the_shops_lexicon_too() -> None:
    words = lexicon()
    for family, sellers in FAMILIES.items():
        keys = {words.colour_of(seller, language="en") or "" for seller in sellers}
        assert {words.colour_family(key) for key in keys} <= ({"grey", "silver"} if family == "grey" else {family})
    assert len({seller for sellers in FAMILIES.values() for seller in sellers}) == 46, "all but NA"


def test_thumbs_tell_colours_apart_before_any_background() -> None:
    for colour in (RED, BLACK, BLUE, CREAM):
        assert agree(picture(colour), picture(colour)) == pytest.approx(1, abs=1e-4)
        assert agree(picture(colour, FLOOR), picture(colour)) > 0.6
    assert agree(picture(BLACK, WALL), picture(CREAM)) < 0.1
    assert agree(picture(RED, FLOOR), picture(BLUE)) < 0.1
    darker = picture(RED, WALL).point(lambda level: level * 9 // 10)
    assert agree(darker, picture(RED)) > 0.5, "a little less light is no other colour"


def test_words_are_compared_with_one_another_and_not_by_how_near_they_come() -> None:
    words = np.eye(6, dtype=np.float32)[:4]
    sure = np.array([[0.6, 0.1, 0.1, 0.1, 0, 0.77], [0.1, 0.6, 0.1, 0.1, 0, 0.77]], np.float32)
    vague = np.array([0.16, 0.06, 0.06, 0.06, 0.97, 0], np.float32)
    assert by_words(words, sure[0], sure)[0] > 0.8 > 0.1 > by_words(words, sure[0], sure)[1]
    assert by_words(words, vague, sure) == pytest.approx(by_words(words, sure[0], sure), abs=0.02)


@pytest.mark.parametrize("encoder", [Shape(0.5), Shape(None), Shape(0.5, reads_words=False)])
def test_another_colour_is_close_at_most(looking: Callable[[Shape], Eyes], encoder: Shape) -> None:
    eyes = looking(encoder)
    eyes.add([(1, png(picture(BLACK))), (2, png(picture(RED))), (3, png(picture(BLUE)))])
    assert bands(eyes, seen(eyes, picture(BLACK, FLOOR))) == {1: "very_close", 2: "close", 3: "close"}
    assert bands(eyes, seen(eyes, picture(RED, FLOOR))) == {1: "close", 2: "very_close", 3: "close"}
    assert {hit.picture_id: hit.band for hit in eyes.similar_to(1, 5)} == {2: "close", 3: "close"}


def test_the_part_that_is_meant_has_the_colour(looking: Callable[[Shape], Eyes]) -> None:
    eyes = looking(Shape(None))
    eyes.add([(1, png(picture(BLACK))), (2, png(picture(RED)))])
    outfit = png(picture(RED, WALL, beside=BLACK))
    for side, band in ((0.05, {1: "close", 2: "very_close"}), (0.55, {1: "very_close", 2: "close"})):
        part = eyes.look_at(outfit, Box(side, 0.1, side + 0.4, 0.9))
        assert isinstance(part, Seen)
        assert bands(eyes, part, part.garments[0].thumb) == band


def test_a_picture_moved_by_words_has_the_colour_that_was_asked_for(looking: Callable[[Shape], Eyes]) -> None:
    eyes = looking(Shape(0.5))
    eyes.add([(1, png(picture(BLACK))), (2, png(picture(RED))), (3, png(picture(BLUE)))])
    moved = eyes.imagine(seen(eyes, picture(BLACK)), "red", "black")
    assert bands(eyes, moved) == {1: "close", 2: "very_close", 3: "close"}


def test_with_neither_words_nor_a_thumb_likeness_alone_decides(looking: Callable[[Shape], Eyes]) -> None:
    eyes = looking(Shape(None))
    eyes.add([(1, png(picture(BLACK))), (2, png(picture(RED)))])
    assert bands(eyes, seen(eyes, picture(BLACK)).vector) == {1: "very_close", 2: "very_close"}


def test_only_the_nearest_are_looked_at(looking: Callable[[Shape], Eyes]) -> None:
    eyes = looking(Shape(0.5))
    eyes.add((number, png(picture(BLACK))) for number in range(LOOKED_AT + 20))
    found = list(bands(eyes, seen(eyes, picture(BLACK, FLOOR))).values())
    assert found == ["very_close"] * LOOKED_AT + ["close"] * 20


def test_one_colour_comes_before_a_little_more_likeness(looking: Callable[[Shape], Eyes]) -> None:
    eyes = looking(Shape(None))
    of_its_colour = picture(CREAM)
    of_its_colour.paste(BLACK, (70, 70, 90, 90))  # a print that makes it less alike
    eyes.add([(1, png(picture(BLUE))), (2, png(of_its_colour))])
    matcher = EyesImageMatcher(eyes)
    matcher.learn([(1, 11), (2, 12)])
    photo = matcher.look(png(picture(CREAM, FLOOR)))
    assert isinstance(photo, SeenPhoto)
    first, second = matcher.match(photo, limit=5)  # type: ignore[misc]
    assert (first.product_id, first.why, second.product_id, second.why) == (12, Why.VERY_CLOSE, 11, Why.CLOSE)
    assert first.score < second.score < first.score + 0.05
