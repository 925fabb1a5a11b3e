"""The street with pictures of eight tops and the encoder that ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commerce.domain.search import SearchAnswer
from commerce.image_matching import open_image_matcher
from commerce.media import FileMediaStore
from commerce.ports import NotSeen, SeenPhoto
from commerce.storage import open_storage
from tests.unit.discovery.shop_of_a_street import Street, a_product, open_street, sizes
from vitrine.prove._hostile_pictures import photo

COLOURS = ("navy", "red", "green", "black")


def picture(number: int) -> bytes:
    return photo("JPEG", (240, 320), 100 + number)


@contextmanager
def open_seeing_street(database_url: str, folder: Path) -> Iterator[Street]:
    storage = open_storage(database_url)
    media = FileMediaStore(folder / "media")
    matcher = open_image_matcher(folder / "index", "vitrine")
    opened = open_street(storage, matcher, media)
    for number in range(8):
        key = media.put(picture(number), ".jpg")
        kind, colour = ("shirt", "tshirt")[number % 2], COLOURS[number // 2]
        opened.add(
            a_product(
                f"T{number}", (f"Haut {number}", f"Top {number}"), kind, sizes(colour, 1000 + number), pictures=[key]
            )
        )
    opened.keeper.refresh()
    yield opened
    opened.keeper.stop()
    matcher.close()
    storage.close()


def source_ids(answer: SearchAnswer | NotSeen) -> list[str]:
    assert isinstance(answer, SearchAnswer), answer
    return [found.product.source_id for found in answer.found]


def seen(street: Street, data: bytes) -> SeenPhoto:
    photo = street.image_matcher.look(data)
    assert isinstance(photo, SeenPhoto), photo
    return photo
