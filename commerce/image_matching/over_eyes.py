"""Photos to products, over the eyes (`visual_search`), which know pictures only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commerce.domain.product import Product
from commerce.domain.search import Hit, Why
from commerce.errors import IndexNotBuilt
from commerce.ports import (
    KindWords,
    NotSeen,
    PartOfPicture,
    SeenGarment,
    SeenPhoto,
    StoredPicture,
    Taught,
)
from commerce.ports.teaching import Progress

if TYPE_CHECKING:
    from visual_search.api import Eyes
    from visual_search.values import Garment, Remembered, Seen, Vectors
    from visual_search.values import Hit as PictureHit

Ids = NDArray[np.int64]

_PICTURES_A_PRODUCT = 4  # asked for beyond the limit: a product may have several among the best
_NEAREST = 3  # shown of a photo that nothing comes close to
_SAME_COLOUR = 0.05  # what is very close is of one colour, which makes it so much more alike
_WHY = {"very_close": Why.VERY_CLOSE, "close": Why.CLOSE, "far": Why.FAR}
_REFUSALS = {
    "too_large_bytes": NotSeen.TOO_LARGE,
    "too_many_pixels": NotSeen.TOO_LARGE,
    "unknown_format": NotSeen.UNKNOWN_FORMAT,
    "unsupported_format": NotSeen.UNKNOWN_FORMAT,
    "damaged": NotSeen.DAMAGED,
    "too_slow": NotSeen.TOO_SLOW,
    "too_small": NotSeen.TOO_SMALL,
}


class EyesImageMatcher:
    """`commerce.ports.ImageMatcher`. Safe for many threads.

    The eyes know pictures by their ids; which product each belongs to is kept here, from the database.
    """

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._owners: dict[int, int] = {}
        self._pictures: dict[int, frozenset[int]] = {}
        self._changing = threading.Lock()
        self._columns: tuple[Ids, Ids] | None = None
        self._why = "named in the settings"

    # Looking

    @property
    def reads_words(self) -> bool:
        """See `commerce.ports.ImageMatcher`."""
        return self._eyes.reads_words

    def look(self, data: bytes, part: PartOfPicture | None = None) -> SeenPhoto | NotSeen:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EyesUnavailable, SeenByAnother
        from visual_search.values import Box, PictureRefused

        try:
            seen = self._eyes.look(data) if part is None else self._eyes.look_at(data, Box(*part))
            if isinstance(seen, PictureRefused):
                return _REFUSALS.get(seen.reason, NotSeen.DAMAGED)
            # A photo of ours is a product whatever it seems to show (a ring, a lipstick), and one alone.
            ours = part is None and bool(self._exact(seen, seen.whole))
            vector = self._nearer(seen, ours)
        except EyesUnavailable:
            return NotSeen.OFF
        except SeenByAnother:  # the encoder was changed at this very moment
            return self.look(data, part)
        garments = () if ours else tuple(map(_garment, seen.garments))
        shows = "fashion" if ours or garments else seen.subject.verdict
        if shows == "other" and not seen.barcodes:
            return NotSeen.NO_PRODUCT
        return SeenPhoto(vector, seen.clean_jpeg, seen.sha256, seen.phash, seen.encoder, garments, seen.barcodes, shows)

    def clean(self, data: bytes) -> bytes:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EyesUnavailable, SeenByAnother
        from visual_search.values import PictureRefused

        try:
            seen = self._eyes.look(data)
        except (EyesUnavailable, SeenByAnother):
            return b""
        return b"" if isinstance(seen, PictureRefused) else seen.clean_jpeg

    def match(
        self, photo: SeenPhoto, *, limit: int, allowed: Ids | None = None, words: str = "", instead_of: str = ""
    ) -> tuple[Hit, ...] | NotSeen:
        """See `commerce.ports.ImageMatcher`. With `allowed`, products that satisfy it but look little like the photo
        come last, marked as far; without, they are left out unless they are all there is."""
        from visual_search.errors import EyesUnavailable, SeenByAnother

        if photo.shows == "other":
            return NotSeen.NO_PRODUCT
        only = photo.garments[0] if len(photo.garments) == 1 else None
        try:
            exact = self._exact(photo) if not words else []
            pictures = self._of_products(allowed)
            wanted = max(limit, 1) * _PICTURES_A_PRODUCT
            if words and self._eyes.reads_words:
                found = self._eyes.search(self._eyes.imagine(photo, words, instead_of), wanted, pictures)
            else:
                found = self._eyes.search(photo, wanted, pictures, only.thumb if only else b"")
        except EyesUnavailable:
            return NotSeen.OFF
        except SeenByAnother:
            again = self.look(photo.clean_jpeg, only.box if only else None) if photo.clean_jpeg else NotSeen.AGAIN
            if isinstance(again, NotSeen):
                return again
            return self.match(again, limit=limit, allowed=allowed, words=words, instead_of=instead_of)
        own = [product for product in exact if allowed is None or _contains(allowed, product)]
        hits = self._by_product(found, limit, first=own, keep_far=allowed is not None)
        if hits or allowed is not None:
            return hits
        if photo.shows != "fashion":
            return NotSeen.NO_PRODUCT
        return self._by_product(found, min(limit, _NEAREST), keep_far=True)

    def numbered(self, photo: SeenPhoto, parts: Sequence[PartOfPicture]) -> bytes:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.retouching import with_numbers
        from visual_search.values import Box

        return with_numbers(photo.clean_jpeg, [Box(*part) for part in parts])

    def similar_to(self, product_id: int, *, limit: int, allowed: Ids | None = None) -> tuple[Hit, ...]:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EyesUnavailable

        try:
            pictures = self._of_products(allowed)
            for picture_id in sorted(self.pictures_of(product_id)):
                found = self._eyes.similar_to(picture_id, (limit + 1) * _PICTURES_A_PRODUCT, pictures)
                if found:
                    return self._by_product(found, limit, without=product_id, keep_far=allowed is not None)
        except EyesUnavailable:
            pass
        return ()

    def _nearer(self, seen: Seen, ours: bool) -> Vectors:
        """Of the whole photo or, where one garment was found in it, of both together: whichever comes nearer to a
        picture of ours. What was found may be a sleeve, and the whole may be mostly a wall."""
        if seen.whole is None or np.array_equal(seen.whole, seen.vector):
            return seen.vector
        if ours:
            return seen.whole
        scores = [
            max((hit.score for hit in self._eyes.search(one, 1)), default=0.0)
            for one in (replace(seen, vector=seen.whole), seen)
        ]
        return seen.whole if scores[0] >= scores[1] else seen.vector

    def _exact(self, seen: Remembered, whole: Vectors | None = None) -> list[int]:
        """Products of whose pictures this is one, each once."""
        owners = (self._owners.get(picture_id) for picture_id in self._eyes.exact(seen, whole))
        return list(dict.fromkeys(owner for owner in owners if owner is not None))

    def _by_product(
        self,
        found: Sequence[PictureHit],
        limit: int,
        *,
        first: Sequence[int] = (),
        without: int | None = None,
        keep_far: bool,
    ) -> tuple[Hit, ...]:
        """One hit a product: that of its best picture."""
        hits = {product: Hit(product, 1.0, Why.EXACT_PICTURE) for product in first}
        for hit in sorted(found, key=lambda hit: hit.score + _SAME_COLOUR * (hit.band == "very_close"), reverse=True):
            product = self._owners.get(hit.picture_id)
            if product is None or product == without or product in hits or (hit.band == "far" and not keep_far):
                continue
            hits[product] = Hit(product, min(1.0, max(0.0, hit.score)), _WHY[hit.band])
        return tuple(hits.values())[:limit]

    def _of_products(self, allowed: Ids | None) -> Ids | None:
        """Pictures of those products; None for None."""
        if allowed is None:
            return None
        columns = self._columns
        if columns is None:
            with self._changing:
                pictures = np.fromiter(self._owners.keys(), np.int64, len(self._owners))
                columns = self._columns = (pictures, np.fromiter(self._owners.values(), np.int64, len(pictures)))
        pictures, owners = columns
        return pictures[_contained(owners, allowed)]

    # Following the catalogue

    def learn(self, owners: Iterable[tuple[int, int]]) -> None:
        """Whose these pictures are: (picture id, product id). Does not look at them."""
        with self._changing:
            for picture_id, product_id in owners:
                self._own(picture_id, product_id)
            self._columns = None

    def pictures_of(self, product_id: int) -> frozenset[int]:
        """Pictures known to be this product's."""
        return self._pictures.get(product_id, frozenset())

    def add(self, pictures: Iterable[tuple[StoredPicture, bytes]]) -> None:
        """Looks at pictures and can find them from then on. One that cannot be read is left out. While the eyes are
        off nothing is added: the rebuild takes everything from the database."""
        from visual_search.errors import EyesUnavailable

        batch = list(pictures)
        self.learn((stored.picture.id, stored.product_id) for stored, _ in batch)
        try:
            self._eyes.add((stored.picture.id, data) for stored, data in batch)
        except EyesUnavailable:
            return

    def remove(self, picture_ids: Iterable[int]) -> None:
        """Unknown ids are no error."""
        from visual_search.errors import EyesUnavailable

        wanted = list(picture_ids)
        try:  # first: should it fail, the keeper asks again for what is known here
            self._eyes.remove(wanted)
        except EyesUnavailable:
            pass
        with self._changing:
            for picture_id in wanted:
                owner = self._owners.pop(picture_id, None)
                if owner is not None:
                    left = self._pictures[owner] - {picture_id}
                    self._pictures[owner] = left
                    if not left:
                        del self._pictures[owner]
            self._columns = None

    def _own(self, picture_id: int, product_id: int) -> None:
        before = self._owners.get(picture_id)
        if before is not None and before != product_id:
            self._pictures[before] = self._pictures[before] - {picture_id}
        self._owners[picture_id] = product_id
        self._pictures[product_id] = self._pictures.get(product_id, frozenset()) | {picture_id}

    def covers(self) -> int | None:
        """The change number up to which the index on disk holds everything; None: it must be built anew first."""
        status = self._eyes.status
        return None if status.state == "off" else status.change_seq

    def take_over(self) -> bool:
        """See `commerce.ports.ImageMatcher`."""
        return self._eyes.take_over()

    def forget_unknown(self) -> None:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EyesUnavailable

        try:
            self._eyes.keep_only(self._owners)
        except EyesUnavailable:
            return

    def needs_rebuild(self) -> bool:
        """See `commerce.ports.ImageMatcher`."""
        return self._eyes.rebuild_is_due

    def showing_nothing_to_wear(self, pictures: Iterable[bytes]) -> Iterator[bool]:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EncoderUnavailable, EyesUnavailable
        from visual_search.survey import showing_nothing_to_wear

        try:
            yield from showing_nothing_to_wear(pictures)
        except (EncoderUnavailable, EyesUnavailable):
            return

    def want(self, encoder: str, why: str) -> None:
        """See `commerce.ports.ImageMatcher`."""
        self._why = why
        self._eyes.want(encoder)

    def rebuild(
        self,
        pictures: Iterable[tuple[StoredPicture, bytes]],
        change_seq: int,
        on_progress: Callable[[int], None] | None = None,
    ) -> int:
        """See `commerce.ports.ImageMatcher`."""
        from visual_search.errors import EyesUnavailable, RebuildRunning

        def one_by_one() -> Iterator[tuple[int, bytes]]:
            for stored, data in pictures:
                self.learn([(stored.picture.id, stored.product_id)])
                yield stored.picture.id, data

        try:
            added = self._eyes.rebuild(one_by_one(), change_seq, on_progress)
        except (EyesUnavailable, RebuildRunning) as refused:
            raise IndexNotBuilt(refused.reason) from refused
        return sum(one.refused is None for one in added)

    def save(self, change_seq: int) -> None:
        """Keeps the index on disk, as covering the catalogue up to that change."""
        from visual_search.errors import EyesUnavailable

        try:
            self._eyes.save(change_seq)
        except EyesUnavailable:
            return

    # Teaching

    def teach(
        self,
        products: Sequence[Product],
        words: Sequence[KindWords],
        read: Callable[[int], bytes | None],
        on_progress: Progress,
        *,
        apply: bool,
    ) -> Taught:
        """See `commerce.ports.Teachable`."""
        from commerce.image_teaching import teach_eyes

        return teach_eyes(self._eyes, products, words, read, on_progress, apply=apply)

    def forget(self) -> bool:
        """See `commerce.ports.Teachable`."""
        return self._eyes.forget()

    def describe(self) -> Mapping[str, object]:
        """See `commerce.ports.ImageMatcher`."""
        status = self._eyes.status
        return {
            "state": status.state,
            "reason": status.reason,
            "encoder": status.encoder,
            "revision": status.revision,
            "pictures": status.count,
            "next_encoder": status.next_encoder,
            "next_pictures": status.next_count,
            "why": self._why,
            "about": self._eyes.describe(),
        }

    def verify(self) -> Mapping[str, object]:
        """Reads the index on disk again and checks every hash. `damage` says what is wrong, '' when nothing is."""
        from visual_search.errors import SnapshotDamaged

        try:
            return {**self.describe(), "pictures_on_disk": self._eyes.verify(), "damage": ""}
        except SnapshotDamaged as damaged:
            return {**self.describe(), "pictures_on_disk": 0, "damage": damaged.reason}

    def close(self) -> None:
        """Ends the children that read pictures."""
        self._eyes.close()


def _garment(found: Garment) -> SeenGarment:
    box = found.box
    return SeenGarment((box.left, box.top, box.right, box.bottom), found.kind, found.vector, found.thumb)


def _contains(allowed: Ids, product_id: int) -> bool:
    return bool(_contained(np.array([product_id], np.int64), allowed)[0])


def _contained(values: Ids, allowed: Ids) -> NDArray[np.bool_]:
    """Which values are among the sorted ids."""
    if not len(allowed):
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(allowed, values)
    places[places == len(allowed)] = 0
    inside: NDArray[np.bool_] = allowed[places] == values
    return inside
