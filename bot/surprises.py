"""What we write down about an exception nobody expected: its type and where it came from, never what people wrote."""

from __future__ import annotations

import traceback
from pathlib import Path

_FRAMES = 6


def described(error: BaseException) -> str:
    """« KeyError at bot/x.py:12 < bot/y.py:34 », innermost first. The message is left out: it may quote a shopper."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{'/'.join(Path(f.filename).parts[-3:])}:{f.lineno}" for f in reversed(frames))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__
