"""Is what is called very close of the same colour? Chosen and measured on products seen as a phone might, whose colour
is known, and on phone photos beside products that somebody looked at (`colour_pairs.tsv`), since phone photos have no
label of a colour.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_search.encoders.base import Bands, Encoder
from visual_search.same_colour import LOOKED_AT, Colours, Thumbs, agreement, by_thumbs, by_words
from visual_search.training.corpus import TRAIN, Corpus, twin_groups
from visual_search.training.shared_data import photo_names
from visual_search.values import Vectors

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FAMILIES = {
    "black": ("Black",),
    "white": ("White", "Off White", "Cream"),
    "grey": ("Grey", "Grey Melange", "Charcoal", "Steel", "Silver", "Metallic"),
    "blue": ("Blue", "Navy Blue", "Teal", "Turquoise Blue"),
    "green": ("Green", "Olive", "Khaki", "Sea Green", "Lime Green", "Fluorescent Green"),
    "yellow": ("Yellow", "Mustard"),
    "gold": ("Gold",),
    "orange": ("Orange", "Peach", "Rust"),
    "red": ("Red", "Maroon", "Burgundy"),
    "pink": ("Pink", "Magenta", "Rose"),
    "purple": ("Purple", "Lavender", "Mauve"),
    "brown": ("Brown", "Coffee Brown", "Mushroom Brown", "Taupe", "Tan", "Bronze", "Copper"),
    "beige": ("Beige", "Nude", "Skin"),
    "multicolour": ("Multi",),
}
"""The sellers' words, in the families of the shop's lexicon; silver counts as grey, since watches are called either."""
_FAMILY = {colour: family for family, colours in FAMILIES.items() for colour in colours}

PAIRS = Path(__file__).parent / "colour_pairs.tsv"
"""A phone photo, a product that was found for it, and whether they are plainly of one colour or plainly not; what
could be argued about was left out."""

_HITS = 10
_RIGHT = 0.75
_SCENES = 400
"""Phone photos whose corners stand behind the views."""


class Seen(NamedTuple):
    """Pictures by an encoder: rows [n, d] and thumbs [n, 192]."""

    vectors: Vectors
    thumbs: Thumbs


class Found(NamedTuple):
    """The first products for each view, itself and its twins left out: [n, hits] each."""

    rows: Ints
    cosines: NDArray[np.float32]
    of_type: Flags
    of_family: Flags


def as_by_phone(corpus: Corpus, products: Ints, px: int) -> Iterator[bytes]:
    """Files of one view of each product, px wide."""
    import torch

    from visual_search.training.augment import FAR, Pictures

    taught = np.flatnonzero(corpus.photo_part == TRAIN)
    scenes = np.sort(np.random.default_rng(0).permutation(taught)[:_SCENES])
    some = replace(
        corpus,
        rows=[corpus.rows[at] for at in products],
        products=np.asarray(corpus.products[products]),
        part=corpus.part[products],
        photo_labels=[corpus.photo_labels[at] for at in scenes],
        photo_squares=corpus.photo_squares[scenes],
        photo_sizes=corpus.photo_sizes[scenes],
        photo_part=corpus.photo_part[scenes],
    )
    pictures = Pictures(some, px, torch.device("cpu"), 1)
    chance = torch.Generator().manual_seed(0)
    for rows in np.array_split(np.arange(len(products)), max(1, len(products) // 128)):
        for pixels in pictures.products(rows, FAR, chance).round().permute(0, 2, 3, 1).numpy().astype(np.uint8):
            out = io.BytesIO()
            Image.fromarray(pixels).save(out, "PNG", compress_level=1)
            yield out.getvalue()


def found(views: Seen, shown: Seen, corpus: Corpus, products: Ints) -> Found:
    """`views` and `shown` are of the same `products`."""
    rows = [corpus.rows[at] for at in products]
    kinds = np.array([row["article_type"] for row in rows])
    families = np.array([_FAMILY.get(row["base_colour"], "") for row in rows])
    twins = twin_groups(np.asarray(corpus.products[products]))
    cosines = views.vectors @ shown.vectors.T
    cosines[twins[:, None] == twins] = -2
    best = np.argsort(-cosines, axis=1)[:, :_HITS]
    return Found(
        best,
        np.take_along_axis(cosines, best, axis=1),
        kinds[best] == kinds[:, None],
        (families[best] == families[:, None]) & (families[:, None] != ""),
    )


def least_agreement(encoder: Encoder, bands: Bands, views: Seen, shown: Seen, hits: Found) -> float:
    """From here up, three in four of the hits that are alike enough have the colour's family; sellers' words for
    colours contradict each other too often to ask for more."""
    agree = said(encoder, views, shown, hits.rows)["both"]
    alike = hits.cosines >= bands.very_close
    steps = [round(0.01 * step, 2) for step in range(100)]
    return next((step for step in steps if _share(hits.of_family, alike & (agree >= step)) >= _RIGHT), 0.99)


def said(encoder: Encoder, asked: Seen, shown: Seen, rows: Ints) -> dict[str, NDArray[np.float32]]:
    """By each witness, of each picture and the rows that were found for it: [n, hits]."""
    words = Colours(encoder).words if encoder.reads_words else None
    told: dict[str, list[NDArray[np.float32]]] = {"thumbs": [], "words": [], "both": []}
    for vector, thumb, some in zip(asked.vectors, asked.thumbs, rows, strict=True):
        one = thumb.tobytes()
        told["thumbs"].append(by_thumbs(one, shown.thumbs[some]))
        if words is not None:
            told["words"].append(by_words(words, vector, shown.vectors[some]))
            told["both"].append(agreement(words, vector, shown.vectors[some], one, shown.thumbs[some]))
    return {name: np.stack(each) for name, each in told.items() if each}


def of_one_colour(encoder: Encoder, bands: Bands, asked: Seen, shown: Seen, rows: Ints) -> Flags:
    """[n, hits]: what the shop would say of each picture and the rows that were found for it."""
    colours = Colours(encoder)
    return np.stack(
        [
            colours.are_one(
                asked.vectors[at], shown.vectors[some], bands.same_colour, asked.thumbs[at].tobytes(),
                shown.thumbs[some],
            )
            for at, some in enumerate(rows)
        ]
    )  # fmt: skip


def print_views(encoder: Encoder, bands: Bands, views: Seen, shown: Seen, hits: Found) -> None:
    alike = hits.cosines >= bands.very_close
    same = of_one_colour(encoder, bands, views, shown, hits.rows)
    print(f"\nproducts seen as a phone might ({len(views.vectors)}), hits of the first {_HITS} that are very close:")
    for name, called in (("by likeness alone", alike), ("and in colour", alike & same)):
        print(
            f"  {name}: {called.mean():.3f} of all hits, {called.any(axis=1).mean():.3f} of the products have one; "
            f"right type {_share(hits.of_type, called):.3f}, right colour {_share(hits.of_family, called):.3f}, "
            f"both {_share(hits.of_type & hits.of_family, called):.3f}"
        )
    itself = of_one_colour(encoder, bands, views, shown, np.arange(len(views.vectors))[:, None])
    print(f"  a product's view and its own picture are of one colour: {itself.mean():.3f}")
    _print_apart(said(encoder, views, shown, hits.rows), hits.of_family)


def print_photos(encoder: Encoder, bands: Bands, taken: Seen, shown: Seen, right: Flags) -> None:
    """`right` [photos, products]: which may be answered with."""
    cosines = taken.vectors @ shown.vectors.T
    best = np.argsort(-cosines, axis=1)[:, :LOOKED_AT]
    alike = np.take_along_axis(cosines, best, axis=1) >= bands.very_close
    of_type = np.take_along_axis(right, best, axis=1)
    print(f"phone photos ({len(best)}), hits of the first {LOOKED_AT} that are very close:")
    for name, called in (
        ("by likeness alone", alike),
        ("and in colour", alike & of_one_colour(encoder, bands, taken, shown, best)),
    ):
        print(
            f"  {name}: {called.mean():.3f} of all hits, {called.any(axis=1).mean():.3f} of the photos have one; "
            f"right type {_share(of_type, called):.3f}"
        )


def pairs(directory: Path, corpus: Corpus, part: int) -> tuple[Ints, Ints, Flags]:
    """Rows of photos of that part, of products, and whether they look to be of one colour."""
    photos = {name: at for at, name in enumerate(photo_names(directory))}
    products = {row["id"]: at for at, row in enumerate(corpus.rows)}
    with PAIRS.open(encoding="utf-8", newline="") as file:
        told = [
            (photos[row["photo"]], products[row["product"]], row["same"] == "yes")
            for row in csv.DictReader(file, delimiter="\t")
        ]
    mine = [(photo, product, same) for photo, product, same in told if corpus.photo_part[photo] == part]
    taken, shown, same = (np.array(column) for column in zip(*mine, strict=True))
    return taken, shown, same


def print_pairs(encoder: Encoder, bands: Bands, taken: Seen, shown: Seen, same: Flags) -> None:
    """`taken` and `shown` are the two sides of the pairs."""
    called = of_one_colour(encoder, bands, taken, shown, np.arange(len(same))[:, None])[:, 0]
    print(
        f"phone photos and products that were looked at: of {same.sum()} pairs of one colour {called[same].mean():.2f} "
        f"pass, of {(~same).sum()} plainly of two {called[~same].mean():.2f}"
    )
    _print_apart(said(encoder, taken, shown, np.arange(len(same))[:, None]), same[:, None])


def _print_apart(told: dict[str, NDArray[np.float32]], same: Flags) -> None:
    """How often a pair of one colour is said to be likelier than one of two: the area under the curve, .5 by chance."""
    areas = []
    for name, values in told.items():
        ranks = np.unique(values, return_inverse=True)[1].reshape(same.shape)
        below = np.searchsorted(np.sort(ranks[~same]), ranks[same], "left").mean() / (~same).sum()
        level = np.searchsorted(np.sort(ranks[~same]), ranks[same], "right").mean() / (~same).sum()
        areas.append(f"{name} {(below + level) / 2:.3f}")
    print(f"  told apart (area under the curve): {', '.join(areas)}")


def _share(right: Flags, chosen: Flags) -> float:
    return float(right[chosen].mean()) if chosen.any() else 0.0
