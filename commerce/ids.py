"""Identifiers and codes: unguessable ones for real shops, repeatable ones for rehearsal and tests."""

from __future__ import annotations

import random
import secrets
import threading
import time

# Letters and digits that cannot be mistaken for one another when read aloud or off a small screen.
_LETTERS = "ABCDEFHJKLMNPRTUVWXY"
_DIGITS = "23456789"
_48_BITS = (1 << 48) - 1


class RandomIds:
    """From the operating system's generator."""

    def __init__(self) -> None:
        self._random: random.Random = secrets.SystemRandom()
        self._lock = threading.Lock()

    def new_id(self) -> str:
        with self._lock:
            return f"{self._random.getrandbits(128):032x}"

    def new_key(self) -> str:
        with self._lock:
            return f"{time.time_ns() // 1_000_000 & _48_BITS:012x}{self._random.getrandbits(80):020x}"

    def new_code(self) -> str:
        with self._lock:
            letters = "".join(self._random.choices(_LETTERS, k=3))
            digits = "".join(self._random.choices(_DIGITS, k=3))
        return f"{letters}-{digits}"


class SeededIds(RandomIds):
    """The same sequence for the same seed. Never for a real shop: anybody could guess the next one."""

    def __init__(self, seed: int = 7) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311 repeatable on purpose

    def new_key(self) -> str:
        return self.new_id()
