"""Many pictures to vectors: the child decodes the next batch while this process encodes the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from visual_search.encoders.base import Encoder
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.sight import Sight
from visual_search.values import Picture, PictureRefused, Vectors

BATCH_PICTURES = 64
BATCH_BYTES = 16 * 1024 * 1024

KnownVectors = Mapping[bytes, tuple[Vectors, bytes]]
"""sha256 digest to (vector, thumb): pictures that need not be decoded again."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """One picture on its way into the index: a vector with its mark, or a refusal."""

    picture_id: int
    sha256: bytes = b""
    thumb: bytes = field(default=b"", repr=False)
    vector: Vectors | None = field(default=None, repr=False)
    refused: PictureRefused | None = None
    picture: Picture | None = None
    """None where the vector was known already and no copy was asked for."""

    @property
    def mark(self) -> bytes:
        return self.sha256 + self.thumb


def encode_many(
    pictures: Iterable[tuple[int, bytes]],
    encoder: Encoder,
    decoder: PictureDecoder,
    known: Callable[[list[bytes]], list[tuple[Vectors, bytes] | None]],
    *,
    copies: bool,
) -> Iterator[list[Encoded]]:
    """Batches in order. `known` is asked, with the pictures' digests, what need not be decoded."""
    rest = iter(pictures)
    with ThreadPoolExecutor(1, thread_name_prefix="decode") as ahead:

        def decode_next() -> _Decoded | None:
            return _decode(rest, decoder, known, copies)

        waiting = ahead.submit(decode_next)
        while (batch := waiting.result()) is not None:
            waiting = ahead.submit(decode_next)
            yield _encode(batch, encoder)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one picture that was to be indexed."""

    picture_id: int
    sha256: str
    refused: PictureRefused | None


def import_many(
    pictures: Iterable[tuple[int, bytes]],
    sight: Sight,
    known: Callable[[list[bytes]], list[tuple[Vectors, bytes] | None]],
    put: Callable[[list[int], Vectors, list[bytes]], None],
    on_progress: Callable[[int], None] | None = None,
    on_picture: Callable[[int, Picture], None] | None = None,
) -> list[Added]:
    """Encodes pictures and hands ids, vectors and marks to `put`, batch by batch. A refused one is told of."""
    added: list[Added] = []
    for batch in encode_many(pictures, sight.encoder, sight.decoder, known, copies=on_picture is not None):
        fresh = {one.picture_id: one for one in batch if one.vector is not None}  # an id twice: the last
        if fresh:
            vectors = np.stack([one.vector for one in fresh.values() if one.vector is not None])
            put(list(fresh), vectors, [one.mark for one in fresh.values()])
        for one in batch:
            added.append(Added(one.picture_id, one.sha256.hex(), one.refused))
            if on_picture is not None and one.picture is not None:
                on_picture(one.picture_id, one.picture)
        if on_progress is not None:
            on_progress(len(added))
    return added


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    ids: list[int]
    digests: list[bytes]
    known: list[tuple[Vectors, bytes] | None]
    read: list[Picture | PictureRefused | None]


def _decode(
    rest: Iterator[tuple[int, bytes]],
    decoder: PictureDecoder,
    known: Callable[[list[bytes]], list[tuple[Vectors, bytes] | None]],
    copies: bool,
) -> _Decoded | None:
    import hashlib

    batch = _next_batch(rest)
    if not batch:
        return None
    digests = [hashlib.sha256(data).digest() for _, data in batch]
    vectors = known(digests)
    wanted = [at for at in range(len(batch)) if copies or vectors[at] is None]
    read: list[Picture | PictureRefused | None] = [None] * len(batch)
    results = decoder.read_many((batch[at][1] for at in wanted), copies=copies)
    for at, result in zip(wanted, results, strict=True):
        read[at] = result
    return _Decoded([picture_id for picture_id, _ in batch], digests, vectors, read)


def _next_batch(rest: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    batch: list[tuple[int, bytes]] = []
    size = 0
    for item in islice(rest, BATCH_PICTURES):
        batch.append(item)
        size += len(item[1])
        if size >= BATCH_BYTES:
            break
    return batch


def _encode(batch: _Decoded, encoder: Encoder) -> list[Encoded]:
    fresh = [at for at, one in enumerate(batch.read) if isinstance(one, Picture) and batch.known[at] is None]
    if fresh:
        pixels = np.stack([one.pixels for at in fresh if isinstance(one := batch.read[at], Picture)])
        vectors = encoder.encode(pixels)
    done: dict[int, Vectors] = {at: vectors[row] for row, at in enumerate(fresh)}
    return [_result(batch, at, done.get(at)) for at in range(len(batch.ids))]


def _result(batch: _Decoded, at: int, vector: Vectors | None) -> Encoded:
    one, known = batch.read[at], batch.known[at]
    picture_id, digest = batch.ids[at], batch.digests[at]
    if isinstance(one, PictureRefused):
        return Encoded(picture_id, digest, refused=one)
    if known is not None:
        return Encoded(picture_id, digest, known[1], known[0], picture=one)
    assert one is not None and vector is not None
    return Encoded(picture_id, digest, one.thumb, vector, picture=one)


def counting_from(done: int, on_progress: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """Counts on from there."""
    return None if on_progress is None else lambda more: on_progress(done + more)
