"""Where the shop cannot see: an honest "off" with the reason."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commerce.domain.product import Product
from commerce.domain.search import Hit
from commerce.errors import IndexNotBuilt
from commerce.ports import KindWords, NotSeen, PartOfPicture, SeenPhoto, StoredPicture, Taught
from commerce.ports.teaching import Progress

if TYPE_CHECKING:
    from visual_search.preprocess.decoder import PictureDecoder

Ids = NDArray[np.int64]
_SIDE_PX = 32  # of the square that nobody looks at here


class NoImageMatcher:
    """`commerce.ports.ImageMatcher` of a shop that cannot see."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._decoder: PictureDecoder | None = None
        self._opening = threading.Lock()

    reads_words = False

    def look(self, data: bytes, part: PartOfPicture | None = None) -> SeenPhoto | NotSeen:
        return NotSeen.OFF

    def clean(self, data: bytes) -> bytes:
        """People look at pictures where the shop cannot."""
        decoder = self._opened()
        if decoder is None:
            return b""
        from visual_search.errors import EyesUnavailable
        from visual_search.values import PictureRefused

        try:
            picture = decoder.read(data)
        except EyesUnavailable:
            return b""
        return b"" if isinstance(picture, PictureRefused) else picture.clean

    def _opened(self) -> PictureDecoder | None:
        """At the first picture; None where a library is missing."""
        with self._opening:
            if self._decoder is None:
                try:
                    from visual_search.preprocess.decoder import PictureDecoder
                except ImportError:
                    return None
                self._decoder = PictureDecoder(_SIDE_PX, children=1)
            return self._decoder

    def match(
        self, photo: SeenPhoto, *, limit: int, allowed: Ids | None = None, words: str = "", instead_of: str = ""
    ) -> tuple[Hit, ...] | NotSeen:
        return NotSeen.OFF

    def numbered(self, photo: SeenPhoto, parts: Sequence[PartOfPicture]) -> bytes:
        return b""

    def similar_to(self, product_id: int, *, limit: int, allowed: Ids | None = None) -> tuple[Hit, ...]:
        return ()

    def learn(self, owners: Iterable[tuple[int, int]]) -> None:
        pass

    def pictures_of(self, product_id: int) -> frozenset[int]:
        return frozenset()

    def add(self, pictures: Iterable[tuple[StoredPicture, bytes]]) -> None:
        pass

    def remove(self, picture_ids: Iterable[int]) -> None:
        pass

    def covers(self) -> int | None:
        return None

    def rebuild(
        self,
        pictures: Iterable[tuple[StoredPicture, bytes]],
        change_seq: int,
        on_progress: Callable[[int], None] | None = None,
    ) -> int:
        raise IndexNotBuilt(self._reason)

    def save(self, change_seq: int) -> None:
        pass

    def take_over(self) -> bool:
        return False

    def forget_unknown(self) -> None:
        pass

    def needs_rebuild(self) -> bool:
        return False

    def showing_nothing_to_wear(self, pictures: Iterable[bytes]) -> Iterator[bool]:
        return iter(())

    def want(self, encoder: str, why: str) -> None:
        pass

    def teach(
        self,
        products: Sequence[Product],
        words: Sequence[KindWords],
        read: Callable[[int], bytes | None],
        on_progress: Progress,
        *,
        apply: bool,
    ) -> Taught:
        raise IndexNotBuilt(self._reason)

    def forget(self) -> bool:
        raise IndexNotBuilt(self._reason)

    def describe(self) -> Mapping[str, object]:
        return {
            "state": "off",
            "reason": self._reason,
            "encoder": "",
            "revision": "",
            "pictures": 0,
            "next_encoder": "",
            "next_pictures": 0,
            "why": "",
        }

    def verify(self) -> Mapping[str, object]:
        return self.describe()

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
