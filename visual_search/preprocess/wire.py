"""The pipe between parent and child: fixed headers, then bytes. No pickle, so a lost child can say nothing
that the parent would execute.

Request   count, then for each picture: format (8 bytes), flags, length, bytes.
Answer    for each picture, as soon as it is done: a header, then pixels, thumb, clean copy, view and barcodes,
          or the reason and the detail of a refusal.
"""

from __future__ import annotations

import struct

COUNT = struct.Struct("<I")
ASK = struct.Struct("<8sB4fI")
"""format, what is wanted (the sum of `WANTS_COPY` and `WANTS_LOOK`), the part that the view shows (left, top, right,
bottom as fractions), number of bytes."""
WANTS_COPY = 1
WANTS_LOOK = 2
"""A view to cut garments from, and the barcodes."""
ANSWER = struct.Struct("<B11I")
"""1 when read; width and height of the original, the clean copy and the view; lengths of the five parts (0 or more
bytes each)."""
