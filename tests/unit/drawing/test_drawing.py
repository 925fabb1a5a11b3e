"""Sheets: photos stay in their boxes and are never blown up, words fit, what cannot be drawn is said."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from PIL import Image, ImageChops

from commerce.domain.sheet import Align, Block, Box, Face, Fit, Part, Photo, Sheet, Words
from commerce.drawing import Limits, PillowDrawer
from commerce.drawing.lettering import font, set_in_box
from commerce.errors import DrawingFailed

PAPER, INK = "#f4f0e8", "#22201c"
FRENCH = "éèêëàâäçîïôöùûüÿœŒæÆÉÀÇÊ«»€£$’‘“”–—…·×°№%"


def picture(
    width: int, height: int, colour: str = "#ffffff", *, kind: str = "JPEG", progressive: bool = False
) -> bytes:
    """A red square on a plain ground."""
    image = Image.new("RGB", (width, height), colour)
    image.paste("#c02020", (width * 3 // 8, height * 3 // 8, width * 5 // 8, height * 5 // 8))
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 95, "progressive": progressive} if kind == "JPEG" else {}))
    return out.getvalue()


def drawn(*parts: Part, size: tuple[int, int] = (400, 500)) -> Image.Image:
    (jpeg,) = PillowDrawer().draw([Sheet(*size, PAPER, parts)])
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def near(seen: object, colour: str, by: int = 8) -> bool:
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    assert isinstance(seen, Sequence)
    return all(abs(one - other) <= by for one, other in zip(seen, wanted, strict=True))


def touched(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest box around whatever is not paper."""
    plain = Image.new("RGB", image.size, PAPER)
    return ImageChops.difference(image, plain).convert("L").point(lambda level: 255 * (level > 24)).getbbox()


def test_one_child_draws_many_sheets_one_at_a_time() -> None:
    asked: list[int] = []

    def sheets() -> object:
        for number in range(3):
            asked.append(number)
            yield Sheet(100 + number, 80, PAPER, ())

    drawing = PillowDrawer().draw(sheets())  # type: ignore[arg-type]
    assert Image.open(io.BytesIO(next(drawing))).size == (100, 80)
    assert asked == [0]
    assert [Image.open(io.BytesIO(jpeg)).size for jpeg in drawing] == [(101, 80), (102, 80)]


def test_a_whole_photo_has_its_ground_carried_on() -> None:
    image = drawn(Photo(picture(60, 80, "#d8e4f0"), Box(50, 60, 300, 200)))
    for at in ((52, 62), (347, 62), (52, 257), (347, 257), (52, 160), (200, 64)):
        assert near(image.getpixel(at), "#d8e4f0"), at
    assert near(image.getpixel((200, 160)), "#c02020", by=20)
    assert near(image.getpixel((47, 160)), PAPER) and near(image.getpixel((200, 263)), PAPER)


def test_a_ground_that_is_none_is_not_carried_on() -> None:
    noise = Image.effect_noise((60, 80), 160).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    image = drawn(Photo(out.getvalue(), Box(50, 60, 300, 200)))
    assert near(image.getpixel((60, 160)), PAPER)
    assert touched(image) == pytest.approx((125, 60, 275, 260), abs=2)


def test_somebody_who_is_cut_off_stands_on_the_ground_above() -> None:
    shoulders = Image.new("RGB", (60, 80), "#d8e4f0")
    shoulders.paste("#c02020", (0, 60, 60, 80))
    out = io.BytesIO()
    shoulders.save(out, "PNG")
    image = drawn(Photo(out.getvalue(), Box(50, 60, 300, 200)))
    assert all(near(image.getpixel(at), "#d8e4f0") for at in ((60, 100), (340, 100), (60, 250), (340, 250)))
    assert near(image.getpixel((200, 250)), "#c02020", by=20)


@pytest.mark.parametrize(("kind", "fit"), [("JPEG", Fit.CONTAIN), ("PNG", Fit.COVER)])
def test_a_tiny_photo_is_not_blown_up(kind: str, fit: Fit) -> None:
    photo = Photo(picture(30, 40, "#204080", kind=kind), Box(0, 0, 400, 500), fit, largest_scale=3.0, tile="none")
    assert touched(drawn(photo)) == pytest.approx((155, 190, 245, 310), abs=2)


def test_a_covering_photo_is_cut_on_both_sides() -> None:
    image = drawn(Photo(picture(400, 100, "#204080"), Box(100, 100, 200, 200), Fit.COVER))
    assert touched(image) == pytest.approx((100, 100, 300, 300), abs=1)
    assert near(image.getpixel((200, 200)), "#c02020", by=20)


