"""Words laid beside a photo, with an encoder that reads them: the colour of a picture, and the names of colours."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commerce.domain.search import SearchAnswer, SearchRequest
from commerce.image_matching import EyesImageMatcher
from commerce.media import FileMediaStore
from commerce.ports import SeenPhoto
from commerce.storage import open_storage
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes
from visual_search.api import Eyes
from visual_search.choice import Choice
from visual_search.encoders.base import Bands
from visual_search.imagining import imagined
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.sight import Sight
from visual_search.stores import FileIndexStore
from visual_search.values import Pixels, Subject, Vectors

SEEN_AS = {"plain": (40, 60, 140), "floral": (200, 60, 140), "striped": (40, 200, 140)}


class MeanColour:
    """Keeps the promises of `visual_search.encoders.base.Encoder`. A text is the mean of the words it knows."""

    name, revision, dimension, input_px = "mean-colour", "1", 4, 16
    bands = Bands(0.995, 0.95)
    reads_words = True

    def describe(self) -> str:
        return "The mean colour of a picture."

    def encode(self, pixels: Pixels) -> Vectors:
        mean = pixels.reshape(len(pixels), -1, 3).mean(axis=1) / 255 - 0.5
        rows = np.concatenate([mean, np.full((len(pixels), 1), 0.5)], axis=1)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        return self.encode(pixels), [Subject("fashion", 1.0, "", 1.0)] * len(pixels)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._read(text) for text in texts])

    def _read(self, text: str) -> Vectors:
        known = [SEEN_AS[word] for word in text.split() if word in SEEN_AS] or [SEEN_AS["plain"]]
        mean = self.encode(np.array(known, np.uint8).reshape(-1, 1, 1, 3)).mean(axis=0)
        return (mean / np.linalg.norm(mean)).astype(np.float32)


def plate(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    encoder = MeanColour()
    sight = Sight(encoder, PictureDecoder(encoder.input_px), None)
    eyes = Eyes(FileIndexStore(tmp_path / "eyes"), Choice("mean", lambda name: sight))
    eyes._load()
    storage, media = open_storage(sqlite_url), FileMediaStore(tmp_path / "media")
    opened = open_street(storage, EyesImageMatcher(eyes), media)
    for number, (look, colour) in enumerate(SEEN_AS.items()):
        key = media.put(plate(colour), ".png")
        said = "Top uni" if look == "plain" else "Top"  # nobody wrote that it is floral
        opened.add(a_product(f"L-{look}", (said, said), "shirt", sizes("navy", 2000 + number), pictures=[key]))
    opened.keeper.refresh()
    yield opened
    eyes.close()
    storage.close()


def ask(street: Street, words: str) -> list[str]:
    photo = street.image_matcher.look(plate((44, 62, 143)))  # nearly the plain one
    assert isinstance(photo, SeenPhoto)
    answer = street.discovery.by_photo(photo, SearchRequest(words=words))
    assert isinstance(answer, SearchAnswer)
    return [found.product.source_id for found in answer.found]


def test_words_move_the_picture(street: Street) -> None:
    assert ask(street, "")[0] == "L-plain"
    assert ask(street, "floral")[0] == "L-floral"
    assert ask(street, "striped")[0] == "L-striped"


def test_what_the_catalogue_says_comes_before_what_only_looks_so(street: Street) -> None:
    key = street.media.put(plate((90, 90, 90)), ".png")
    street.add(a_product("L-said", ("Top floral", "Floral top"), "shirt", sizes("navy", 2100), pictures=[key]))
    street.keeper.refresh()
    assert ask(street, "floral")[:2] == ["L-said", "L-floral"]


def test_only_the_difference_of_the_texts_counts() -> None:
    encoder = MeanColour()
    picture = encoder.encode(np.full((1, 8, 8, 3), 90, np.uint8))[0]
    assert np.allclose(imagined(encoder, picture, "plain", "plain"), picture, atol=1e-6)
    moved = imagined(encoder, picture, "floral", "plain")
    assert abs(float(np.linalg.norm(moved)) - 1) < 1e-5
    floral = encoder.encode_words(["floral"])[0]
    assert float(moved @ floral) > float(picture @ floral)
