"""The safe way from a stranger's bytes to a `Picture`. One bad picture never harms the next."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import get_args

import numpy as np

from visual_search.errors import EyesUnavailable
from visual_search.preprocess.child import Answer, Ask, Child, ChildLost
from visual_search.preprocess.limits import MIB, Limits, Resize
from visual_search.preprocess.sniff import BEHIND_A_SWITCH, READABLE, sniff
from visual_search.values import WHOLE, Box, Picture, PictureRefused, RefusalReason

_BATCH_PICTURES = 64
_BATCH_BYTES = 16 * MIB
_REASONS: frozenset[str] = frozenset(get_args(RefusalReason))


class PictureDecoder:
    """Owns up to `children` decoding processes, started at the first picture and again after each loss.

    Safe to call from many threads: while one hostile picture uses up its seconds, the other children work.
    """

    def __init__(
        self, input_px: int, limits: Limits | None = None, children: int = 2, resize: Resize | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.input_px = input_px
        self.resize = resize or Resize()
        self._slots: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(children):
            self._slots.put(None)
        self._closed = threading.Event()

    def read(self, data: bytes) -> Picture | PictureRefused:
        """One picture with its clean copy; every input gets an answer or a typed refusal in bounded time. Raises
        EyesUnavailable where no child can start (a broken installation): that is no picture's fault."""
        [result] = self.read_many([data], copies=True)
        return result

    def read_to_look(self, data: bytes, part: Box = WHOLE) -> Picture | PictureRefused:
        """As `read`, with the view, which shows `part` of the upright picture alone, and the barcodes."""
        [result] = self._read_batch([data], lambda form, data: Ask(form, data, True, True, part))
        return result

    def read_many(self, pictures: Iterable[bytes], *, copies: bool) -> Iterator[Picture | PictureRefused]:
        """In order, lazily, in batches that fit memory. `copies` asks for the clean JPEGs too."""
        rest = iter(pictures)
        while batch := _next_batch(rest):
            yield from self._read_batch(batch, lambda form, data: Ask(form, data, copies))

    def child_pids(self) -> list[int]:
        """Of the idle children, for whoever watches their memory."""
        with self._slots.mutex:
            return [child.pid for child in self._slots.queue if child is not None]

    def rest(self) -> None:
        """Ends the idle children of a decoder that will hardly be asked again; the next picture starts one."""
        with self._slots.mutex:
            idle = [child for child in self._slots.queue if child is not None]
            self._slots.queue[:] = [None] * len(self._slots.queue)
        for child in idle:
            child.kill()

    def close(self) -> None:
        """Ends the children. Pictures asked for later are an error of the caller."""
        self._closed.set()
        self.rest()

    def __enter__(self) -> PictureDecoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_batch(self, batch: list[bytes], ask: Callable[[str, bytes], Ask]) -> list[Picture | PictureRefused]:
        results: list[Picture | PictureRefused | None] = [self._refuse_early(data) for data in batch]
        waiting = [at for at, result in enumerate(results) if result is None]
        while waiting:
            asks = [ask(sniff(batch[at]), batch[at]) for at in waiting]
            with self._borrowed() as child:
                try:
                    for answer in child.ask(asks):
                        at = waiting.pop(0)
                        results[at] = self._result(batch[at], answer)
                except ChildLost as lost:  # only the picture it was at is to blame; the rest is asked again
                    if lost.never_started:
                        raise EyesUnavailable(f"the process that reads pictures does not start: {lost}") from lost
                    at = waiting.pop(0)
                    reason: RefusalReason = "too_slow" if lost.too_slow else "damaged"
                    results[at] = PictureRefused(reason, lost.detail, sniff(batch[at]))
        return [result for result in results if result is not None]

    def _refuse_early(self, data: bytes) -> PictureRefused | None:
        if len(data) > self.limits.max_bytes:
            return PictureRefused("too_large_bytes", f"{len(data)} bytes", sniff(data))
        name = sniff(data)
        if not name:
            return PictureRefused("unknown_format", f"{len(data)} bytes")
        if name in READABLE or (name in BEHIND_A_SWITCH and self.limits.heic):
            return None
        return PictureRefused("unsupported_format", name, name)

    def _result(self, data: bytes, answer: Answer) -> Picture | PictureRefused:
        first, second, clean, view, barcodes = answer.parts
        name = sniff(data)
        if not answer.read:
            reason = first.decode("ascii", "replace")
            if reason not in _REASONS:
                return PictureRefused("damaged", "the decoder answered nonsense", name)
            return PictureRefused(reason, second.decode("utf-8", "replace"), name)  # type: ignore[arg-type]
        side = self.input_px
        view_width, view_height = answer.view_size
        codes = tuple(barcodes.decode("ascii", "replace").split())
        good = len(first) == side * side * 3 and len(second) == 192 and len(view) == view_width * view_height * 3
        if not good or not all(len(code) == 13 and code.isdigit() for code in codes):
            return PictureRefused("damaged", "the decoder answered nonsense", name)
        return Picture(
            pixels=np.frombuffer(first, np.uint8).reshape(side, side, 3),
            thumb=second,
            clean=clean,
            clean_width_px=answer.clean_size[0],
            clean_height_px=answer.clean_size[1],
            width_px=answer.size[0],
            height_px=answer.size[1],
            format=name,
            sha256=hashlib.sha256(data).hexdigest(),
            view=np.frombuffer(view, np.uint8).reshape(view_height, view_width, 3) if view else None,
            barcodes=codes,
        )

    @contextmanager
    def _borrowed(self) -> Iterator[Child]:
        if self._closed.is_set():
            raise RuntimeError("the picture decoder is closed")
        child = self._slots.get()
        back: Child | None = None
        try:
            child = child or Child(self.limits, self.input_px, self.resize)
            yield child
            back = child if child.alive else None
        finally:
            if back is None and child is not None:
                child.kill()
            if self._closed.is_set() and back is not None:
                back.kill()
                back = None
            self._slots.put(back)


def _next_batch(pictures: Iterator[bytes]) -> list[bytes]:
    """At most 64 pictures or 16 MB, whichever comes first; empty at the end."""
    batch: list[bytes] = []
    total = 0
    for data in islice(pictures, _BATCH_PICTURES):
        batch.append(data)
        total += len(data)
        if total >= _BATCH_BYTES:
            break
    return batch
