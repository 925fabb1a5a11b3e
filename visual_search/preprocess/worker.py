"""The child. Reads requests on stdin, answers on stdout, knows nothing else and holds no secret.

Its own limits: address space, CPU per picture, no file may grow, few descriptors, no core dump. The wall
clock is the parent's. When stdin closes it ends.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

from visual_search.preprocess.clean import Part, Refused, clean_picture, prepare_pillow
from visual_search.preprocess.limits import Resize
from visual_search.preprocess.wire import ANSWER, ASK, COUNT, WANTS_COPY, WANTS_LOOK


def main() -> None:
    settings = json.loads(sys.argv[-1])
    answers = os.fdopen(os.dup(1), "wb", buffering=1024 * 1024)
    os.dup2(2, 1)  # a library that prints must not speak on the wire
    prepare_pillow(settings["max_pixels"], settings["heic"])
    limit_process(settings["memory_bytes"])
    _serve(sys.stdin.buffer, answers, settings)


def limit_process(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


def _address_space() -> int:
    """Bytes mapped now (Linux: the first field of statm is pages); a guess elsewhere."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 256 * 1024 * 1024


def _allow_cpu(seconds: float) -> None:
    """The kernel ends the child when this picture has used its share, even if the parent is gone."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(spent.ru_utime + spent.ru_stime + seconds) + 2
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _serve(requests: BinaryIO, answers: BinaryIO, settings: dict[str, Any]) -> None:
    while head := requests.read(COUNT.size):
        (count,) = COUNT.unpack(head)
        asked = []
        for _ in range(count):
            form, wants, left, top, right, bottom, length = ASK.unpack(requests.read(ASK.size))
            part = (left, top, right, bottom)
            asked.append((form.rstrip(b"\0").decode(), wants, part, requests.read(length)))
        for form, wants, part, data in asked:
            _allow_cpu(settings["timeout_s"])
            for answer in _answer(form, wants, part, data, settings):
                answers.write(answer)
            answers.flush()


def _answer(form: str, wants: int, part: Part, data: bytes, settings: dict[str, Any]) -> tuple[bytes, ...]:
    try:
        done = clean_picture(
            data,
            format=form,
            input_px=int(settings["input_px"]),
            resize=Resize(**settings["resize"]),
            max_pixels=int(settings["max_pixels"]),
            min_side_px=int(settings["min_side_px"]),
            clean_px=int(settings["clean_px"]),
            quality=int(settings["clean_quality"]),
            view_px=int(settings["view_px"]),
            wants_copy=bool(wants & WANTS_COPY),
            wants_look=bool(wants & WANTS_LOOK),
            part=part,
        )
    except Refused as refused:
        return _refusal(refused.reason, refused.detail)
    except MemoryError:
        return _refusal("too_many_pixels", "needs more memory than a picture may take")
    parts = (done.pixels, done.thumb, done.clean, done.view, " ".join(done.barcodes).encode())
    return (ANSWER.pack(1, *done.size, *done.clean_size, *done.view_size, *map(len, parts)), *parts)


def _refusal(reason: str, detail: str) -> tuple[bytes, ...]:
    parts = (reason.encode(), detail.encode("utf-8", "replace"), b"", b"", b"")
    return (ANSWER.pack(0, *(0,) * 6, *map(len, parts)), *parts)


if __name__ == "__main__":
    main()
