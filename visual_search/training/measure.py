"""Measure the shipped encoder on held-out pictures, and set its thresholds.

    python -m visual_search.training.measure [--write]      needs the shared data; about 4 minutes on one core

Prints the table of the model card. `--write` puts the thresholds into `encoder.json`. Thresholds are set on the
phone photos that the projection was fitted on *not*: an even half of the held-out ones sets them, the other half
reports them.
"""

from __future__ import annotations

import argparse
import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.imagenet import MODEL_DIRECTORY, ImagenetEncoder
from visual_search.encoders.tower import ImagenetTower
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, data_directory, phone_photos
from visual_search.values import Picture, Vectors

QUERIES = 500
SEED = 11
Flags = NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the shipped encoder on held-out pictures.")
    parser.add_argument("--write", action="store_true", help="put the thresholds into encoder.json")
    write = parser.parse_args().write
    directory = data_directory()
    if not directory.is_dir():
        raise SystemExit(f"the shared data is not at {directory}; set VITRINE_SHARED")
    shown, taken = catalogue(directory), [photo for photo in phone_photos(directory) if photo.held_out]
    encoder = ImagenetEncoder()
    vectors, raw, _, _ = see(encoder, shown)
    photo_vectors, photo_raw, worn, other = see(encoder, taken)
    for name, mine, photos in (("ImageNet features alone", raw, photo_raw), ("shipped", vectors, photo_vectors)):
        print(f"\n{name}")
        _print_catalogue(shown, mine)
        _print_photos(shown, taken, mine, photos)
    bands = _bands(shown, taken, vectors, photo_vectors)
    subject = _subject(worn, other, vectors, photo_vectors)
    if write:
        path = MODEL_DIRECTORY / "encoder.json"
        told = json.loads(path.read_text())
        told["bands"], told["subject"] = bands, subject
        path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")


def see(encoder: ImagenetEncoder, pictures: list[Labelled]) -> tuple[Vectors, Vectors, Vectors, Vectors]:
    """Vectors, unit ImageNet features, and the shares of "worn" and "other" classes."""
    tower = ImagenetTower((MODEL_DIRECTORY / "tower.onnx").read_bytes())
    parts: list[tuple[Vectors, Vectors, Vectors, Vectors]] = []
    with PictureDecoder(encoder.input_px) as decoder:
        for start in range(0, len(pictures), 64):
            batch = [picture.data for picture in pictures[start : start + 64]]
            read = [picture for picture in decoder.read_many(batch, copies=False) if isinstance(picture, Picture)]
            if len(read) != len(batch):
                raise SystemExit(f"a picture near number {start} cannot be read")
            pixels = np.stack([picture.pixels for picture in read])
            features, logits = tower.see(pixels)
            unit = features / np.linalg.norm(features, axis=1, keepdims=True)
            parts.append((encoder.encode(pixels), unit, *encoder.judge.shares(logits)))
    first, second, third, fourth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return first, second, third, fourth


def _print_catalogue(shown: list[Labelled], vectors: Vectors) -> None:
    """Held-out products as queries: share of the 10 nearest with the same type, and the same colour too."""
    kinds = np.array([picture.type for picture in shown])
    colours = np.array([picture.colour for picture in shown])
    held_out = np.flatnonzero([picture.held_out for picture in shown])
    queries = np.random.default_rng(SEED).choice(held_out, QUERIES, replace=False)
    for name, corpus in (("all products", np.arange(len(shown))), ("held-out products only", held_out)):
        cosines = vectors[queries] @ vectors[corpus].T
        cosines[queries[:, None] == corpus[None, :]] = -2
        best = corpus[np.argpartition(-cosines, 10, axis=1)[:, :10]]
        kind = kinds[best] == kinds[queries][:, None]
        both = kind & (colours[best] == colours[queries][:, None])
        chance = float(np.mean([(kinds[corpus] == kinds[query]).mean() for query in queries]))
        print(
            f"  product -> {name} ({len(corpus)}): P@10 type {kind.mean():.3f}, type+colour {both.mean():.3f},"
            f" chance (type) {chance:.3f}"
        )


