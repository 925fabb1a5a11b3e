"""What parent and child agree on: how much a document may cost, and the head of each page."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

HEAD = struct.Struct(">II")  # of a page as the child says it: bytes of its description, bytes of its picture


@dataclass(frozen=True, slots=True)
class Limits:
    """`longest_px`: of a page's picture. `memory_bytes` and the seconds are the child's."""

    most_bytes: int = 100 * 1024 * 1024
    most_pages: int = 300
    longest_px: int = 1800
    most_words: int = 4_000  # of a page
    most_pictures: int = 200
    smallest_frac: float = 0.02  # a picture smaller than that in either direction is an ornament
    memory_bytes: int = 1536 * 1024 * 1024
    start_s: float = 20.0
    page_s: float = 5.0

    def as_json(self) -> str:
        return json.dumps(asdict(self))
