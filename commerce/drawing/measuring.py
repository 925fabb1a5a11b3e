"""Width and height of a JPEG, from its head alone: nothing is decoded.

Segments and the frame header (SOF): ITU-T T.81, B.1.1.3 and B.2.2.
"""

from __future__ import annotations

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; the others are tables
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # without a length


def size_of(jpeg: bytes) -> tuple[int, int] | None:
    """Pixels across and down; None for what is no JPEG."""
    if not jpeg.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = int.from_bytes(jpeg[at + 5 : at + 7]), int.from_bytes(jpeg[at + 7 : at + 9])
            return (width, height) if width and height else None
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return None
