"""Questions to providers that are asked at the same time: one that is slow keeps nobody waiting behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS = 8


def together(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each returned, in their order. All of them are over when this returns, or raises what one of them raised."""
    threads = min(THREADS, len(works))
    if threads < 2:
        return [work() for work in works]
    with ThreadPoolExecutor(threads, "together") as pool:
        futures = [pool.submit(work) for work in works]
    return [future.result() for future in futures]
