"""Early features of the pictures, several augmented views of each, on disk: the part of the tower that never changes
runs once a view instead of once a step.

    <cache>/views/plain.npy           float16 [products + photos, 40, 144], as the shop sees them, all parts
    <cache>/views/007.npy             the same for TRAIN alone, in the order of `training_rows`
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.training import corpus as data
from visual_search.training.augment import Scenes, backgrounds, photo_view, plain, product_view
from visual_search.training.corpus import TRAIN, Corpus
from visual_search.training.export_imagenet import build_early, read_weights
from visual_search.training.shared_data import data_directory

INPUT_PX, EARLY_BLOCKS, EARLY_SHAPE = 96, 5, (40, 144)
PHOTOS_A_VIEW = 2
"""Each view holds every phone photo so many times: they are a tenth of the pictures and the point of it all."""
_BATCH = 64

Bytes = NDArray[np.uint8]


def training_rows(corpus: Corpus) -> NDArray[np.int64]:
    """Rows of the pictures of a view: products by their row, photos by the number of products plus theirs."""
    products = np.flatnonzero(corpus.part == TRAIN)
    photos = len(corpus.rows) + np.flatnonzero(corpus.photo_part == TRAIN)
    return np.concatenate([products, *([photos] * PHOTOS_A_VIEW)])


class EarlyTower:
    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        model = build_early(read_weights(), EARLY_BLOCKS)
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, pixels: Bytes) -> NDArray[np.float16]:
        out = self._session.run(None, {"pixels": pixels})[0]
        return np.asarray(out.reshape(len(pixels), *EARLY_SHAPE), np.float16)


def make_plain(corpus: Corpus, path: Path) -> None:
    pictures = [*range(len(corpus.rows)), *range(len(corpus.photos))]
    total = len(corpus.rows)
    _write(
        path,
        len(pictures),
        (plain(corpus.products[at] if n < total else corpus.photos[at], INPUT_PX) for n, at in enumerate(pictures)),
    )


def make_view(corpus: Corpus, background: NDArray[np.bool_], seed: int, path: Path) -> None:
    rng = np.random.default_rng(seed)
    scenes = Scenes(
        [one for one, part in zip(corpus.photos, corpus.photo_part, strict=True) if part == TRAIN], INPUT_PX
    )
    rows = training_rows(corpus)
    total = len(corpus.rows)

    def pictures() -> Iterator[Bytes]:
        for row in rows:
            if row < total:
                yield product_view(corpus.products[row], background[row], scenes, INPUT_PX, rng)
            else:
                yield photo_view(corpus.photos[row - total], INPUT_PX, rng)

    _write(path, len(rows), pictures())


def _write(path: Path, count: int, pictures: Iterator[Bytes]) -> None:
    tower = EarlyTower()
    part = path.with_suffix(".part")
    out = np.lib.format.open_memmap(part, "w+", np.float16, (count, *EARLY_SHAPE))
    for start in range(0, count, _BATCH):
        batch = np.stack([next(pictures) for _ in range(min(_BATCH, count - start))])
        out[start : start + len(batch)] = tower(batch)
        if start // _BATCH % 100 == 0:
            print(f"{path.name}: {start} of {count}", flush=True)
    out.flush()
    del out
    part.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write views for training; those that are there stay.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--views", type=int, default=12)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    corpus = data.load(data_directory(), asked.cache)
    folder = asked.cache / "views"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "plain.npy").exists():
        make_plain(corpus, folder / "plain.npy")
    masks = asked.cache / "backgrounds.npy"
    if not masks.exists():
        np.save(masks, backgrounds(corpus.products))
    background = np.load(masks, mmap_mode="r")
    for number in range(asked.views):
        path = folder / f"{number:03}.npy"
        if not path.exists():
            make_view(corpus, background, number, path)


if __name__ == "__main__":
    main()
