"""How close is close, for an encoder that nobody measured: closer than the shop's own products are to each other.

A catalogue's pictures have little to do with one another, so the quantiles of their cosines are a yardstick that
every encoder brings along. Which quantiles was measured with two encoders whose cosines differ widely, on held-out
phone photos (`python -m visual_search.training.measure_bands`; the figures are in docs/howto/use-another-encoder.md).
"""

from __future__ import annotations

import numpy as np

from visual_search.encoders.base import Bands
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
    sample = vectors[np.random.default_rng(0).permutation(len(vectors))[:_SAMPLE]]
    cosines = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
    close, very_close = np.quantile(cosines, (CLOSE_QUANTILE, VERY_CLOSE_QUANTILE))
    return Bands(very_close=min(float(very_close), 0.999), close=min(float(close), 0.998))
