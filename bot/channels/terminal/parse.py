"""Lines that were typed: to what they say, and from the inbox back to a Message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.channels import neutral
from bot.messages import MediaRef, Message
from commerce.domain.geo import GeoPoint
from commerce.domain.mail import InboundEvent

_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,12})?"
_LOCATION = re.compile(rf"location\s+({_NUMBER})\s*[,; ]\s*({_NUMBER})", re.IGNORECASE | re.ASCII)
_PHOTO = re.compile(r"photo\s+(.+)", re.IGNORECASE)
_START = re.compile(r"/start(?:\s+([A-Za-z0-9_-]{1,64}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """What a typed line says; exactly one of it is set. A number stays text: the conversation numbered its choices."""

    text: str = ""
    photo: MediaRef | None = None
    location: GeoPoint | None = None
    start: str | None = None


def read_line(line: str) -> Line:
    """`photo PATH` of a file that exists, `location LAT,LON` on the globe, `/start …`; anything else is words."""
    line = line.strip()
    if found := _LOCATION.fullmatch(line):
        try:
            return Line(location=GeoPoint(float(found.group(1)), float(found.group(2))))
        except ValueError:
            return Line(text=line)
    if found := _PHOTO.fullmatch(line):
        path = Path(found.group(1).strip().strip("\"'")).expanduser()
        try:
            if path.is_file():
                return Line(photo=MediaRef(str(path.resolve()), "photo", "", path.stat().st_size))
        except (OSError, ValueError):  # a NUL in the name, a loop of links
            pass
        return Line(text=line)
    if found := _START.fullmatch(line):
        return Line(start=found.group(1) or "")
    return Line(text=line)


def parse(event: InboundEvent) -> Message | None:
    return neutral.parse(event)
