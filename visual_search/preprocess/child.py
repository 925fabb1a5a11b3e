"""One decoding child, seen from the parent: start, ask, read with a deadline, kill."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visual_search.preprocess.limits import MIB, Limits, Resize
from visual_search.preprocess.wire import ANSWER, ASK, COUNT, WANTS_COPY, WANTS_LOOK
from visual_search.values import WHOLE, Box

_START_TIMEOUT_S = 20.0
"""Before the first answer the child also imports Pillow; a busy machine may take seconds for that."""


class ChildLost(Exception):
    """The child died or had to be killed. `too_slow` tells which; `never_started`: no picture is to blame."""

    def __init__(self, too_slow: bool, detail: str, never_started: bool = False) -> None:
        super().__init__(detail)
        self.too_slow = too_slow
        self.detail = detail
        self.never_started = never_started


@dataclass(frozen=True, slots=True)
class Ask:
    format: str
    data: bytes
    wants_copy: bool
    wants_look: bool = False
    part: Box = WHOLE
    """What the view shows of the upright picture."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`parts` is (pixels, thumb, clean copy, view, barcodes) when `read`, else (reason, detail, and empty ones)."""

    read: bool
    size: tuple[int, int]
    clean_size: tuple[int, int]
    view_size: tuple[int, int]
    parts: tuple[bytes, bytes, bytes, bytes, bytes]


class Child:
    """Not thread-safe: the decoder lends each child to one thread at a time."""

    def __init__(self, limits: Limits, input_px: int, resize: Resize) -> None:
        self._limits = limits
        settings = json.dumps({**limits.as_dict(), "input_px": input_px, "resize": resize.as_dict()})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "visual_search.preprocess.worker", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=bare_environment(),
            close_fds=True,
            start_new_session=True,  # a Ctrl-C in the terminal is the parent's to handle
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to_child = self._process.stdin.fileno()
        self._from_child = self._process.stdout.fileno()
        os.set_blocking(self._to_child, False)
        os.set_blocking(self._from_child, False)
        self._warm = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, asks: Sequence[Ask]) -> Iterator[Answer]:
        """Answers in order, each as soon as it is there. Raises ChildLost; the child is then dead."""
        try:
            self._write(_request(asks), time.monotonic() + _START_TIMEOUT_S)
            for _ in asks:
                limit_s = self._limits.timeout_s + (0.0 if self._warm else _START_TIMEOUT_S)
                yield self._read_answer(time.monotonic() + limit_s)
                self._warm = True
        except ChildLost:
            self.kill()
            raise

    def kill(self) -> None:
        """End it now, whatever it is doing. Safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read_answer(self, deadline: float) -> Answer:
        read, *numbers = ANSWER.unpack(self._read(ANSWER.size, deadline))
        sizes, lengths = numbers[:6], numbers[6:]
        if sum(lengths) > 64 * MIB:
            raise ChildLost(False, "the decoder answered nonsense")
        pixels, thumb, clean, view, barcodes = (self._read(length, deadline) for length in lengths)
        width, height, clean_width, clean_height, view_width, view_height = sizes
        return Answer(
            bool(read),
            (width, height),
            (clean_width, clean_height),
            (view_width, view_height),
            (pixels, thumb, clean, view, barcodes),
        )

    def _read(self, length: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            self._wait(self._from_child, select.POLLIN, deadline)
            try:
                part = os.read(self._from_child, min(length, MIB))
            except BlockingIOError:
                continue
            if not part:
                raise self._ended()
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(self._to_child, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._to_child, rest[:MIB]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._ended() from None

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        """`poll`, not `select`: a server with more than 1,024 descriptors must work too."""
        poll = select.poll()
        poll.register(descriptor, event)
        left_ms = (deadline - time.monotonic()) * 1000
        if left_ms <= 0 or not poll.poll(left_ms):
            raise ChildLost(True, f"no answer within {self._limits.timeout_s:g} s")

    def _ended(self) -> ChildLost:
        """Python's own status 1 or 2 before the first answer: its start failed (a picture ends it by a signal)."""
        try:
            status: int | None = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            status = None
        never_started = not self._warm and status is not None and status > 0
        return ChildLost(False, f"the decoder ended with status {status}", never_started)


def _request(asks: Sequence[Ask]) -> bytes:
    parts = [COUNT.pack(len(asks))]
    for ask in asks:
        wants = WANTS_COPY * ask.wants_copy + WANTS_LOOK * ask.wants_look
        part = ask.part
        sides = (part.left, part.top, part.right, part.bottom)
        parts += (ASK.pack(ask.format.encode(), wants, *sides, len(ask.data)), ask.data)
    return b"".join(parts)


def bare_environment() -> dict[str, str]:
    """No token, password or proxy of the parent reaches the process that reads strangers' bytes."""
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }
