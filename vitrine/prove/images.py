"""Strangers' pictures: bombs, other formats, odd modes, cut and mutated files."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.prove import ProofResult

if TYPE_CHECKING:
    from visual_search.preprocess.decoder import PictureDecoder

PROMISE = (
    "Whatever file a stranger sends as a photo, it gets an answer or a typed refusal within the limits of time "
    "and memory, nothing of its metadata comes out again, and the next good photo works."
)
DEFAULT_N = 10_000
CI_N = 1_000

_MEMORY_BYTES = 512 * 1024 * 1024
_CHECK_EVERY = 250


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """Every named case, then `n` mutated pictures; a good one after each hard case."""
    from visual_search.preprocess.decoder import PictureDecoder
    from vitrine.prove._hostile_pictures import mutated, named_pictures, photo

    rng = random.Random(seed)
    good = photo(seed=seed)
    seen = _Tally()
    with PictureDecoder(160) as decoder:
        for case in named_pictures():
            outcome = seen.read(decoder, case.make(), case.name)
            if outcome not in case.right:
                seen.wrong.append(f"{case.name}: {outcome}, right would be {' or '.join(sorted(case.right))}")
            if seen.read(decoder, good, "a good photo after " + case.name) != "read":
                seen.wrong.append(f"after {case.name} a good photo was not read")
        named = seen.total
        report(f"named cases: {dict(seen.outcomes)}")
        for number in range(n):
            seen.read(decoder, mutated(rng), f"mutation {number} of seed {seed}")
            if number % _CHECK_EVERY == 0 and seen.read(decoder, good, "good") != "read":
                seen.wrong.append(f"after mutation {number} of seed {seed} a good photo was not read")
        if seen.read(decoder, good, "the last good photo") != "read":
            seen.wrong.append("after all of them a good photo was not read")
    kept = not seen.wrong
    figure = (
        f"{seen.total} pictures, {sum(seen.outcomes.values()) - seen.outcomes['read']} refused with a reason, "
        f"slowest {seen.slowest_s:.2f} s ({seen.slowest}), child at most {seen.peak_bytes / 2**20:.0f} MB"
    )
    details: dict[str, object] = {
        "named": named,
        "outcomes": dict(seen.outcomes),
        "wrong": seen.wrong[:20],
        "slowest_s": round(seen.slowest_s, 3),
        "child_peak_bytes": seen.peak_bytes,
    }
    return ProofResult(kept, figure if kept else f"{seen.wrong[0]} (and {len(seen.wrong) - 1} more)", details)


class _Tally:
    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.total = 0
        self.slowest, self.slowest_s = "", 0.0
        self.peak_bytes = 0

    def read(self, decoder: PictureDecoder, data: bytes, name: str) -> str:
        """The outcome in one word; breaches of a limit or of privacy are noted."""
        from visual_search.values import PictureRefused
        from vitrine.prove._hostile_pictures import CANARY

        start = time.monotonic()
        try:
            result = decoder.read(data)
        except Exception as surprise:  # the promise is that there is none
            self.wrong.append(f"{name}: {type(surprise).__name__}: {surprise}")
            return "exception"
        spent_s = time.monotonic() - start
        self.total += 1
        if spent_s > self.slowest_s:
            self.slowest, self.slowest_s = name, spent_s
        if spent_s > decoder.limits.timeout_s + 3.0:
            self.wrong.append(f"{name}: took {spent_s:.1f} s")
        self.peak_bytes = max([self.peak_bytes, *map(_peak_bytes, decoder.child_pids())])
        if self.peak_bytes > _MEMORY_BYTES:
            self.wrong.append(f"{name}: the child used {self.peak_bytes / 2**20:.0f} MB")
        if isinstance(result, PictureRefused):
            self.outcomes[result.reason] += 1
            return result.reason
        if CANARY in result.clean or not result.clean.startswith(b"\xff\xd8\xff"):
            self.wrong.append(f"{name}: the clean copy is not clean")
        self.outcomes["read"] += 1
        return "read"


def _peak_bytes(pid: int) -> int:
    """Most memory the process ever had resident (Linux); 0 where that is not told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    peaks = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(next(peaks, "0")) * 1024
