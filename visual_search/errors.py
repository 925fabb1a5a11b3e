"""Errors of the eyes.

EyesError
├── EyesUnavailable    nothing can be searched now; `reason` says why
├── EncoderUnavailable the encoder's files are missing, damaged or of another kind
└── SnapshotDamaged    a generation on disk is not what was written; rebuild
"""

from __future__ import annotations


class EyesError(Exception):
    """Root of the tree. `reason` is one English sentence for an operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EyesUnavailable(EyesError):
    """The index is off. Answer from words alone, and rebuild."""


class EncoderUnavailable(EyesError):
    """No encoder of that name, or its files fail their hash. Nothing can be seen until it is repaired."""


class SnapshotDamaged(EyesError):
    """Bytes on disk differ from the manifest, or a file is missing. Never use them; rebuild."""