def test_round_corners_and_shapes_seen_through() -> None:
    box = Box(100, 100, 200, 200)
    image = drawn(Photo(picture(200, 200, "#204080"), box, radius_px=40))
    assert near(image.getpixel((103, 103)), PAPER) and near(image.getpixel((103, 200)), "#204080")
    half = drawn(Block(box, "#000000", 0.5)).getpixel((200, 200))
    assert near(half, "#7a7874")


def test_words_stay_in_their_box_and_are_wrapped() -> None:
    box = Box(40, 50, 200, 150)
    words = Words("Robe midi en lin à col montant, été", box, INK, 30)
    assert len(set_in_box(words).lines) > 1
    left, top, right, bottom = touched(drawn(words)) or (0, 0, 0, 0)
    assert left >= 38 and top >= 50 and right <= 242 and bottom <= 202


def test_words_become_smaller_and_are_cut_last() -> None:
    box = Box(0, 0, 200, 40)
    assert set_in_box(Words("Robe", box, INK, 30)).size_px == 30
    smaller = set_in_box(Words("Robe midi en lin lavé", box, INK, 30, smallest_px=12))
    assert 12 < smaller.size_px < 30 and smaller.lines == ("Robe midi en lin lavé",)
    cut = set_in_box(Words("Robe midi en lin lavé à col montant et manches longues", box, INK, 30, smallest_px=24))
    assert cut.size_px == 24 and cut.lines[-1].endswith("…")
    alone = set_in_box(Words("Incompressiblement" * 3, box, INK, 30))
    assert len(alone.lines) == 1 and alone.lines[0].endswith("…")


def test_a_price_is_never_broken() -> None:
    lines = set_in_box(Words("Robe 1\u202f079,00\u00a0€", Box(0, 0, 150, 200), INK, 30)).lines
    assert lines == ("Robe", "1\u202f079,00\u00a0€")


@pytest.mark.parametrize("face", list(Face))
def test_every_face_has_french_letters_and_currencies(face: Face) -> None:
    letters = font(face, 40)
    unknown = bytes(letters.getmask("\U0010fffd"))
    assert [sign for sign in FRENCH if bytes(letters.getmask(sign)) == unknown] == []
    assert all(0 < letters.getlength(space) < 20 for space in "\u00a0\u202f\u2009")


def test_alignment_tracking_and_a_former_price() -> None:
    box = Box(50, 50, 300, 60)
    middle = touched(drawn(Words("ABC", box, INK, 30, align=Align.MIDDLE, upright=Align.MIDDLE)))
    spaced = touched(drawn(Words("ABC", box, INK, 30, align=Align.END, upright=Align.END, tracking_px=20)))
    struck = drawn(Words("l l", box, INK, 60, is_struck=True))
    assert middle and spaced
    assert (middle[0] + middle[2]) / 2 == pytest.approx(200, abs=3)
    assert spaced[2] == pytest.approx(350, abs=4) and spaced[2] - spaced[0] > middle[2] - middle[0] + 30
    dark = [x for x in range(50, 110) if sum(struck.getpixel((x, 95))) < 300]  # type: ignore[arg-type]
    assert len(dark) > 25  # a line from the first letter to the last


@pytest.mark.parametrize("data", [b"", b"hello", picture(60, 80)[:200], b"\x89PNG\r\n\x1a\n" + b"0" * 40])
def test_a_damaged_picture_is_said(data: bytes) -> None:
    with pytest.raises(DrawingFailed):
        drawn(Photo(data, Box(0, 0, 100, 100)))


def test_what_costs_too_much_is_stopped() -> None:
    large = Photo(picture(3000, 3000), Box(0, 0, 100, 100))
    for limits in (Limits(most_pixels=1_000_000), Limits(start_s=0.01, sheet_s=0.0)):
        with pytest.raises(DrawingFailed):
            list(PillowDrawer(limits).draw([Sheet(100, 100, PAPER, (large,))]))


@pytest.mark.parametrize("progressive", [False, True])
def test_the_size_of_a_jpeg(progressive: bool) -> None:
    jpeg = picture(61, 83, progressive=progressive)
    assert PillowDrawer().size_of(jpeg) == (61, 83)
    for cut in range(0, 160, 3):
        assert PillowDrawer().size_of(jpeg[:cut]) in {None, (61, 83)}
    assert PillowDrawer().size_of(picture(10, 10, kind="PNG")) is None


def test_colours_and_sizes_that_are_none() -> None:
    with pytest.raises(ValueError, match="not a colour"):
        Block(Box(0, 0, 1, 1), "red")
    with pytest.raises(ValueError, match="not a size"):
        Sheet(5_000, 100, PAPER, ())
    with pytest.raises(ValueError, match="an empty box"):
        Box(0, 0, 0, 10)
