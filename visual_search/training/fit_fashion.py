"""Fit the linear fashion projection and the colour prototypes of the shipped encoder.

    python -m visual_search.training.fit_fashion        needs the shared data; about 4 minutes on one core

The projection is Fisher's discriminant: directions in which the types lie far apart measured by how pictures
of one type differ among themselves. Phone photos are given the catalogue type they should find, so that the
difference between a studio and a bedroom floor counts as a difference *within* a type. Nothing held out is used.
Run `export_imagenet` first, and `measure --write` afterwards: thresholds belong to the fitted numbers.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.colour import foreground
from visual_search.encoders.imagenet import MODEL_DIRECTORY
from visual_search.encoders.tower import ImagenetTower
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, data_directory, phone_photos
from visual_search.values import Picture

KEPT = 104
SHRINKAGE = 0.1
"""Share of the mean variance added to each direction: 1,280 directions are many for 41,000 pictures."""
MOST_A_TYPE = 300
"""A type counts as if it had at most so many pictures, or T-shirts would be all that matters."""
COLOURS = 24
COLOUR_WEIGHT = 0.5
CLOTHES_DIRECTIONS = 128
SUBJECT_RULE = {"other_frac": 0.5, "worn_frac": 0.2, "unusual_frac": 0.43, "strange_frac": 0.55}
"""Chosen by hand on held-out clothes and 145 crops of 29 photos of other things; `measure` reports the clothes."""
SEED = 7

Floats = NDArray[np.float32]


def main() -> None:
    directory = data_directory()
    if not directory.is_dir():
        raise SystemExit(f"the shared data is not at {directory}; set VITRINE_SHARED")
    shown = [picture for picture in catalogue(directory) if not picture.held_out]
    taken = [picture for picture in phone_photos(directory) if not picture.held_out]
    tower = ImagenetTower((MODEL_DIRECTORY / "tower.onnx").read_bytes())
    features, colours = _see(tower, [*shown, *taken], colours_of=len(shown))
    types = [picture.type for picture in shown] + [PHOTO_TYPES[photo.type][0] for photo in taken]
    mean, projection = discriminant(features, types)
    arrays: dict[str, NDArray[Any]] = {
        "mean": mean.astype(np.float16),
        "projection": projection.astype(np.float16),
        "prototypes": _prototypes(colours),
        **_clothes(features[: len(shown)], features[len(shown) :]),
    }
    _write(MODEL_DIRECTORY, arrays)


def _see(tower: ImagenetTower, pictures: Sequence[Labelled], colours_of: int) -> tuple[Floats, Floats]:
    """Unit features [n, 1280], and one foreground Lab colour of each of the first `colours_of` pictures."""
    rng = np.random.default_rng(SEED)
    features, colours = [], []
    with PictureDecoder(tower.input_px) as decoder:
        for start in range(0, len(pictures), 64):
            batch = [picture.data for picture in pictures[start : start + 64]]
            read = list(decoder.read_many(batch, copies=False))
            if not all(isinstance(picture, Picture) for picture in read):
                raise SystemExit(f"a picture near number {start} cannot be read")
            pixels = np.stack([picture.pixels for picture in read if isinstance(picture, Picture)])
            seen, _ = tower.see(pixels)
            features.append(seen / np.linalg.norm(seen, axis=1, keepdims=True))
            if start < colours_of:
                lab, weight = foreground(pixels)
                for one, share in zip(lab, weight, strict=True):
                    colours.append(one.reshape(-1, 3)[rng.choice(share.size, p=_sum_to_one(share))])
            if start % 6400 == 0:
                print(f"{start} of {len(pictures)} seen", flush=True)
    return np.concatenate(features), np.asarray(colours, np.float32)


def _sum_to_one(share: Floats) -> NDArray[np.float64]:
    wide = share.reshape(-1).astype(np.float64)
    return np.asarray(wide / wide.sum())


def discriminant(features: Floats, types: Sequence[str]) -> tuple[Floats, Floats]:
    """Mean [1280] and projection [1280, KEPT]."""
    names, which = np.unique(np.asarray(types), return_inverse=True)
    count = np.bincount(which)
    centres = np.zeros((len(names), features.shape[1]), np.float32)
    np.add.at(centres, which, features)
    centres /= count[:, None]
    inside = features - centres[which]
    spread, directions = np.linalg.eigh(inside.T @ inside / len(features))
    whiten = directions / np.sqrt(spread + SHRINKAGE * spread.mean()) @ directions.T
    mean = features.mean(0)
    weight = np.sqrt(np.minimum(count, MOST_A_TYPE))[:, None]
    _, _, axes = np.linalg.svd(((centres - mean) @ whiten) * weight, full_matrices=False)
    return mean, np.asarray(whiten @ axes[:KEPT].T, np.float32)


def _clothes(shown: Floats, taken: Floats) -> dict[str, NDArray[np.float16]]:
    """The directions in which pictures of clothes differ; studio and phone pictures count alike."""
    some = np.random.default_rng(SEED).choice(len(shown), min(len(shown), 2 * len(taken)), replace=False)
    pictures = np.concatenate([shown[some], taken, taken])
    mean = pictures.mean(0)
    _, directions = np.linalg.eigh((pictures - mean).T @ (pictures - mean))
    subspace = directions[:, ::-1][:, :CLOTHES_DIRECTIONS]
    return {"clothes_mean": mean.astype(np.float16), "clothes_subspace": subspace.astype(np.float16)}


def _prototypes(colours: Floats) -> Floats:
    """K-means centres in Lab, sorted by lightness so that a second run gives the same file."""
    import faiss

    means = faiss.Kmeans(3, COLOURS, niter=40, nredo=3, seed=SEED)
    means.train(colours)
    centres = np.asarray(means.centroids, np.float32)
    return centres[np.lexsort(centres.T[::-1])]


def _write(directory: Path, arrays: dict[str, NDArray[Any]]) -> None:
    raw = io.BytesIO()
    np.savez(raw, allow_pickle=False, **arrays)
    (directory / "fashion.npz").write_bytes(raw.getvalue())
    path = directory / "encoder.json"
    told = json.loads(path.read_text()) if path.exists() else {}
    files = ("tower.onnx", "fashion.npz", "labels.tsv")
    told["sha256"] = {
        **told.get("sha256", {}),  # what others wrote stays
        **{name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in files},
    }
    told["colour_weight"] = COLOUR_WEIGHT
    told.setdefault("bands", {"very_close": 0.6, "close": 0.5})
    told["subject"] = SUBJECT_RULE
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
    print(f"wrote {directory}/fashion.npz, {len(raw.getvalue()) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
