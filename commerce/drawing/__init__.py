"""Sheets drawn with Pillow, by a child process that may be killed.

The pictures on them are copies of ours, but they came out of a child that reads strangers' files, and nothing that such
a child says is opened in this process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO

from commerce.domain.sheet import Photo, Sheet
from commerce.drawing.limits import ASK, LENGTH, Limits
from commerce.drawing.measuring import size_of
from commerce.errors import DrawingFailed, DrawingLost

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class PillowDrawer:
    """`commerce.ports.SheetDrawer`. Safe for many threads: each call has a child of its own."""

    limits: Limits = field(default_factory=Limits)

    def draw(self, sheets: Iterable[Sheet]) -> Iterator[bytes]:
        """See `commerce.ports.SheetDrawer`."""
        with self._child() as process:
            assert process.stdin is not None and process.stdout is not None
            allowed_s = self.limits.start_s
            for sheet in sheets:
                killed = threading.Timer(allowed_s + self.limits.sheet_s, process.kill)
                killed.start()
                try:
                    _ask(process.stdin, sheet)
                    jpeg = _answer(process.stdout)
                except (BrokenPipeError, EOFError) as lost:
                    raise DrawingLost("the child that draws has died, or took too long") from lost
                finally:
                    killed.cancel()
                if not jpeg.startswith(_JPEG):
                    raise DrawingFailed("a picture on the sheet cannot be read")
                allowed_s = 0.0
                yield jpeg

    def size_of(self, picture: bytes) -> tuple[int, int] | None:
        """See `commerce.ports.SheetDrawer`."""
        return size_of(picture)

    @contextmanager
    def _child(self) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "commerce.drawing.worker", self.limits.as_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C in the terminal is the parent's to handle
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def _ask(stdin: IO[bytes], sheet: Sheet) -> None:
    pictures = [part.data for part in sheet.parts if isinstance(part, Photo)]
    parts = [{**asdict(part), "kind": type(part).__name__, "data": None} for part in sheet.parts]
    told = json.dumps(
        {"width_px": sheet.width_px, "height_px": sheet.height_px, "paper": sheet.paper, "parts": parts}
    ).encode()
    stdin.write(ASK.pack(len(told), len(pictures)) + told)
    for picture in pictures:
        stdin.write(LENGTH.pack(len(picture)) + picture)
    stdin.flush()


def _answer(stdout: IO[bytes]) -> bytes:
    (length,) = LENGTH.unpack(_read(stdout, LENGTH.size))
    return _read(stdout, length)


def _read(stdout: IO[bytes], length: int) -> bytes:
    data = stdout.read(length)
    if len(data) != length:
        raise EOFError
    return data


__all__ = ["Limits", "PillowDrawer"]
