"""The pipe between parent and child: fixed headers, then bytes. No pickle, so a lost child can say nothing
that the parent would execute.

Request   count, then for each picture: format (8 bytes), flags, length, bytes.
Answer    for each picture, as soon as it is done: a header, then pixels, thumb and clean copy,
          or the reason and the detail of a refusal.
"""

from __future__ import annotations

import struct

COUNT = struct.Struct("<I")
ASK = struct.Struct("<8sBI")
"""format, 1 when a clean copy is wanted, number of bytes."""
ANSWER = struct.Struct("<BIIIIIII")
"""1 when read; width, height; clean width, clean height; lengths of three parts (0 or more bytes each)."""
