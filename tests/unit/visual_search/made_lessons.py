"""A few products in words alone, as lessons are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visual_search.training.captions import Lexicon
from visual_search.training.corpus import DEV, TRAIN, Corpus

KINDS = ("Shirts", "Tshirts", "Tops", "Tunics", "Caps", "Hat")
COLOURS = ("Blue", "Red")
LEXICON = [
    *(("article_type", kind, kind.lower(), f"{kind.lower()} (f)") for kind in KINDS),
    ("base_colour", "Blue", "blue", "bleu|bleue|bleus|bleues"),
    ("base_colour", "Red", "red", "rouge|rouge|rouges|rouges"),
    ("gender", "Women", "women", "femme"),
    ("usage", "Casual", "casual", "décontracté"),
    ("season", "Summer", "summer", "été"),
    ("sub_category", "Topwear", "topwear", "haut"),
    ("master_category", "Apparel", "apparel", "vêtements"),
]
EACH = 15
"""Products of each kind and colour."""


def made_lexicon(directory: Path) -> Lexicon:
    path = directory / "lexicon.tsv"
    rows = ["\t".join(row) for row in [("kind", "key", "english", "french"), *LEXICON]]
    path.write_text("\n".join(rows) + "\n")
    return Lexicon(path)


def made_corpus() -> Corpus:
    rows = []
    for kind in KINDS:
        for colour in COLOURS:
            for number in range(EACH):
                maker = "Ava" if number % 2 else "Bo"
                title = f"{maker} Women {colour} {kind}" + ("" if number < 2 else f" {number}")
                rows.append(
                    {"title": title, "article_type": kind, "base_colour": colour, "gender": "Women", "usage": "Casual",
                     "season": "Summer", "sub_category": "Topwear", "master_category": "Apparel"}
                )  # fmt: skip
    part = np.full(len(rows), TRAIN, np.int8)
    part[::EACH] = DEV
    photos = ["Shirt", "Blouse", "Top", "Hat"] * 3
    empty = np.zeros((len(photos), 4, 4, 3), np.uint8)
    return Corpus(
        rows, np.zeros((len(rows), 4, 4, 3), np.uint8), part, photos, empty, np.full((len(photos), 2), 4),
        np.full(len(photos), TRAIN, np.int8),
    )  # fmt: skip
