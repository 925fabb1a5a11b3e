"""How close is close, for an encoder that nobody measured: closer than the shop's own products are to each other.

A catalogue's pictures have little to do with one another, so the quantiles of their cosines are a yardstick that
every encoder brings along. Which quantiles was measured with two encoders whose cosines differ widely, on held-out
phone photos (`python -m visual_search.training.measure_bands`; the figures are in docs/howto/use-another-encoder.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Bands
from visual_search.ports import VectorStore
from visual_search.values import Vectors

CLOSE_QUANTILE = 0.80
VERY_CLOSE_QUANTILE = 0.95
_SAMPLE = 1_000
_FEWEST = 20
_UNKNOWN = Bands(very_close=0.95, close=0.0)
"""With a handful of pictures nothing can be said: whatever is found is shown, as close."""


def calibrated(vectors: Vectors) -> Bands:
    """From the unit rows [n, d] of a catalogue; the same rows give the same bands."""
    if len(vectors) < _FEWEST:
        return _UNKNOWN
    sample = vectors[_chosen(len(vectors))]
    cosines = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
    close, very_close = np.quantile(cosines, (CLOSE_QUANTILE, VERY_CLOSE_QUANTILE))
    return Bands(very_close=min(float(very_close), 0.999), close=min(float(close), 0.998))


def sampled(index: VectorStore) -> Vectors:
    """As many rows of it as are enough for `calibrated`."""
    ids = index.ids()
    try:
        return index.vectors_of(ids[_chosen(len(ids))])
    except KeyError:  # removed by another thread since
        return index.snapshot()[1]


def _chosen(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(count)[:_SAMPLE]
