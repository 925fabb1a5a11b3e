"""What a typed line says, and what stays words."""

import pytest

from bot.channels.terminal.parse import Line, read_line
from bot.messages import MediaRef
from commerce.domain.geo import GeoPoint


def test_a_photo_that_exists_is_a_photo(tmp_path):
    path = tmp_path / "ma robe.jpg"
    path.write_bytes(b"12345")
    wanted = Line(photo=MediaRef(str(path.resolve()), "photo", "", 5))
    assert read_line(f"photo {path}") == read_line(f'  PHOTO "{path}"  ') == wanted


@pytest.mark.parametrize("line", ["location 45.76,4.84", "Location 45.76, 4.84", "location +45.76 4.84"])
def test_a_location_is_a_location(line):
    assert read_line(line) == Line(location=GeoPoint(45.76, 4.84))


def test_a_deep_link_is_a_start():
    assert read_line("/start") == Line(start="")
    assert read_line("/start c_AbC-1") == Line(start="c_AbC-1")


@pytest.mark.parametrize(
    "line",
    [
        "robe lin", "2", "photo", "photo /does/not/exist.jpg", "photo \0", "photo " + "x" * 5000, "photo /",
        "location", "location ici", "location 145.0,4.8", "location nan,inf", "location 1e5,2", "/start ../../etc",
        "localtion 45,4", "location ٤٥,٤",
    ],
)  # fmt: skip
def test_everything_else_is_words(line):
    assert read_line(line) == Line(text=line)
