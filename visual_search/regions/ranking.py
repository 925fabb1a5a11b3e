"""Which proposals are worth the encoder's time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.regions.boxes import overlaps
from visual_search.regions.layers import Layers
from visual_search.regions.proposals import Proposals

APART = 0.5
"""Proposals that overlap more than this are one guess."""


def best(proposals: Proposals, ranker: Layers, most: int) -> NDArray[np.intp]:
    """Row numbers of at most `most` proposals that differ, the likeliest first; never the whole picture (row 0)."""
    likely = ranker(proposals.traits)[:, 0]
    likely[0] = -np.inf
    alike = overlaps(proposals.boxes, proposals.boxes) > APART
    kept: list[int] = []
    for at in likely.argsort()[::-1]:
        if len(kept) == most or at == 0:
            break
        if not alike[at, kept].any():
            kept.append(int(at))
    return np.array(kept, np.intp)
