"""Pictures of codes that the counter scans."""

from __future__ import annotations

import io

# One of the eight masks of a QR code. Every reader takes any of them; looking for the prettiest costs more than the
# rest of the picture, in the transaction in which somebody has just got the last one.
_MASK = 2


def qr_png(text: str) -> bytes:
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False, mask=_MASK).save(out, kind="png", scale=8, border=4)
    return out.getvalue()
