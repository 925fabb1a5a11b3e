"""Measure the shipped encoder on held-out pictures, and set its thresholds.

    python -m visual_search.training.measure [--write]      needs the shared data; about 4 minutes on one core

Prints the table of the model card. `--write` puts the thresholds into `encoder.json`. Thresholds are set on the
phone photos that the projection was fitted on *not*: an even half of the held-out ones sets them, the other half
reports them.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.encoders.imagenet import MODEL_DIRECTORY, ImagenetEncoder
from visual_search.gallery import Gallery
from visual_search.index import VectorIndex
from visual_search.marks import Marks
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, data_directory, phone_photos
from visual_search.values import Picture, Pixels, Subject, Vectors

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
    shown, taken = catalogue(directory), [photo for photo in phone_photos(directory) if photo.unseen]
    encoder = ImagenetEncoder()
    vectors, raw, subjects = see(encoder, shown)
    photo_vectors, photo_raw, photo_subjects = see(encoder, taken)
    for name, mine, photos in (("ImageNet features alone", raw, photo_raw), ("shipped", vectors, photo_vectors)):
        print(f"\n{name}")
        _print_catalogue(shown, mine)
        _print_photos(shown, taken, mine, photos)
    bands = _bands(shown, taken, vectors, photo_vectors)
    print("\nverdicts on clothes")
    _print_subjects("held-out phone photos", photo_subjects)
    _print_subjects("held-out products", [one for one, product in zip(subjects, shown, strict=True) if product.unseen])
    print("\nthe same photo saved again")
    _print_twins(encoder, shown, vectors)
    if write:
        path = MODEL_DIRECTORY / "encoder.json"
        told = json.loads(path.read_text())
        told["bands"] = bands
        path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")


def see(encoder: ImagenetEncoder, pictures: list[Labelled]) -> tuple[Vectors, Vectors, list[Subject]]:
    """Vectors as shipped, the unit ImageNet features that they are made from, and the verdicts."""
    vectors, features = [], []
    subjects: list[Subject] = []
    for pixels in _pixels(encoder.input_px, pictures):
        seen, plain, logits = encoder.see(pixels)
        vectors.append(seen)
        features.append(plain)
        subjects += encoder.judge.judge(plain, logits)
    return np.concatenate(vectors), np.concatenate(features), subjects


def _pixels(input_px: int, pictures: list[Labelled]) -> Iterator[Pixels]:
    """Batches of 64, decoded as the product decodes."""
    with PictureDecoder(input_px) as decoder:
        for start in range(0, len(pictures), 64):
            batch = [picture.data for picture in pictures[start : start + 64]]
            read = [picture for picture in decoder.read_many(batch, copies=False) if isinstance(picture, Picture)]
            if len(read) != len(batch):
                raise SystemExit(f"a picture near number {start} cannot be read")
            yield np.stack([picture.pixels for picture in read])


def _print_catalogue(shown: list[Labelled], vectors: Vectors) -> None:
    """Held-out products as queries: share of the 10 nearest with the same type, and the same colour too."""
    kinds = np.array([picture.type for picture in shown])
    colours = np.array([picture.colour for picture in shown])
    held_out = np.flatnonzero([picture.unseen for picture in shown])
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
    """very_close: from here up, first hits have the right type 85 times in 100; close: from here up, a first hit of
    just that score is more often right than wrong."""
    right = _right(shown, taken)
    cosines = photos @ vectors.T
    best = cosines.argmax(1)
    score, good = cosines.max(1), right[np.arange(len(taken)), best]
    half = np.array([int(hashlib.sha256(photo.data).hexdigest(), 16) % 2 == 0 for photo in taken])
    steps = [round(0.3 + 0.01 * step, 2) for step in range(60)]

    def precision(low: float, high: float) -> float:
        chosen = half & (score >= low) & (score < high)
        return float(good[chosen].mean()) if chosen.sum() >= 10 else 0.0

    very_close = next((step for step in steps if precision(step, 2.0) >= 0.85), 0.95)
    close = next((step for step in steps if precision(step, step + 0.05) > 0.5), very_close)
    print(f"\nbands very_close {very_close}, close {close}, on the reporting half")
    edges = (-1.0, close, very_close, 1.01)
    for name, low, high in zip(("far", "close", "very_close"), edges, edges[1:], strict=False):
        chosen = ~half & (score >= low) & (score < high)
        share = good[chosen].mean() if chosen.any() else float("nan")
        print(f"  {name} [{low:.2f}, {high:.2f}): {chosen.sum()} photos, first hit of the right type {share:.3f}")
    some = vectors[np.random.default_rng(SEED).choice(len(vectors), 400, replace=False)]
    quantiles = np.quantile((some @ vectors.T).ravel(), (0.5, 0.99, 0.999)).round(3)
    print(f"  two products drawn at random: median, 99 %, 99.9 % of cosines {quantiles}")
    return {"very_close": very_close, "close": close}


def _print_subjects(name: str, subjects: list[Subject]) -> None:
    """Clothes that the judge would turn away ("other"), or not swear to ("unsure")."""
    verdicts = Counter(subject.verdict for subject in subjects)
    shares = (f"{verdict} {count / len(subjects):.4f}" for verdict, count in verdicts.most_common())
    print(f"  {name} ({len(subjects)}): " + ", ".join(shares))


def _print_twins(encoder: ImagenetEncoder, shown: list[Labelled], vectors: Vectors) -> None:
    """The same catalogue photo saved again: is it recognised, and is any other product taken for it?"""
    gallery = Gallery(VectorIndex(encoder.dimension), Marks())
    with PictureDecoder(encoder.input_px) as decoder:
        pictures = [
            one for one in decoder.read_many((one.data for one in shown), copies=False) if isinstance(one, Picture)
        ]
        gallery.put([one.id for one in shown], vectors, [bytes.fromhex(one.sha256) + one.thumb for one in pictures])
        thumbs = {one.id: picture.thumb for one, picture in zip(shown, pictures, strict=True)}
        queries = np.random.default_rng(SEED).choice(len(shown), 300, replace=False)
        for name, change in TWINS.items():
            found, alone, extra = 0, 0, 0
            for at in queries:
                again = decoder.read(change(shown[at].data))
                if not isinstance(again, Picture):
                    raise SystemExit("a picture saved again cannot be read")
                ids = gallery.same_picture(
                    bytes.fromhex(again.sha256), again.thumb, encoder.encode(again.pixels[None])[0]
                )
                twins = {one for one in ids if thumbs[one] == thumbs[shown[at].id]}
                found += shown[at].id in ids
                alone += set(ids) == twins and shown[at].id in ids
                extra += len(set(ids) - twins)
            print(f"  {name}: found {found / 300:.3f}, found alone {alone / 300:.3f}, others beside {extra / 300:.3f}")


def _saved_again(form: str, scale: float, quality: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        image = Image.open(io.BytesIO(data)).convert("RGB")
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        out = io.BytesIO()
        image.resize(size, Image.Resampling.BICUBIC).save(out, form, quality=quality)
        return out.getvalue()

    return change


TWINS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG, quality 50": _saved_again("JPEG", 1.0, 50),
    "JPEG, quality 80, twice as large": _saved_again("JPEG", 2.0, 80),
    "WebP, quality 60, half as large": _saved_again("WEBP", 0.5, 60),
}


if __name__ == "__main__":
    main()
