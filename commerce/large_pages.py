"""Large pages for what is large and stays.

A query looks at a thousand places all over an index. In pages of 4 KB the processor hardly knows where any of them is
and has to find out each time; in pages of 2 MB it knows most. Linux gives large pages to whoever asks, without more
memory being used (`madvise(2)`, transparent huge pages).
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PAGE_BYTES = 2 << 20
_MADV_HUGEPAGE, _MADV_COLLAPSE = 14, 25  # <linux/mman.h>; the second since Linux 6.1
_WRITABLE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(?:\[heap\])?$", re.MULTILINE)


def hold_in_large_pages() -> int:
    """Moves this process's own memory (no files, no stacks) into large pages, as far as it is now; about .2 s of
    processor time for 100 MB, while other threads go on. Returns the bytes asked for; 0 where the system has none to
    give, which changes nothing."""
    if not sys.platform.startswith("linux"):
        return 0
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    held = 0
    for start, size in _regions(Path("/proc/self/maps").read_text()):
        # Collapsing does it now; where the kernel is older, it does so by and by.
        if madvise(start, size, _MADV_HUGEPAGE) == 0:
            madvise(start, size, _MADV_COLLAPSE)
            held += size
    return held


def _regions(maps: str) -> Iterator[tuple[int, int]]:
    """(address, bytes) of the whole large pages in memory that belongs to no file. `maps`: as /proc/self/maps."""
    for found in _WRITABLE.finditer(maps):
        start, end = (int(place, 16) for place in found.groups())
        start, end = -(-start // PAGE_BYTES) * PAGE_BYTES, end // PAGE_BYTES * PAGE_BYTES
        if end > start:
            yield start, end - start
