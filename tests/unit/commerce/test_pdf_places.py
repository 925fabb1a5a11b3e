"""Where words and pictures stand on pages as designers' programs write them, read by the child process."""

from __future__ import annotations

import pytest

from commerce.domain.lookbook import Region
from commerce.domain.printed import PrintedPage
from commerce.pdf import PdfReader

_IMAGE = b"/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceRGB/BitsPerComponent 8"
_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Matrix[1 0 0 1 50 0]/Resources<</XObject<</I 6 0 R>>>>"


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), more, content)


def one_page(content: bytes, of_page: bytes = b"/MediaBox[0 0 500 1000]") -> PrintedPage:
    """A document written by hand. In it /F is a font, /I an image, /X a form with an image of 100 by 100 at its corner,
    moved by 50 to the right."""
    resources = b"/Resources<</Font<</F 5 0 R>>/XObject<</I 6 0 R/X 7 0 R>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + resources + of_page + b">>",
        stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        stream(b"\xff\x00\x00" * 4, _IMAGE),
        stream(b"q 100 0 0 100 0 0 cm /I Do Q", _FORM),
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    pages = PdfReader().read(out + end % (size, table, size, len(out)))
    assert isinstance(pages, list), pages
    return pages[0]


def text(words: bytes, matrix: bytes, size: int = 12) -> bytes:
    return b"BT /F %d Tf %s Tm (%s) Tj ET\n" % (size, matrix, words)


def said(page: PrintedPage) -> list[str]:
    return [word.text for word in page.words]


def is_at(region: Region, *where: float) -> bool:
    got = region.x_frac, region.y_frac, region.width_frac, region.height_frac
    return got == pytest.approx(where, abs=0.002)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_words_of_turned_pages_are_whole(turned: int) -> None:
    matrix = {0: b"1 0 0 1 100 700", 90: b"0 1 -1 0 300 100", 180: b"-1 0 0 -1 300 700", 270: b"0 -1 1 0 300 700"}
    page = one_page(text(b"Art. ROB1234-38 79,00", matrix[turned]), b"/MediaBox[0 0 500 1000]/Rotate %d" % turned)
    assert said(page) == ["Art.", "ROB1234-38", "79,00"]
    first, *_, last = (word.region for word in page.words)
    assert first.x_frac < last.x_frac  # as it is shown, from left to right
    assert first.y_frac == pytest.approx(last.y_frac, abs=0.01)
    assert (page.width_px < page.height_px) is (turned in (0, 180))


def test_words_that_run_up_an_upright_page_are_whole() -> None:
    page = one_page(text(b"Art. ROB1234-38", b"0 1 -1 0 300 100"))
    assert said(page) == ["Art.", "ROB1234-38"]
    assert page.words[1].region.height_frac > page.words[1].region.width_frac


def test_what_the_crop_box_hides_is_not_there() -> None:
    content = (
        text(b"inside", b"1 0 0 1 100 600") + text(b"bleed", b"1 0 0 1 10 20") + b"q 100 0 0 100 100 500 cm /I Do Q"
    )
    page = one_page(content, b"/MediaBox[0 0 500 1000]/CropBox[50 100 450 900]")
    assert said(page) == ["inside"]
    (picture,) = page.pictures
    assert is_at(picture, 50 / 400, 300 / 800, 100 / 400, 100 / 800)


def test_a_number_that_is_broken_over_two_lines_keeps_its_hyphen() -> None:
    page = one_page(text(b"Robe longue ROB-", b"1 0 0 1 100 700") + text(b"1234-38 en lin", b"1 0 0 1 100 686"))
    assert said(page) == ["Robe", "longue", "ROB-", "1234-38", "en", "lin"]


def test_smaller_cents_are_a_word_of_their_own() -> None:
    content = text(b"79", b"1 0 0 1 100 700", 24) + text(b"95", b"1 0 0 1 128 709", 12)
    assert said(one_page(content)) == ["79", "95"]


def test_a_picture_in_a_form_is_where_the_form_puts_it() -> None:
    (picture,) = one_page(b"q 0.5 0 0 0.5 100 300 cm /X Do Q").pictures
    assert is_at(picture, 125 / 500, 650 / 1000, 50 / 500, 50 / 1000)


def test_a_picture_is_as_large_as_its_frame_shows() -> None:
    (picture,) = one_page(b"q 100 300 50 40 re W n q 200 0 0 200 60 250 cm /I Do Q Q").pictures
    assert is_at(picture, 100 / 500, 660 / 1000, 50 / 500, 40 / 1000)
    (in_form,) = one_page(b"q 0.5 0 0 0.5 100 300 cm 50 0 100 50 re W n /X Do Q").pictures
    assert is_at(in_form, 125 / 500, 675 / 1000, 50 / 500, 25 / 1000)
