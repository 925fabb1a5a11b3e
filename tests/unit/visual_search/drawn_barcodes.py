"""EAN-13 drawn from the standard's tables, and photographed: turned, blurred, grainy, saved as JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

# GS1 General Specifications 5.2.1: sets A, B and C, and which of A and B the first digit asks for.
_A = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
_C = ["".join("10"[int(bar)] for bar in code) for code in _A]
_B = [code[::-1] for code in _C]
_SETS = ["AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"]


def with_check_digit(twelve: str) -> str:
    return twelve + str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve)) % 10)


def label(digits: str, module_px: int = 4, height_px: int = 120) -> Image.Image:
    """The bars of 13 digits, whatever the last is, on white."""
    left = "".join((_A if which == "A" else _B)[int(d)] for which, d in zip(_SETS[int(digits[0])], digits[1:7]))
    right = "".join(_C[int(digit)] for digit in digits[7:])
    modules = np.array([bar == "0" for bar in f"101{left}01010{right}101"])
    row = np.pad(modules.repeat(module_px), 14 * module_px, constant_values=True)
    return Image.fromarray(np.pad(np.tile(row, (height_px, 1)), ((20, 20), (0, 0)), constant_values=True)).convert("L")


def photographed(
    *labels: Image.Image,
    turned_deg: float = 0,
    blur_px: float = 0,
    grain: float = 6,
    size: tuple[int, int] = (1200, 900),
) -> bytes:
    """One label below the other on a brownish table, in a JPEG."""
    table = Image.new("RGB", size, (150, 130, 110))
    for at, one in enumerate(labels):
        turned = one.convert("RGB").rotate(turned_deg, Image.Resampling.BICUBIC, expand=True, fillcolor=(150, 130, 110))
        middle = (at + 0.5) / len(labels) * size[1]
        table.paste(turned, ((size[0] - turned.width) // 2, round(middle - turned.height / 2)))
    blurred = np.asarray(table.filter(ImageFilter.GaussianBlur(blur_px)), np.float32)
    light = np.linspace(0.75, 1.05, size[0])[None, :, None]
    noisy = blurred * light + np.random.default_rng(3).normal(0, grain, blurred.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=80)
    return out.getvalue()
