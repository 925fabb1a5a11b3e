"""The vectors that `vectors` searches in: clouds, those of the real catalogue, and any number grown from these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import OUT
from visual_search.encoders.base import Encoder

Vectors = NDArray[np.float32]


def clustered(count: int, dimension: int, seed: int) -> Vectors:
    """Unit vectors in 4,000 clouds, as pictures of things for sale lie."""
    dice = np.random.default_rng(seed)
    clouds = dice.standard_normal((4_000, dimension)).astype(np.float32)
    clouds /= np.linalg.norm(clouds, axis=1, keepdims=True)
    vectors = np.empty((count, dimension), np.float32)
    for start in range(0, count, 100_000):
        size = min(100_000, count - start)
        noise = dice.standard_normal((size, dimension)).astype(np.float32) * np.float32(0.045)
        vectors[start : start + size] = clouds[dice.integers(0, len(clouds), size)] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def real_vectors(encoder: Encoder) -> Vectors | None:
    """The public catalogue's photos as that encoder sees them; encoded once, some minutes, and kept in var/bench. None
    where they are absent."""
    from visual_search.training.shared_data import catalogue, data_directory

    path = OUT / f"product_vectors-{encoder.revision}.npy"
    if path.exists():
        kept: Vectors = np.load(path)
        return kept
    if not data_directory().is_dir():
        return None
    from visual_search.importing import encode_many
    from visual_search.preprocess.decoder import PictureDecoder

    rows: list[Vectors] = []
    with PictureDecoder(encoder.input_px) as decoder:
        pictures = ((at, one.data) for at, one in enumerate(catalogue(data_directory())))
        for batch in encode_many(pictures, encoder, decoder, lambda asked: [None] * len(asked), copies=False):
            rows += [one.vector for one in batch if one.vector is not None]
    OUT.mkdir(parents=True, exist_ok=True)
    np.save(path, np.stack(rows))
    return np.stack(rows)


def grown(real: Vectors, count: int, seed: int) -> Vectors:
    """More vectors like these: each between a real one and one of its neighbours, with noise (cosine about .95 to where
    it was)."""
    import faiss

    dice, dimension = np.random.default_rng(seed), real.shape[1]
    flat = faiss.IndexFlatIP(dimension)
    flat.add(real)
    neighbours = np.concatenate([flat.search(part, 9)[1] for part in np.array_split(real, 16)])
    vectors = np.empty((count, dimension), np.float32)
    for start in range(0, count, 50_000):
        size = min(50_000, count - start)
        one = dice.integers(0, len(real), size)
        other, weight = neighbours[one, dice.integers(1, 9, size)], dice.random((size, 1), np.float32)
        some = weight * real[one] + (1 - weight) * real[other]
        some /= np.linalg.norm(some, axis=1, keepdims=True)
        noise = dice.standard_normal((size, dimension)).astype(np.float32) * np.float32(0.32 / dimension**0.5)
        vectors[start : start + size] = some + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
