"""An encoder with the children that prepare its pictures: what looks. Vectors of two sights never meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from visual_search.errors import SeenByAnother
from visual_search.marks import SHA_BYTES
from visual_search.preprocess.limits import THUMB_PX, Limits
from visual_search.same_colour import LOOKED_AT, Colours
from visual_search.snapshot import MadeBy, Snapshot
from visual_search.values import Box, Garment, Hit, Ids, PictureRefused, Pixels, Remembered, Seen, Subject, Vectors

if TYPE_CHECKING:
    from visual_search.encoders.base import Bands, Encoder
    from visual_search.gallery import Gallery
    from visual_search.preprocess.decoder import PictureDecoder
    from visual_search.regions.boxes import Boxes
    from visual_search.regions.evidence import Evidence
    from visual_search.regions.finder import GarmentFinder

_LARGE = 1_000
_FILLS = 0.9
"""A box of so much of the photo is the photo."""
_NAMED = 0.35
"""A part that is named less surely may be anything, and the photo as a whole says more."""
_COUNT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Thread-safe."""

    encoder: Encoder
    decoder: PictureDecoder
    finder: GarmentFinder | None
    """None where nothing can look for single garments in a photo."""

    @classmethod
    def open(cls, name: str, limits: Limits | None, children: int, fits: Path | None = None) -> Sight:
        """`fits`: where to look for what an encoder was taught of the catalogue. Raises EncoderUnavailable."""
        from visual_search.encoders.fitted import shipped
        from visual_search.encoders.registry import open_encoder
        from visual_search.preprocess.decoder import PictureDecoder
        from visual_search.regions.finder import open_finder

        encoder = open_encoder(name, fits)
        decoder = PictureDecoder(encoder.input_px, limits, children, encoder.resize)
        return cls(encoder, decoder, open_finder(shipped(encoder)))

    @property
    def id(self) -> str:
        """The encoder and its revision, as `Seen.encoder` tells it."""
        return f"{self.encoder.name}:{self.encoder.revision}"

    @property
    def made_by(self) -> MadeBy:
        """What an index of its vectors says of itself."""
        return MadeBy(self.encoder.name, self.encoder.revision, self.encoder.dimension)

    def look(self, data: bytes) -> Seen | PictureRefused:
        """See `Eyes.look`."""
        from visual_search.regions.evidence import gather

        picture = self.decoder.read_to_look(data)
        if isinstance(picture, PictureRefused):
            return picture
        whole = gather(self.encoder, picture.pixels[None])
        subject = self._subject(whole, picture.pixels)
        garments: tuple[Garment, ...] = ()
        if self.finder is not None and picture.view is not None and subject.verdict != "other":
            ours = self.finder.encoder is self.encoder
            garments = self.finder.find(
                picture.view, whole if ours else gather(self.finder.encoder, picture.pixels[None]), subject.verdict
            )
            if garments and not ours:
                garments = self._encoded(picture.view, garments)
            if garments:
                garments = _with_thumbs(picture.view, garments)
            elif subject.verdict == "unsure":  # two witnesses, and neither knows of anything to wear
                subject = replace(subject, verdict="other")
        vector = whole.vectors[0]
        if len(garments) == 1 and garments[0].box.area < _FILLS and garments[0].score >= _NAMED:
            both = vector + garments[0].vector
            vector = both / np.linalg.norm(both)
        return Seen(vector, picture, subject, garments, self.id, whole.vectors[0])

    def look_at(self, data: bytes, box: Box) -> Seen | PictureRefused:
        """See `Eyes.look_at`."""
        from visual_search.regions.boxes import WHOLE_BOX
        from visual_search.regions.cutting import cut
        from visual_search.regions.evidence import gather

        if not (0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1):
            raise ValueError(f"{box} is no part of a picture")
        picture = self.decoder.read_to_look(data, box)
        if isinstance(picture, PictureRefused):
            return picture
        assert picture.view is not None
        pixels = cut(picture.view, WHOLE_BOX, self.encoder.input_px)
        part = gather(self.encoder, pixels)
        garment = Garment(box, "", 0.0, part.vectors[0])
        if self.finder is not None:
            ours = self.finder.encoder is self.encoder
            named = self.finder.name(box, part if ours else gather(self.finder.encoder, pixels))
            garment = replace(named, vector=part.vectors[0])
        garments = _with_thumbs(picture.view, (garment,), WHOLE_BOX)
        return Seen(part.vectors[0], picture, self._subject(part, pixels[0]), garments, self.id)

    def _subject(self, evidence: Evidence, pixels: Pixels) -> Subject:
        """Of the one picture."""
        return evidence.subjects[0] if evidence.subjects else self.encoder.encode_and_judge(pixels[None])[1][0]

    def _encoded(self, view: Pixels, garments: tuple[Garment, ...]) -> tuple[Garment, ...]:
        """The same garments with this encoder's vectors."""
        from visual_search.regions.boxes import as_array
        from visual_search.regions.cutting import cut

        boxes = np.stack([as_array(garment.box) for garment in garments])
        vectors = self.encoder.encode(cut(view, boxes, self.encoder.input_px))
        return tuple(replace(garment, vector=row) for garment, row in zip(garments, vectors, strict=True))


