"""What is promised of the encoder, measured on pictures and products that it was never taught with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from visual_search.training.captions import FrenchNames, Lexicon
from visual_search.training.corpus import DEV, TEST, Corpus
from visual_search.training.shared_data import PHOTO_TYPES

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Embed = Callable[[Sequence[str]], Floats]
LEAST_RELEVANT = 10
"""A type or colour is asked for where the corpus holds at least so many of it."""


def figures(
    shown: Floats,
    taken: Floats,
    products: NDArray[np.int64],
    photos: NDArray[np.int64],
    corpus: Corpus,
    lexicon: Lexicon,
    embed: Embed | None,
) -> dict[str, float]:
    """shown [n, d] are the vectors of `products` (rows of the corpus), taken [m, d] those of `photos`. Without words
    (`embed` None) only what pictures alone can be asked."""
    rows = [corpus.rows[row] for row in products]
    told = _of_words(shown, rows, lexicon, embed) if embed is not None else {}
    return {name: round(value, 4) for name, value in (told | _of_pictures(shown, taken, rows, photos, corpus)).items()}


def _of_words(shown: Floats, rows: Sequence[dict[str, str]], lexicon: Lexicon, embed: Embed) -> dict[str, float]:
    french = FrenchNames(lexicon)
    told: dict[str, float] = {}
    names = [row["title"] for row in rows]
    every = {"en": names, "fr": [french.of(row["title"], row["article_type"]) for row in rows]}
    for language, asked_names in every.items():
        vectors = embed(asked_names)
        ranks = _ranks(vectors, shown, np.unique(np.array(names), return_inverse=True)[1])
        told[f"name_mrr_{language}"] = float((1 / ranks).mean())
        told[f"name_r1_{language}"], told[f"name_r10_{language}"] = (
            float((ranks == 1).mean()),
            float((ranks <= 10).mean()),
        )
        told[f"own_mrr_{language}"] = float((1 / _ranks(vectors, shown, np.arange(len(names)))).mean())
    for kind, short in (("article_type", "type"), ("base_colour", "colour")):
        have = np.array([row[kind] for row in rows])
        asked = [key for key in lexicon.keys(kind) if (have == key).sum() >= LEAST_RELEVANT]
        for language in ("en", "fr"):
            words = [
                lexicon.english[kind, key][0] if language == "en" else lexicon.french(kind, key)[0] for key in asked
            ]
            best = np.argsort(-(embed(words) @ shown.T), axis=1)[:, :10]
            told[f"{short}_p10_{language}"] = float((have[best] == np.array(asked)[:, None]).mean())
    return told


def _of_pictures(
    shown: Floats, taken: Floats, rows: Sequence[dict[str, str]], photos: NDArray[np.int64], corpus: Corpus
) -> dict[str, float]:
    told: dict[str, float] = {}
    kinds = np.array([row["article_type"] for row in rows])
    colours = np.array([row["base_colour"] for row in rows])
    queries = np.random.default_rng(7).choice(len(rows), min(1000, len(rows)), replace=False)
    cosines = shown[queries] @ shown.T
    cosines[np.arange(len(queries)), queries] = -2
    best = np.argsort(-cosines, axis=1)[:, :10]
    same = kinds[best] == kinds[queries][:, None]
    told["photo_type_p10"] = float(same.mean())
    told["photo_type_colour_p10"] = float((same & (colours[best] == colours[queries][:, None])).mean())
    best = np.argsort(-(taken @ shown.T), axis=1)[:, :10]
    right = np.stack(
        [np.isin(kinds[found], PHOTO_TYPES[corpus.photo_labels[at]]) for found, at in zip(best, photos, strict=True)]
    )
    told["customer_p10"] = float(right.mean())
    told["customer_p1"] = float(right[:, 0].mean())
    return told


def names_among_all(
    shown: Floats, products: NDArray[np.int64], corpus: Corpus, lexicon: Lexicon, embed: Embed
) -> dict[str, tuple[float, float, float]]:
    """Of each language, the names of `products` among the whole corpus, which `shown` [n, d] is of: MRR of any product
    of the name, its share among the first ten, and MRR of the product itself."""
    french, rows = FrenchNames(lexicon), [corpus.rows[row] for row in products]
    every = {"English": [row["title"] for row in rows]}
    every["French"] = [french.of(row["title"], row["article_type"]) for row in rows]
    names = np.unique([row["title"] for row in corpus.rows], return_inverse=True)[1]
    told = {}
    for language, asked in every.items():
        vectors = embed(asked)
        of_name = _ranks(vectors, shown, names, products)
        itself = _ranks(vectors, shown, np.arange(len(shown)), products)
        told[language] = float((1 / of_name).mean()), float((of_name <= 10).mean()), float((1 / itself).mean())
    return told


def _ranks(
    asked: Floats, shown: Floats, ids: NDArray[np.int64], rows: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """For each row of `asked` the rank, from 1, of the first picture whose id is its own: that of the same row of
    `shown`, or of `rows`."""
    wanted = ids if rows is None else ids[rows]
    ranks = []
    for start in range(0, len(asked), 512):
        scores = asked[start : start + 512] @ shown.T
        own = ids[None, :] == wanted[start : start + 512, None]
        best = np.where(own, scores, -2).max(1, keepdims=True)
        ranks.append(1 + (scores > best).sum(1))
    return np.concatenate(ranks)


def bands(
    shown: Floats, taken: Floats, products: NDArray[np.int64], photos: NDArray[np.int64], corpus: Corpus
) -> tuple[float, float]:
    """very_close: from here up, first hits have the right type 95 times in 100; close: from here up, a first hit of
    just that score is more often right than wrong."""
    score, right = _firsts(shown, taken, products, photos, corpus)
    steps = [round(0.2 + 0.01 * step, 2) for step in range(76)]

    def precision(low: float, high: float) -> float:
        chosen = (score >= low) & (score < high)
        return float(right[chosen].mean()) if chosen.sum() >= 10 else 0.0

    very_close = next((step for step in steps if precision(step, 2.0) >= 0.95), 0.95)
    close = next((step for step in steps if precision(step, step + 0.08) > 0.5), very_close - 0.01)
    return very_close, min(close, round(very_close - 0.01, 2))


def in_bands(
    shown: Floats,
    taken: Floats,
    products: NDArray[np.int64],
    photos: NDArray[np.int64],
    corpus: Corpus,
    edges: tuple[float, float],
) -> list[tuple[str, int, float]]:
    """Of each band: its name, how many photos' first hits are in it, and the share of those that are right."""
    score, right = _firsts(shown, taken, products, photos, corpus)
    limits = (-2.0, edges[1], edges[0], 2.0)
    out = []
    for name, low, high in zip(("far", "close", "very_close"), limits, limits[1:], strict=False):
        chosen = (score >= low) & (score < high)
        out.append((name, int(chosen.sum()), float(right[chosen].mean()) if chosen.any() else float("nan")))
    return out


def _firsts(
    shown: Floats, taken: Floats, products: NDArray[np.int64], photos: NDArray[np.int64], corpus: Corpus
) -> tuple[Floats, NDArray[np.bool_]]:
    """Of each photo the best cosine, and whether that product's type is right."""
    cosines = taken @ shown.T
    best = cosines.argmax(1)
    return cosines.max(1), may_answer(products, photos, corpus)[np.arange(len(best)), best]


def may_answer(products: NDArray[np.int64], photos: NDArray[np.int64], corpus: Corpus) -> NDArray[np.bool_]:
    """[photos, products]: whether a product is of a type that the photo may be answered with."""
    kinds = np.array([corpus.rows[row]["article_type"] for row in products])
    return np.stack([np.isin(kinds, PHOTO_TYPES[corpus.photo_labels[photo]]) for photo in photos])


PARTS = {"dev": DEV, "test": TEST}
