"""What we write down about an exception: its type and where it came from, never what people wrote."""

from __future__ import annotations

import traceback
from pathlib import Path

from commerce.errors import StorageError

_FRAMES = 6


def described(error: BaseException) -> str:
    """« KeyError at bot/x.py:12 < bot/y.py:34 », innermost first. The message is left out: it may quote a shopper.

    A StorageError speaks: « StorageBusy (canceling statement due to lock timeout) at … ». Its words are our storage's,
    or the database's about itself.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{'/'.join(Path(f.filename).parts[-3:])}:{f.lineno}" for f in reversed(frames))
    name = f"{type(error).__name__} ({error})" if isinstance(error, StorageError) else type(error).__name__
    return f"{name} at {places}" if places else name
