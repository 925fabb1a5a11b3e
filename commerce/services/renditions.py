"""Our own pictures in the widths in which pages show them: made when first asked for, kept beside the picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from commerce.domain.sheet import LARGEST_PX, Box, Fit, Photo, Sheet
from commerce.errors import DrawingFailed, DrawingLost
from commerce.ports import MediaStore
from commerce.ports.publishing import SheetDrawer

# On a telephone a tile is 350 to 520 real pixels across, the picture on a product's page 700 to 1,100.
WIDTHS_PX = (240, 360, 480, 720, 960)
# Whoever asks while so many wait gets the picture as it is: the threads that answer pages are not to stand in a queue.
MOST_WAITING = 6

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rendition:
    """`is_final`: the same bytes for ever; else it may be smaller another time."""

    data: bytes
    is_final: bool = True


class Renditions:
    """One is drawn at a time, by a child that stays for as long as somebody waits. Nothing is enlarged; what cannot be
    made smaller is shown as it is, and an empty copy remembers that; of what lost its child, once it has done so twice:
    a busy machine is slow with any picture."""

    def __init__(self, media: MediaStore, drawer: SheetDrawer) -> None:
        self._media, self._drawer = media, drawer
        self._counting, self._drawing = threading.Lock(), threading.Lock()
        self._waiting = 0  # with whoever draws
        self._child: Iterator[bytes] | None = None  # ends when it is let go of
        self._wanted: Sheet
        self._lost: set[tuple[str, int]] = set()

    def sized(self, key: str, width_px: int) -> Rendition | None:
        """That picture, `width_px` across or its own width; None for what we do not have, and for another width than
        `WIDTHS_PX`. Takes some tenths of a second the first time."""
        if width_px not in WIDTHS_PX:
            return None
        if kept := self._media.get_smaller(key, width_px):
            return Rendition(kept)
        original = self._media.get(key)
        if original is None:
            return None
        size = self._drawer.size_of(original)
        if kept is not None or size is None or size[0] <= width_px or size[1] > LARGEST_PX:
            return Rendition(original)
        if not self._queue_up():
            return Rendition(original, is_final=False)
        with self._drawing:
            try:
                return Rendition(self._made(key, width_px, original, size) or original)
            except (OSError, DrawingLost) as error:  # no child to draw it, or no room on the disk
                _log.warning("picture_not_made_smaller", key=key, width_px=width_px, reason=str(error))
                return Rendition(original, is_final=False)
            finally:
                self._leave()

    def _queue_up(self) -> bool:
        with self._counting:
            if self._waiting == MOST_WAITING:
                return False
            self._waiting += 1
            return True

    def _leave(self) -> None:
        with self._counting:
            self._waiting -= 1
            if not self._waiting:
                self._child = None

    def _made(self, key: str, width_px: int, original: bytes, size: tuple[int, int]) -> bytes:
        """b"" where the picture as it is has to do. Raises OSError, DrawingLost."""
        made = self._media.get_smaller(key, width_px)  # by whoever was before in the queue
        if made is None:
            try:
                made = self._drawn(original, width_px, max(1, round(size[1] * width_px / size[0])))
            except DrawingLost:
                if (key, width_px) not in self._lost:
                    self._lost.add((key, width_px))
                    raise
                made = b""
            except DrawingFailed:
                made = b""
            if len(made) >= len(original):
                made = b""
            self._media.put_smaller(key, width_px, made)
        return made

    def _drawn(self, original: bytes, width_px: int, height_px: int) -> bytes:
        photo = Photo(original, Box(0, 0, width_px, height_px), Fit.COVER)
        self._wanted = Sheet(width_px, height_px, "#ffffff", (photo,))
        self._child = self._child or self._drawer.draw(self._asked())
        try:
            return next(self._child)
        except BaseException:
            self._child = None
            raise

    def _asked(self) -> Iterator[Sheet]:
        while True:
            yield self._wanted
