"""Files and words to an array of vectors, for whoever wants to search elsewhere or to measure an encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from visual_search.values import PictureRefused, Vectors

_TEXTS = 64


def embed_images(
    paths: Sequence[Path],
    encoder: str = "vitrine",
    on_refused: Callable[[Path, str], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
    fits: Path | None = None,
) -> Vectors:
    """float32 [len(paths), dimension], unit rows in the order of `paths`, exactly as the shop sees them. The row of a
    file that is missing or no picture is NaN, and `on_refused` is told why. `fits`: where what an encoder was taught
    lies. Raises EncoderUnavailable.
    """
    from visual_search.importing import encode_many
    from visual_search.sight import Sight

    sight = Sight.open(encoder, None, 2, fits)
    vectors = np.full((len(paths), sight.encoder.dimension), np.nan, np.float32)
    done = 0

    def refuse(path: Path, why: str) -> None:
        if on_refused is not None:
            on_refused(path, why)

    with sight.decoder as decoder:
        for batch in encode_many(_numbered(paths, refuse), sight.encoder, decoder, _nothing_known, copies=False):
            for one in batch:
                if one.vector is not None:
                    vectors[one.picture_id] = one.vector
                elif isinstance(one.refused, PictureRefused):
                    refuse(paths[one.picture_id], f"{one.refused.reason} {one.refused.detail}".strip())
            done = max(done, batch[-1].picture_id + 1)
            if on_progress is not None:
                on_progress(done)
    return vectors


def embed_texts(
    texts: Sequence[str],
    encoder: str = "vitrine",
    on_progress: Callable[[int], None] | None = None,
    fits: Path | None = None,
) -> Vectors:
    """float32 [len(texts), dimension], unit rows in the order of `texts`, in the space of the pictures. `fits` as for
    pictures. Raises EncoderUnavailable, also where the encoder reads no words.
    """
    from visual_search.encoders.registry import open_encoder

    opened = open_encoder(encoder, fits)
    rows: list[Vectors] = [opened.encode_words([])]
    for at in range(0, len(texts), _TEXTS):
        rows.append(opened.encode_words(texts[at : at + _TEXTS]))
        if on_progress is not None:
            on_progress(min(at + _TEXTS, len(texts)))
    return np.concatenate(rows)


def _numbered(paths: Sequence[Path], refuse: Callable[[Path, str], None]) -> Iterator[tuple[int, bytes]]:
    for number, path in enumerate(paths):
        try:
            yield number, path.read_bytes()
        except OSError as missing:
            refuse(path, missing.strerror or str(missing))


def _nothing_known(digests: list[bytes]) -> list[tuple[Vectors, bytes] | None]:
    return [None] * len(digests)
