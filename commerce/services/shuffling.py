"""An order that is fair to everybody and the same every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MIX = np.uint64(0x9E3779B97F4A7C15)


def mixed(*tiers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ids of all tiers, each once, tier by tier, inside a tier shuffled always the same way."""
    shuffled = []
    for tier in tiers:
        keys = (tier.astype(np.uint64) * _MIX) >> np.uint64(20)
        shuffled.append(tier[np.argsort(keys, kind="stable")])
    together = np.concatenate(shuffled)
    _, first = np.unique(together, return_index=True)
    return together[np.sort(first)]
