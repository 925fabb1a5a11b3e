"""An encoder's files beside its code: described by `encoder.json`, used only when they are what was shipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from visual_search.errors import EncoderUnavailable


def read_manifest(directory: Path) -> dict[str, Any]:
    """`encoder.json`. Raises EncoderUnavailable."""
    try:
        told = json.loads((directory / "encoder.json").read_bytes())
    except (OSError, ValueError) as broken:
        raise EncoderUnavailable(f"the encoder's description cannot be read: {broken}") from broken
    if not isinstance(told, dict):
        raise EncoderUnavailable("the encoder's description is not an object")
    return told


def read_verified(path: Path, digest: str) -> bytes:
    """The bytes that are hashed are the bytes that are used. Raises EncoderUnavailable."""
    try:
        raw = path.read_bytes()
    except OSError as broken:
        raise EncoderUnavailable(f"{path.name} cannot be read: {broken}") from broken
    if hashlib.sha256(raw).hexdigest() != digest:
        raise EncoderUnavailable(f"{path.name} is not the file that was shipped: its sha256 differs")
    return raw
