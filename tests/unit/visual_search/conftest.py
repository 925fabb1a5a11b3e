"""One decoder, one encoder and a small drawn catalogue for the module that needs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from visual_search.encoders.base import Encoder
from visual_search.encoders.registry import open_encoder
from visual_search.preprocess.decoder import PictureDecoder
from vitrine.prove._hostile_pictures import photo


@pytest.fixture(scope="module")
def decoder() -> Iterator[PictureDecoder]:
    with PictureDecoder(160) as decoder:
        yield decoder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return open_encoder()


@pytest.fixture(scope="session")
def drawn() -> list[tuple[int, bytes]]:
    """Twenty drawn pieces of clothing under ids that no position could be mistaken for."""
    return [(10**12 + 7 * seed, photo("PNG", (120, 160), seed)) for seed in range(20)]
