"""Which encoder is to look: that of the settings, with what it was taught of this catalogue, if it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from visual_search.errors import EncoderUnavailable
from visual_search.fits import FitStore
from visual_search.sight import Sight
from visual_search.snapshot import MadeBy, Manifest, Snapshot

if TYPE_CHECKING:
    from visual_search.fitting.lessons import Caption, Taught
    from visual_search.fitting.seeing import Read
    from visual_search.fitting.teaching import Outcome, Report


class Choice:
    """Every encoder that was opened, and the wanted one among them. An index of another one may still be serving."""

    def __init__(self, asked: str, open_sight: Callable[[str], Sight], fits: Path | None = None) -> None:
        self._asked = asked
        self._open_sight = open_sight
        self._fits = None if fits is None else FitStore(fits)
        self._opened: dict[str, Sight] = {}
        self._fit = ""
        self.sight: Sight | None = None
        self.name = asked
        self.reason = ""
        """Why there is no sight."""
        self.notice = ""
        """What is wrong though it can look."""
        self.choose()

    def choose(self) -> None:
        """Looks again what is to be used. Tells of trouble in `reason` and `notice`."""
        sight, name, reason, notice = None, self._asked, "", ""
        self._fit = self._fits.current() if self._fits else ""
        wanted = self._fits.wanted(self._asked) if self._fits else self._asked
        if wanted != self._asked:
            try:
                sight = self.open(wanted)
            except EncoderUnavailable as missing:
                notice = f"{missing.reason}; looking with the encoder as shipped: `vitrine index fit` teaches it again"
        if sight is None:
            try:
                sight = self.open(self._asked)
            except EncoderUnavailable as missing:
                reason = missing.reason
        if sight is not None:
            name = sight.encoder.name
        self.sight, self.name, self.reason, self.notice = sight, name, reason, notice

    def want(self, encoder: str) -> None:
        """From now on that encoder is asked for."""
        self._asked = encoder
        self.choose()

    @property
    def is_outdated(self) -> bool:
        """Whether another process has taught the encoder meanwhile, or made it forget."""
        return self._fits is not None and self._fits.current() != self._fit

    def open(self, name: str) -> Sight:
        """Each encoder once. Raises EncoderUnavailable."""
        if name not in self._opened:
            sight = self._open_sight(name)
            self._opened[name] = self._opened.setdefault(sight.encoder.name, sight)
        return self._opened[name]

    def maker(self, made_by: MadeBy) -> Sight:
        """What made such an index. Raises EncoderUnavailable."""
        if self.sight is not None and self.sight.made_by == made_by:
            return self.sight
        if made_by.encoder == self.name and self.sight is None:
            raise EncoderUnavailable(self.reason)
        why = "of another revision"
        try:
            sight = self.open(made_by.encoder)
            if sight.made_by == made_by:
                return sight
        except EncoderUnavailable as missing:
            why = f"it cannot be opened: {missing.reason}"
        raise EncoderUnavailable(f"the index was made by another encoder ({made_by.encoder}; {why})")

    def verify(self) -> str:
        """Reads the fit in use again and checks its hash; what is wrong, or ""."""
        if self._fits is None or not self._fits.current():
            return ""
        try:
            self._fits.load(self._fits.current())
        except EncoderUnavailable as damaged:
            return damaged.reason
        return self.notice

    def teach(self, products: Sequence[Taught], captions: Sequence[Caption], read: Read, report: Report) -> Outcome:
        """See `visual_search.fitting.teaching`. Changes nothing. Raises EncoderUnavailable where the encoder of the
        settings is none that can be taught."""
        from visual_search.encoders.vitrine import VitrineEncoder
        from visual_search.fitting.teaching import teach

        shipped = self.open(self._asked)
        if self._fits is None or not isinstance(shipped.encoder, VitrineEncoder):
            raise EncoderUnavailable(f"{shipped.encoder.name} cannot be taught; the built-in encoder `vitrine` can")
        return teach(products, captions, read, shipped.encoder, shipped.decoder, report)

    def use(self, outcome: Outcome) -> Snapshot:
        """From now on the taught encoder is wanted. Returns the vectors of its index, which were made on the way.
        OSError: nothing has changed."""
        from visual_search.encoders.fitted import FittedEncoder
        from visual_search.encoders.vitrine import VitrineEncoder

        fits, album, shipped = self._fits, outcome.album, self.open(self._asked).encoder
        assert fits is not None and outcome.fit is not None and album is not None and outcome.vectors is not None
        assert isinstance(shipped, VitrineEncoder)
        with fits.one_writer():
            before, name = fits.current(), fits.save(outcome.fit)
            fits.use(name)
            fits.keep_only([name, before])
        self.choose()
        encoder = FittedEncoder(name, shipped, outcome.fit)
        order = album.ids.argsort(kind="stable")
        manifest = Manifest(encoder.name, encoder.revision, encoder.dimension, len(order), 0)
        return Snapshot(manifest, album.ids[order], outcome.vectors[order], album.marks[order])

    def forget(self) -> bool:
        """From now on the encoder as shipped is wanted. False where it already was."""
        if self._fits is None or not self._fits.current():
            return False
        with self._fits.one_writer():
            self._fits.use("")
        self.choose()
        return True

    def rest_others(self) -> None:
        """Ends the children of those that are not wanted now."""
        for sight in set(self._opened.values()) - {self.sight}:
            sight.decoder.rest()

    def close(self) -> None:
        for sight in set(self._opened.values()):
            sight.decoder.close()
