"""Large pages are asked for where there is memory to hold in them, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commerce.large_pages import PAGE_BYTES, _regions

_THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")

_MAPS = """\
00400000-00a00000 rw-p 00000000 00:00 0                                  [heap]
00c00000-00d00000 rw-p 00000000 00:00 0
7f0000100000-7f0000900000 rw-p 00000000 00:00 0
7f1000000000-7f1000800000 r--p 00000000 00:00 0
7f2000000000-7f2000800000 rw-p 00000000 08:01 1234                       /srv/shop/index/vectors
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0                          [stack]
"""


def test_only_memory_of_its_own_is_meant_and_only_whole_pages():
    assert list(_regions(_MAPS)) == [(0x400000, 0x600000), (0x7F0000200000, 0x600000)]


@pytest.mark.skipif(not _THP.exists() or "[never]" in _THP.read_text(), reason="the system gives no large pages")
def test_what_a_process_has_is_held_in_large_pages():
    told = subprocess.run([sys.executable, "-c", _MANY_OBJECTS], check=True, capture_output=True, text=True).stdout
    held, before, after = (int(number) for number in told.split())
    assert held >= 64 * PAGE_BYTES / 2
    assert after > before + held // 4


_MANY_OBJECTS = """
import re
from pathlib import Path
from commerce.large_pages import hold_in_large_pages

def large():
    return 1024 * int(re.search(r"AnonHugePages: +(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1])

kept = [str(number) for number in range(2_000_000)]
before = large()
print(hold_in_large_pages(), before, large())
assert kept[-1] == "1999999"
"""
