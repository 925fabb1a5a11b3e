"""The moments at which a process can die: around every commit, every file that takes another's place, every call that
leaves the house. They are counted; at the one that was chosen the process kills itself, as `kill -9` would.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = ("start", "cancel", "look_up", "refund", "look_up_refund")


class Steps:
    """Counts from 1. `die_at` 0: never. `names` is appended to, so that the parent can read it after a death."""

    def __init__(self, die_at: int, names: Path) -> None:
        self._die_at, self._names, self.count = die_at, names, 0
        self.phase = ""

    def step(self, name: str) -> None:
        self.count += 1
        if self.count == self._die_at or not self._die_at:
            with self._names.open("a") as file:
                file.write(f"{self.count}\t{self.phase}\t{name}\n")
        if self.count == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, method: str, name: str) -> None:
        """The method of an object or class, with a step before and one after it."""
        original: Callable[..., Any] = getattr(owner, method)

        def stepping(*arguments: Any, **named: Any) -> Any:
            self.step(f"before {name}")
            result = original(*arguments, **named)
            self.step(f"after {name}")
            return result

        setattr(owner, method, stepping)

    def install(self) -> None:
        """Around the commits of every database and every file that is put in another's place."""
        from sqlalchemy.engine.default import DefaultDialect

        self.around(DefaultDialect, "do_commit", "commit")
        self.around(os, "replace", "replacing a file")
