"""Files on disk to an array of vectors, for whoever wants to search elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from visual_search.values import PictureRefused, Vectors


def embed_images(
    paths: Sequence[Path],
    encoder: str = "vitrine",
    on_refused: Callable[[Path, PictureRefused], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Vectors:
    """float32 [len(paths), dimension], unit rows in the order of `paths`. The row of a picture that was refused
    is NaN, and `on_refused` is told why. Raises EncoderUnavailable, and OSError for a path that cannot be read.
    """
    from visual_search.encoders.registry import open_encoder
    from visual_search.importing import encode_many
    from visual_search.preprocess.decoder import PictureDecoder

    opened = open_encoder(encoder)
    vectors = np.full((len(paths), opened.dimension), np.nan, np.float32)
    done = 0
    with PictureDecoder(opened.input_px) as decoder:
        for batch in encode_many(_numbered(paths), opened, decoder, _nothing_known, copies=False):
            for one in batch:
                if one.vector is not None:
                    vectors[one.picture_id] = one.vector
                elif one.refused is not None and on_refused is not None:
                    on_refused(paths[one.picture_id], one.refused)
            done += len(batch)
            if on_progress is not None:
                on_progress(done)
    return vectors


def _numbered(paths: Sequence[Path]) -> Iterator[tuple[int, bytes]]:
    for number, path in enumerate(paths):
        yield number, path.read_bytes()


def _nothing_known(digests: list[bytes]) -> list[tuple[Vectors, bytes] | None]:
    return [None] * len(digests)
