"""The real data that the figures are measured on; it is not part of the repository.

Looked for in `../shared/data` beside the repository, or where VITRINE_SHARED says. A part of the catalogue (by
a hash of the product's id) and the photos of the "validation" split are held out: nothing is fitted on them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent

# What a phone photo of each label may be answered with, the closest type first.
PHOTO_TYPES: dict[str, tuple[str, ...]] = {
    "T-Shirt": ("Tshirts",),
    "Polo": ("Tshirts",),
    "Longsleeve": ("Tshirts", "Sweatshirts", "Sweaters"),
    "Shirt": ("Shirts",),
    "Blouse": ("Tops", "Shirts", "Tunics"),
    "Top": ("Tops", "Tshirts", "Camisoles"),
    "Undershirt": ("Innerwear Vests", "Tshirts", "Tops"),
    "Dress": ("Dresses",),
    "Skirt": ("Skirts",),
    "Shorts": ("Shorts",),
    "Pants": ("Trousers", "Jeans", "Track Pants", "Lounge Pants"),
    "Shoes": ("Casual Shoes", "Sports Shoes", "Formal Shoes"),
    "Hat": ("Caps", "Hat"),
    "Outwear": ("Jackets", "Rain Jacket", "Blazers", "Waistcoat"),
    "Hoodie": ("Sweatshirts", "Jackets"),
    "Blazer": ("Blazers", "Jackets"),
    "Body": ("Bodysuit", "Camisoles", "Rompers", "Swimwear"),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture of the data: `type` is the article type, or the photo's label."""

    id: int
    type: str
    colour: str
    held_out: bool
    """Nothing is fitted on it any more."""
    unseen: bool
    """Nothing that ships was ever fitted on it: what is measured."""
    data: bytes


def data_directory() -> Path:
    """Where the data would be; it may not exist."""
    return Path(os.environ.get("VITRINE_SHARED", REPOSITORY.parent / "shared")) / "data"


def catalogue(directory: Path) -> list[Labelled]:
    rows = _table(directory / "fashion" / "products.tsv")
    tars = {row["image"].split(":")[0] for row in rows}
    members = {tar: _members(directory / "fashion" / tar) for tar in tars}
    found = []
    for row in rows:
        tar, member = row["image"].split(":")
        # The two encoders that ship leave out different tenths: what both left out is a twentieth.
        number = int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 20
        held_out, unseen = number in (0, 1, 10), number == 0
        kind, colour = row["article_type"], row["base_colour"]
        found.append(Labelled(int(row["id"]), kind, colour, held_out, unseen, members[tar][member]))
    return found


def phone_photos(directory: Path) -> list[Labelled]:
    members = _members(directory / "customer-photos" / "photos.tar")
    rows = _table(directory / "customer-photos" / "photos.tsv")
    return [
        Labelled(
            at, row["label"], "", row["split"] == "validation", row["split"] == "validation", members[row["photo"]]
        )
        for at, row in enumerate(rows)
        if row["photo"] in members
    ]


@dataclass(frozen=True, slots=True)
class RawPictures:
    """The files as they are, by row of `corpus.Corpus`."""

    products: list[bytes]
    photos: list[bytes]


def raw_pictures(directory: Path) -> RawPictures:
    rows = _table(directory / "fashion" / "products.tsv")
    tars = {row["image"].split(":")[0] for row in rows}
    members = {tar: _members(directory / "fashion" / tar) for tar in tars}
    photos = _members(directory / "customer-photos" / "photos.tar")
    places = (row["image"].split(":") for row in rows)
    return RawPictures(
        [members[tar][member] for tar, member in places], [photos[name] for name in photo_names(directory)]
    )


def photo_names(directory: Path) -> list[str]:
    """Files of the phone photos, by row of `corpus.Corpus`."""
    there = _members(directory / "customer-photos" / "photos.tar")
    rows = _table(directory / "customer-photos" / "photos.tsv")
    return [row["photo"] for row in rows if row["photo"] in there]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _members(path: Path) -> dict[str, bytes]:
    raw = path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        return {member.name: raw[member.offset_data : member.offset_data + member.size] for member in tar}
