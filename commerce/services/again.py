"""Work that is done again when somebody else changed the same thing in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from commerce.errors import StaleVersion
from commerce.ports import Storage, UnitOfWork

T = TypeVar("T")

TRIES = 8


def write_again(storage: Storage, work: Callable[[UnitOfWork], T]) -> T:
    """`storage.write(work)`, repeated on what is true by then when the work met a StaleVersion; at last it goes
    through."""
    for _ in range(TRIES - 1):
        try:
            return storage.write(work)
        except StaleVersion:
            continue
    return storage.write(work)
