"""Product barcodes and the shop's own QR codes in a picture, with ZXing. Runs in the child only."""

from __future__ import annotations

import re

import zxingcpp
from PIL import Image

MOST = 4
"""A photo of a shelf shows many; the caller asks about a few at most."""
_FORMATS = zxingcpp.barcode_formats_from_str("EAN-13|QRCode")  # a UPC-A is an EAN-13 that begins with 0
_OWN = re.compile(r"vitrine:[a-z]{1,16}:[0-9a-z]{1,40}:[0-9A-Za-z-]{0,20}")
"""What our own codes say: the kind of thing, its id, its code. Other people's QR codes are no business of ours."""


def read_barcodes(upright: Image.Image) -> tuple[str, ...]:
    """The 13 digits of each EAN-13 or UPC-A (with a 0 before it) whose check digit is right, and the text of each QR
    code of the shop. ZXing looks along and across; so the picture is also read at half its size, where grain and blur
    are less, and turned by 45 degrees. EAN-8 is left out: stripes are taken for it."""
    grey = upright.convert("L")
    half = grey.reduce(2)
    for tried in (grey, half, half.rotate(45, Image.Resampling.BILINEAR, expand=True, fillcolor=128)):
        pixels = memoryview(tried.tobytes()).cast("B", (tried.height, tried.width))
        found = zxingcpp.read_barcodes(pixels, formats=_FORMATS, try_downscale=False, try_invert=False)
        digits = tuple(dict.fromkeys(code.text for code in found if is_ean13(code.text) or _OWN.fullmatch(code.text)))
        if digits:
            return digits[:MOST]
    return ()


def is_ean13(digits: str) -> bool:
    """GS1 General Specifications 7.9: the sum of the digits, every second one three times, ends in 0."""
    if len(digits) != 13 or not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10 == 0
