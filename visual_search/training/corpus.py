"""The products and photos that the built-in encoder is taught with and measured on, decoded once.

Split. Products whose photos hardly differ are one group; a group is on one side, by a hash of its smallest id: a tenth
of the groups is TEST (never looked at before reporting), a twentieth DEV (for choosing), the rest TRAIN. Phone photos:
the "validation" split is TEST, a twelfth of the "train" split DEV.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.training.shared_data import _members, _table

PRODUCT_SIZE_PX = (60, 80)
PHOTO_PX = 192
"""Phone photos are kept at most this large a side: twice what the tower sees, so that parts of them can be cut out."""
TWIN_LEVELS = 1.5
"""Photos of the catalogue whose 8 x 8 thumbs differ by less than this many levels are one group."""
TRAIN, DEV, TEST = 0, 1, 2

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Corpus:
    rows: list[dict[str, str]]
    """Of products.tsv, in its order."""
    products: Bytes
    """[n, 80, 60, 3]"""
    part: NDArray[np.int8]
    """[n]: TRAIN, DEV or TEST."""
    photo_labels: list[str]
    photo_squares: Bytes
    """[m, PHOTO_PX, PHOTO_PX, 3]: each photo in the upper left, its rim drawn out over the rest."""
    photo_sizes: NDArray[np.int64]
    """[m, 2]: height and width of the photo itself."""
    photo_part: NDArray[np.int8]

    @property
    def photos(self) -> list[Bytes]:
        """Each [h, w, 3], longest side PHOTO_PX at most."""
        sizes = zip(self.photo_squares, self.photo_sizes, strict=True)
        return [pixels[:height, :width] for pixels, (height, width) in sizes]


def load(directory: Path, cache: Path) -> Corpus:
    """Reads the shared data, from `cache` where it was decoded before."""
    rows = _table(directory / "fashion" / "products.tsv")
    products_file = cache / "products.npy"
    if not products_file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _save(products_file, _decode_products(directory, rows))
    products: Bytes = np.load(products_file, mmap_mode="r")
    groups_file = cache / "groups.npy"
    if not groups_file.exists():
        _save(groups_file, twin_groups(products))
    groups = np.load(groups_file)
    ids = np.array([int(row["id"]) for row in rows])
    part = np.array([_part_of(int(ids[group])) for group in groups], np.int8)
    photo_rows = _table(directory / "customer-photos" / "photos.tsv")
    photos_file = cache / "photos.npz"
    if not photos_file.exists():
        _save_photos(photos_file, directory, photo_rows)
    kept = np.load(photos_file)
    photo_rows = [row for row, there in zip(photo_rows, kept["there"], strict=True) if there]
    photo_part = np.array(
        [
            TEST if row["split"] == "validation" else DEV if _hash(row["photo"]) % 12 == 0 else TRAIN
            for row in photo_rows
        ],
        np.int8,
    )
    labels = [row["label"] for row in photo_rows]
    return Corpus(rows, products, part, labels, kept["pixels"], kept["sizes"], photo_part)


def twin_groups(products: Bytes) -> NDArray[np.int64]:
    """For each product the row of the first product of its group: photos that hardly differ, linked one to the next."""
    import faiss

    thumbs = np.stack(
        [np.asarray(Image.fromarray(one).resize((8, 8), Image.Resampling.BOX)) for one in products]
    ).reshape(len(products), -1)
    flat = thumbs.astype(np.float32)
    index = faiss.IndexFlatL2(flat.shape[1])
    index.add(flat)
    _, near = index.search(flat, 12)
    leader = np.arange(len(flat))

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = int(leader[row])
        return row

    for row, others in enumerate(near):
        for other in others:
            if other > row and np.abs(flat[row] - flat[other]).mean() < TWIN_LEVELS:
                first, second = sorted((find(row), find(int(other))))
                leader[second] = first
    return np.array([find(row) for row in range(len(flat))], np.int64)


def _part_of(product_id: int) -> int:
    number = _hash(str(product_id)) % 20
    return TEST if number < 2 else DEV if number == 2 else TRAIN


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def _decode_products(directory: Path, rows: list[dict[str, str]]) -> Bytes:
    tars = {row["image"].split(":")[0] for row in rows}
    members = {tar: _members(directory / "fashion" / tar) for tar in tars}
    out = np.empty((len(rows), PRODUCT_SIZE_PX[1], PRODUCT_SIZE_PX[0], 3), np.uint8)
    for at, row in enumerate(rows):
        tar, member = row["image"].split(":")
        image = Image.open(io.BytesIO(members[tar][member])).convert("RGB")
        if image.size != PRODUCT_SIZE_PX:
            image = image.resize(PRODUCT_SIZE_PX, Image.Resampling.BICUBIC)
        out[at] = np.asarray(image)
    return out


def _save_photos(path: Path, directory: Path, rows: list[dict[str, str]]) -> None:
    """Each in the upper left of a square, its rim drawn out over the rest."""
    members = _members(directory / "customer-photos" / "photos.tar")
    there = np.array([row["photo"] in members for row in rows])
    pixels = np.zeros((there.sum(), PHOTO_PX, PHOTO_PX, 3), np.uint8)
    sizes = np.zeros((len(pixels), 2), np.int64)
    for at, row in enumerate(row for row, is_there in zip(rows, there, strict=True) if is_there):
        image = Image.open(io.BytesIO(members[row["photo"]])).convert("RGB")
        image.thumbnail((PHOTO_PX, PHOTO_PX), Image.Resampling.BICUBIC)
        sizes[at] = image.height, image.width
        missing = ((0, PHOTO_PX - image.height), (0, PHOTO_PX - image.width), (0, 0))
        pixels[at] = np.pad(np.asarray(image), missing, mode="edge")
    part = path.with_suffix(".part.npz")
    np.savez(part, pixels=pixels, sizes=sizes, there=there)
    part.rename(path)


def _save(path: Path, array: NDArray[np.generic]) -> None:
    part = path.with_suffix(".part.npy")
    np.save(part, array)
    part.rename(path)
