"""What the eyes need of whoever keeps vectors and marks. Structural: an implementation imports nothing from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visual_search.values import Ids, Marks, Vectors


class VectorStore(Protocol):
    """Unit vectors under the caller's own int64 ids. Safe for many threads; a change is visible when its call
    returns. `tests/contracts/test_vector_stores.py` holds every implementation to this."""

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int: ...

    def __contains__(self, picture_id: int) -> bool: ...

    def add(self, ids: ArrayLike, vectors: Vectors) -> None:
        """Add rows; an id that is already there gets its new vector. ValueError on a wrong shape, on ids given twice
        and on vectors that are not finite or not of length 1: then nothing was added."""
        ...

    def remove(self, ids: ArrayLike) -> int:
        """Forget these ids; unknown ones are ignored. Returns how many were there."""
        ...

    def search(self, vectors: Vectors, k: int, allowed_ids: Ids | None = None) -> tuple[Vectors, Ids]:
        """The `k` best of each query row: cosines [n, k] falling, ids [n, k]; the rest is -inf and -1 where fewer
        are allowed. `allowed_ids` None means all; the filter acts inside the search, unknown ids are ignored.
        ValueError on another dimension and on `k` below 1."""
        ...

    def vectors_of(self, ids: ArrayLike) -> Vectors:
        """Rows in the order of `ids`. KeyError when one is not there."""
        ...

    def ids(self) -> Ids:
        """A copy, rising."""
        ...

    def snapshot(self) -> tuple[Ids, Vectors]:
        """A copy of everything, ids rising: the same content gives the same bytes."""
        ...

    def lists(self) -> NDArray[np.uint8] | None:
        """What was fitted to the rows of `snapshot`, to be kept beside them; None where there is no such thing."""
        ...

    def settle(self) -> None:
        """Returns when the store is as fast as it gets: what it makes in the background is there."""
        ...

    def close(self) -> None:
        """Ends what goes on in the background."""
        ...


class MarkStore(Protocol):
    """What is known of each picture beside its vector: the sha256 of its bytes (32 bytes) and its 8 x 8 thumb (192)."""

    def put(self, ids: Sequence[int], marks: Sequence[bytes]) -> None:
        """One of 224 bytes for each id; a known id gets its new one. ValueError for another length."""
        ...

    def drop(self, ids: Sequence[int]) -> None: ...

    def with_sha256(self, digest: bytes) -> list[int]:
        """Ids of pictures with exactly these bytes, rising."""
        ...

    def thumb(self, picture_id: int) -> bytes:
        """KeyError when unknown."""
        ...

    def thumb_distances(self, thumb: bytes, ids: Sequence[int]) -> NDArray[np.float32]:
        """Mean difference in levels (0 to 255) of each picture's thumb; infinite for unknown ids."""
        ...

    def as_rows(self, ids: Ids) -> Marks:
        """uint8 [n, 224] in the order of `ids`; KeyError when one is unknown."""
        ...


def check_vectors(ids: Ids, vectors: Vectors, dimension: int) -> None:
    """ValueError for what no store may take."""
    if vectors.shape != (len(ids), dimension):
        raise ValueError(f"vectors {vectors.shape} do not fit {len(ids)} ids of {dimension} numbers")
    if len(np.unique(ids)) != len(ids):
        raise ValueError("an id is given twice")
    if len(ids):
        lengths = np.einsum("nd,nd->n", vectors, vectors)
        if not np.isfinite(lengths).all() or np.abs(lengths - 1).max() > 1e-3:
            raise ValueError("vectors must be finite rows of length 1")


def check_query(queries: Vectors, k: int, dimension: int) -> None:
    """ValueError for what no store can search with."""
    if queries.shape[1] != dimension:
        raise ValueError(f"vectors of {queries.shape[1]} numbers, the index has {dimension}")
    if k < 1:
        raise ValueError("k must be 1 or more")
