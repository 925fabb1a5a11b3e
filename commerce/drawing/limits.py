"""What parent and child agree on: how much a sheet may cost, and the heads on the wire."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

ASK = struct.Struct(">II")  # of a sheet: bytes of its description, how many pictures follow
LENGTH = struct.Struct(">I")  # of each picture, and of the answer; an answer of 0 bytes: it cannot be drawn


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory_bytes` and the seconds are the child's. `quality`: of the JPEGs; `thins_colour`: at half the
    resolution, as photos bear it and lettering does not."""

    memory_bytes: int = 1024 * 1024 * 1024
    most_pixels: int = 20_000_000  # of a picture
    quality: int = 88
    thins_colour: bool = False
    start_s: float = 20.0  # importing Pillow on a busy machine
    sheet_s: float = 20.0

    def as_json(self) -> str:
        return json.dumps(asdict(self))
