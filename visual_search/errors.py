"""Errors of the eyes.

EyesError
├── EyesUnavailable    nothing can be searched now; `reason` says why
├── SeenByAnother      a remembered look of an encoder that no longer serves; look again
├── RebuildRunning     another process is building the index
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


class SeenByAnother(EyesError):
    """The vector was made by another encoder than the one that serves now: look at the photo again."""


class RebuildRunning(EyesError):
    """Another process is building the index; `Eyes.take_over` has it once it is finished."""


class EncoderUnavailable(EyesError):
    """No encoder of that name, or its files fail their hash. Nothing can be seen until it is repaired."""


class SnapshotDamaged(EyesError):
    """Bytes on disk differ from the manifest, or a file is missing. Never use them; rebuild."""
