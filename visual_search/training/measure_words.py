"""A picture moved by words: how far to go.

    python -m visual_search.training.measure_words

Each of 400 products is asked for in another colour ("like this, but green"), in both languages: of the ten nearest, how
many are of its type, how many of the colour that was asked for, how many of both. Products used for choosing (DEV).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from visual_search.encoders.registry import open_encoder
from visual_search.imagining import imagined
from visual_search.training import corpus as data
from visual_search.training.captions import Lexicon
from visual_search.training.corpus import DEV
from visual_search.training.report import see
from visual_search.training.shared_data import data_directory, raw_pictures

_QUERIES = 400
_LEAST = 25
"""A colour is asked for where at least so many products have it."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure pictures that are moved by words.")
    parser.add_argument("--encoder", default="vitrine")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    asked = parser.parse_args()
    encoder = open_encoder(asked.encoder)
    directory = data_directory()
    corpus = data.load(directory, asked.cache)
    lexicon = Lexicon(directory / "fashion" / "lexicon.tsv")
    files = raw_pictures(directory)
    rows = np.flatnonzero(corpus.part == DEV)
    shown = see(encoder, (files.products[row] for row in rows))
    kinds = np.array([corpus.rows[row]["article_type"] for row in rows])
    colours = np.array([corpus.rows[row]["base_colour"] for row in rows])
    known, counts = np.unique(colours, return_counts=True)
    common = [colour for colour, count in zip(known, counts, strict=True) if count >= _LEAST and colour != "NA"]
    rng = np.random.default_rng(7)
    queries = rng.choice(np.flatnonzero(np.isin(colours, common)), _QUERIES, replace=False)
    wanted = [rng.choice([colour for colour in common if colour != colours[at]]) for at in queries]
    print("weight | language | type | colour | both")
    for language in ("en", "fr"):
        name = lexicon.english if language == "en" else None
        words = {
            colour: name["base_colour", colour][0] if name else lexicon.french("base_colour", colour)[0]
            for colour in common
        }
        for weight in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
            hits = np.zeros(3)
            for at, colour in zip(queries, wanted, strict=True):
                vector = imagined(encoder, shown[at], words[colour], words[colours[at]], weight)
                cosines = shown @ vector
                cosines[at] = -2
                best = np.argsort(-cosines)[:10]
                of_kind, of_colour = kinds[best] == kinds[at], colours[best] == colour
                hits += of_kind.mean(), of_colour.mean(), (of_kind & of_colour).mean()
            print(f"{weight} | {language} | " + " | ".join(f"{share:.3f}" for share in hits / len(queries)), flush=True)


if __name__ == "__main__":
    main()
