"""Drawing on our own clean copies: a part cut out, or numbered frames around several parts.

The copy came out of the child that reads strangers' pictures, and nothing that child says is trusted: what is done to
it is done in a child of the same kind, started for the one picture and gone afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from visual_search.preprocess.child import bare_environment
from visual_search.preprocess.limits import Limits
from visual_search.values import Box

_START_S = 20.0  # importing Pillow on a busy machine


def cut_out(clean: bytes, box: Box) -> bytes:
    """That part of a clean copy as a JPEG; b"" where it cannot be made."""
    return _retouched(clean, "cut", [box])


def with_numbers(clean: bytes, boxes: Sequence[Box]) -> bytes:
    """The clean copy as a JPEG with a frame around each box and its number, from 1; b"" where it cannot be made."""
    return _retouched(clean, "number", boxes)


def _retouched(clean: bytes, task: str, boxes: Sequence[Box]) -> bytes:
    limits = Limits()
    asked = {
        **limits.as_dict(),
        "task": task,
        "boxes": [(box.left, box.top, box.right, box.bottom) for box in boxes],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "visual_search.preprocess.retouch", json.dumps(asked)],
            input=clean,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bare_environment(),
            timeout=_START_S + limits.timeout_s,
            check=True,
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout if done.stdout.startswith(b"\xff\xd8\xff") else b""