def _right(shown: list[Labelled], taken: list[Labelled]) -> Flags:
    """[photos, products]: may this product answer this photo?"""
    kinds = np.array([picture.type for picture in shown])
    return np.stack([np.isin(kinds, PHOTO_TYPES[photo.type]) for photo in taken])


def _print_photos(shown: list[Labelled], taken: list[Labelled], vectors: Vectors, photos: Vectors) -> None:
    right = _right(shown, taken)
    cosines = photos @ vectors.T
    best = np.argsort(-cosines, axis=1)[:, :10]
    hits = np.take_along_axis(right, best, 1)
    print(
        f"  phone photo -> all products ({len(taken)} photos): type P@1 {hits[:, 0].mean():.3f},"
        f" P@10 {hits.mean():.3f}, one of the first 5 right {hits[:, :5].any(1).mean():.3f},"
        f" chance {right.mean():.3f}"
    )
    labels = np.array([photo.type for photo in taken])
    by_label = {label: hits[labels == label].mean() for label in np.unique(labels)}
    words = (f"{label} {share:.2f} ({(labels == label).sum()})" for label, share in by_label.items())
    print("    P@10 by label (photos): " + ", ".join(words))


def _bands(shown: list[Labelled], taken: list[Labelled], vectors: Vectors, photos: Vectors) -> dict[str, float]:
    """very_close: where at least 9 of 10 first hits have the right type; close: above what 90 % of right first
    hits reach."""
    right = _right(shown, taken)
    cosines = photos @ vectors.T
    best = cosines.argmax(1)
    score, good = cosines.max(1), right[np.arange(len(taken)), best]
    half = np.array([int(hashlib.sha256(photo.data).hexdigest(), 16) % 2 == 0 for photo in taken])
    steps = np.arange(0.3, 0.99, 0.01)
    enough = [step for step in steps if (score[half] >= step).sum() >= 20]
    precise = [step for step in enough if good[half & (score >= step)].mean() >= 0.9]
    very_close = round(float(min(precise, default=0.95)), 2)
    close = round(float(np.quantile(score[half & good], 0.1)), 2)
    print("\nbands on the reporting half")
    edges = (-1.0, close, very_close, 1.01)
    for name, low, high in zip(("far", "close", "very_close"), edges, edges[1:], strict=False):
        chosen = ~half & (score >= low) & (score < high)
        share = good[chosen].mean() if chosen.any() else float("nan")
        print(f"  {name} [{low:.2f}, {high:.2f}): {chosen.sum()} photos, first hit of the right type {share:.3f}")
    products = vectors[np.random.default_rng(SEED).choice(len(vectors), 400, replace=False)]
    unrelated = (products @ vectors.T).ravel()
    quantiles = np.quantile(unrelated, (0.5, 0.99, 0.999)).round(3)
    print(f"  two products drawn at random: median, 99 %, 99.9 % of cosines {quantiles}")
    return {"very_close": very_close, "close": close}


def _subject(worn: Vectors, other: Vectors, vectors: Vectors, photos: Vectors) -> dict[str, float]:
    """The share of held-out clothes photos that the judge would turn away, for a few thresholds."""
    nearest = (photos @ vectors.T).max(1)
    for other_frac in (0.3, 0.4, 0.5, 0.6, 0.7):
        refused = (other >= other_frac) & (other > worn)
        print(
            f"  other_frac {other_frac}: clothes taken for something else {refused.mean():.4f},"
            f" and far from every product {[(t, round(float((refused & (nearest < t)).mean()), 4)) for t in (0.5, 0.6, 0.7)]}"
        )
    print(f"  nearest product of a clothes photo: 1 %, 5 %, 50 % {np.quantile(nearest, (0.01, 0.05, 0.5)).round(3)}")
    print(f"  worn share of a clothes photo: 5 %, 25 %, 50 % {np.quantile(worn, (0.05, 0.25, 0.5)).round(3)}")
    return {"other_frac": 0.5, "fashion_frac": 0.3}


if __name__ == "__main__":
    main()
