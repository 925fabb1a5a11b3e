"""An encoder with the children that prepare its pictures: what looks. Vectors of two sights never meet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from visual_search.errors import SeenByAnother
from visual_search.preprocess.limits import Limits
from visual_search.snapshot import MadeBy, Snapshot
from visual_search.values import PictureRefused, Remembered, Seen

if TYPE_CHECKING:
    from visual_search.encoders.base import Bands, Encoder
    from visual_search.gallery import Gallery
    from visual_search.preprocess.decoder import PictureDecoder

_LARGE = 1_000
_COUNT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Thread-safe."""

    encoder: Encoder
    decoder: PictureDecoder

    @classmethod
    def open(cls, name: str, limits: Limits | None, children: int, fits: Path | None = None) -> Sight:
        """`fits`: where to look for what an encoder was taught of the catalogue. Raises EncoderUnavailable."""
        from visual_search.encoders.registry import open_encoder
        from visual_search.preprocess.decoder import PictureDecoder

        encoder = open_encoder(name, fits)
        return cls(encoder, PictureDecoder(encoder.input_px, limits, children, encoder.resize))

    @property
    def id(self) -> str:
        """The encoder and its revision, as `Seen.encoder` tells it."""
        return f"{self.encoder.name}:{self.encoder.revision}"

    @property
    def made_by(self) -> MadeBy:
        """What an index of its vectors says of itself."""
        return MadeBy(self.encoder.name, self.encoder.revision, self.encoder.dimension)

    def look(self, data: bytes) -> Seen | PictureRefused:
        picture = self.decoder.read(data)
        if isinstance(picture, PictureRefused):
            return picture
        vectors, subjects = self.encoder.encode_and_judge(picture.pixels[None])
        return Seen(vectors[0], picture, subjects[0], encoder=self.id)


class Serving:
    """What answers now: a sight and the index it made. Replaced as one, so that no search sees half a change."""

    def __init__(self, sight: Sight, gallery: Gallery) -> None:
        self.sight = sight
        self.gallery = gallery
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

    def snapshot(self, change_seq: int) -> Snapshot:
        encoder = self.sight.encoder
        return self.gallery.to_snapshot(encoder.name, encoder.revision, change_seq)

    def own(self, seen: Remembered) -> Remembered:
        """The same, if this sight saw it. Raises SeenByAnother."""
        if seen.encoder != self.sight.id:
            raise SeenByAnother(f"seen by {seen.encoder or 'an unknown encoder'}, the index is of {self.sight.id}")
        return seen