def _with_thumbs(view: Pixels, garments: tuple[Garment, ...], boxes: Boxes | None = None) -> tuple[Garment, ...]:
    """`boxes`: where they lie in the view, unless that is of the whole photo."""
    from visual_search.regions.boxes import as_array
    from visual_search.regions.cutting import cut

    places = np.stack([as_array(garment.box) for garment in garments]) if boxes is None else boxes
    thumbs = cut(view, places, THUMB_PX)
    return tuple(replace(garment, thumb=thumb.tobytes()) for garment, thumb in zip(garments, thumbs, strict=True))


class Serving:
    """What answers now: a sight and the index it made. Replaced as one, so that no search sees half a change."""

    def __init__(self, sight: Sight, gallery: Gallery) -> None:
        self.sight = sight
        self.gallery = gallery
        self._colours = Colours(sight.encoder)
        self._calibrated: tuple[int, Bands] | None = None
        self._counted_at_s = 0.0

    @property
    def bands(self) -> Bands:
        """Measured ones; else from this catalogue, anew when it has doubled."""
        if self.sight.encoder.bands is not None:
            return self.sight.encoder.bands
        known, now_s = self._calibrated, monotonic()
        # A large one is not counted at every search: its home may have to read all of it for that.
        if known is None or known[0] < _LARGE or now_s - self._counted_at_s >= _COUNT_EVERY_S:
            from visual_search.calibration import calibrated, sampled

            self._counted_at_s = now_s
            count = len(self.gallery)
            if known is None or count > 2 * known[0]:
                known = (count, calibrated(sampled(self.gallery.index)))
                self._calibrated = known
        return known[1]

    def hits(self, vector: Vectors, k: int, allowed: Iterable[int] | Ids | None, thumb: bytes = b"") -> list[Hit]:
        """The `k` pictures most alike a vector [d] among `allowed` (None: all), best first. `thumb`: that of the
        picture it is of, where there is one."""
        wanted = None if allowed is None else np.fromiter(allowed, np.int64)
        scores, ids = (found[0] for found in self.gallery.index.search(vector, k, wanted))
        bands = self.bands
        near = ids[:LOOKED_AT][scores[:LOOKED_AT] >= bands.very_close]
        of_one_colour = self._of_one_colour(vector, near, bands, thumb)
        return [
            Hit(picture_id, score, bands.band(score, same_colour=picture_id in of_one_colour))
            for score, picture_id in zip(scores.tolist(), ids.tolist(), strict=True)
            if np.isfinite(score)
        ]

    def _of_one_colour(self, vector: Vectors, ids: Ids, bands: Bands, thumb: bytes) -> set[int]:
        if not len(ids):
            return set()
        try:
            rows, thumbs = self.gallery.index.vectors_of(ids), self.gallery.marks.as_rows(ids)[:, SHA_BYTES:]
        except KeyError:  # one was removed by another thread since
            return set()
        same = self._colours.are_one(vector, rows, bands.same_colour, thumb, thumbs)
        return set(ids[same].tolist())

    def snapshot(self, change_seq: int) -> Snapshot:
        encoder = self.sight.encoder
        return self.gallery.to_snapshot(encoder.name, encoder.revision, change_seq)

    def own(self, seen: Remembered) -> Remembered:
        """The same, if this sight saw it. Raises SeenByAnother."""
        if seen.encoder != self.sight.id:
            raise SeenByAnother(f"seen by {seen.encoder or 'an unknown encoder'}, the index is of {self.sight.id}")
        return seen
