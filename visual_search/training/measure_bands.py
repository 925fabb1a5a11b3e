"""How good the quantiles of `visual_search.calibration` are, with two encoders whose cosines differ widely.

    python -m visual_search.training.measure_bands

Bands come from 3,000 products of the held-out tenth; 400 phone photos of the validation split are then searched
among them. "Found" is the share of photos with any hit in the band, "right type" the share of the first 20 hits that
are in the band and of a type that the photo may be answered with.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.calibration import calibrated
from visual_search.encoders.imagenet import ImagenetEncoder
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, data_directory, phone_photos
from visual_search.values import Vectors

_PRODUCTS, _PHOTOS, _HITS, _BATCH = 3_000, 400, 20, 32


def main() -> None:
    directory = data_directory()
    products = _some([one for one in catalogue(directory) if one.unseen], _PRODUCTS)
    photos = _some([one for one in phone_photos(directory) if one.unseen and one.type in PHOTO_TYPES], _PHOTOS)
    encoder = ImagenetEncoder()
    ours, theirs = _both(encoder, products), _both(encoder, photos)
    types = np.array([one.type for one in products])
    for name, rows, queries in zip(("imagenet, projected", "imagenet, as it is"), ours, theirs, strict=True):
        bands = calibrated(rows)
        cosines = queries @ rows.T
        first = np.argsort(-cosines, axis=1)[:, :_HITS]
        scores = np.take_along_axis(cosines, first, axis=1)
        right = np.array([np.isin(types[row], PHOTO_TYPES[one.type]) for row, one in zip(first, photos, strict=True)])
        for band, limit in (("close or better", bands.close), ("very close", bands.very_close)):
            inside = scores >= limit
            share = float((right & inside).sum() / max(int(inside.sum()), 1))
            print(f"{name}: {band} (cosine {limit:.2f}): found {inside.any(axis=1).mean():.2f}, right type {share:.2f}")


def _both(encoder: ImagenetEncoder, pictures: list[Labelled]) -> tuple[Vectors, NDArray[np.float32]]:
    """What the encoder gives, and the features that it is made from."""
    vectors, features = [], []
    for at in range(0, len(pictures), _BATCH):
        pixels = np.stack([_pixels(one.data, encoder.input_px) for one in pictures[at : at + _BATCH]])
        rows, raw, _ = encoder.see(pixels)
        vectors.append(rows)
        features.append(raw)
    return np.concatenate(vectors), np.concatenate(features)


def _pixels(data: bytes, side_px: int) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BICUBIC))


def _some(pictures: list[Labelled], count: int) -> list[Labelled]:
    return [pictures[at] for at in np.random.default_rng(0).permutation(len(pictures))[:count]]


if __name__ == "__main__":
    main()
