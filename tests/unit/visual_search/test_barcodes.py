"""Barcodes in photos: read in the child, check digit and all; stripes are not taken for them."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.unit.visual_search.drawn_barcodes import label, photographed, with_check_digit
from visual_search.preprocess.barcodes import is_ean13
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.values import Picture

DIGITS = with_check_digit("376012345678")
OTHER = with_check_digit("400638133393")


def codes(decoder: PictureDecoder, data: bytes) -> tuple[str, ...]:
    picture = decoder.read_to_look(data)
    assert isinstance(picture, Picture), picture
    return picture.barcodes


def test_the_drawn_codes_are_those_of_the_standard() -> None:
    assert OTHER == "4006381333931"  # printed on a well-known pen
    assert is_ean13(OTHER) and not is_ean13("4006381333932") and not is_ean13("400638133393") and not is_ean13("a" * 13)


@pytest.mark.parametrize("turned_deg", [0, 8, 45, 90, 180, -10])
@pytest.mark.parametrize("blur_px", [0, 1.2])
def test_a_photographed_code_is_read(decoder: PictureDecoder, turned_deg: float, blur_px: float) -> None:
    assert codes(decoder, photographed(label(DIGITS), turned_deg=turned_deg, blur_px=blur_px)) == (DIGITS,)


@pytest.mark.parametrize("size", [(4000, 3000), (600, 450)])
def test_of_any_size(decoder: PictureDecoder, size: tuple[int, int]) -> None:
    module_px = size[0] // 300
    assert codes(decoder, photographed(label(DIGITS, module_px, size[1] // 6), size=size)) == (DIGITS,)


def test_two_codes_are_both_told(decoder: PictureDecoder) -> None:
    assert set(codes(decoder, photographed(label(DIGITS), label(OTHER)))) == {DIGITS, OTHER}


def test_an_american_code_begins_with_0(decoder: PictureDecoder) -> None:
    assert codes(decoder, photographed(label("0036000291452"))) == ("0036000291452",)


def test_a_wrong_check_digit_is_no_code(decoder: PictureDecoder) -> None:
    wrong = DIGITS[:-1] + str((int(DIGITS[-1]) + 1) % 10)
    assert codes(decoder, photographed(label(wrong))) == ()


@pytest.mark.parametrize("stripe_px", [3, 5, 9, 14])
def test_stripes_are_no_code(decoder: PictureDecoder, stripe_px: int) -> None:
    rng = np.random.default_rng(stripe_px)
    for even in (True, False):
        widths = np.full(400, stripe_px) if even else stripe_px * rng.integers(1, 4, 400)
        row = np.repeat(np.arange(400) % 2 * 200 + 20, widths)[:640].astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(np.tile(row, (480, 1))).save(out, "PNG")
        assert codes(decoder, out.getvalue()) == ()


def test_pictures_of_a_catalogue_are_not_searched_for_codes(decoder: PictureDecoder) -> None:
    [picture] = decoder.read_many([photographed(label(DIGITS))], copies=True)
    assert isinstance(picture, Picture)
    assert picture.barcodes == () and picture.view is None


def test_the_parent_never_loads_the_reader() -> None:
    script = (
        "import sys\n"
        "from visual_search.preprocess.decoder import PictureDecoder\n"
        "with PictureDecoder(64) as decoder:\n"
        "    print(*decoder.read_to_look(sys.stdin.buffer.read()).barcodes)\n"
        "print(sorted({'zxingcpp', 'PIL'} & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], input=photographed(label(DIGITS)), capture_output=True, check=True
    )
    assert run.stdout.decode().split("\n")[:2] == [DIGITS, "[]"]
