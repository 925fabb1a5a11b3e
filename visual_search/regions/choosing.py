"""Which of the scored boxes to believe: none, one, or several that hardly overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_search.regions.boxes import Boxes, covered, overlaps
from visual_search.regions.kinds import KINDS, NOTHING, PART, SEVERAL
from visual_search.regions.layers import Floats
from visual_search.regions.scoring import CLASSES

_NOTHING, _PART, _SEVERAL = (CLASSES.index(name) for name in (NOTHING, PART, SEVERAL))
_TINY = 1e-4


@dataclass(frozen=True, slots=True)
class Rule:
    """Weights of the evidence for and against a set of boxes; fitted with the scorer on scenes of their own."""

    least: float
    """A box counts by as much as the log-odds that it shows one garment exceed this."""
    tightness: float
    """Weight of the ranking's score, which knows how well a box fits what stands out."""
    whole: float
    """What the whole picture, whose tightness nothing tells, is given instead."""
    extra: float
    """What each further garment costs."""
    together: float
    """Weight of the whole picture's log-odds for "several" against "one", for a set of more than one."""
    none: float
    """Below this log-odds of the whole picture against "nothing", no box is believed."""
    apart: float = 0.3
    """Boxes of a set overlap by no more than this (IoU), nor does one hold more than twice this of another."""


def log_odds(share: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(share, _TINY) / np.maximum(1 - share, _TINY)), np.float32)


def garment_share(shares: Floats) -> Floats:
    """[n]: that a cut-out shows one garment, of whatever kind."""
    return np.asarray(shares[:, : len(KINDS)].sum(1), np.float32)


def choose(boxes: Boxes, shares: Floats, likely: Floats, rule: Rule, most: int = 6) -> list[int]:
    """Row numbers of the believed boxes, surest first; row 0 is the whole picture. `likely` [n] is the ranking's
    score of each box (of the whole picture: anything). Every set of boxes that hardly overlap is weighed."""
    one = garment_share(shares)
    whole = shares[0]
    worn = max(float(one.max()), _TINY)
    if np.log(max(1 - float(whole[_NOTHING]), _TINY) / max(float(whole[_NOTHING]), _TINY)) + np.log(worn) < rule.none:
        return []
    worth = log_odds(one) - rule.least + rule.tightness * likely
    worth[0] = log_odds(one[:1])[0] - rule.least + rule.whole
    several = float(np.log(max(float(whole[_SEVERAL]), _TINY) / max(float(one[0]), _TINY)))
    clash = _clashes(boxes, rule.apart)
    best, best_worth = 0, 0.0
    reach = [at for at in range(len(boxes)) if worth[at] > -2]
    sets: list[tuple[int, int, float]] = [(0, 0, 0.0)]
    for at in reach:
        grown = []
        for members, blocked, sum_worth in sets:
            if not blocked >> at & 1 and members.bit_count() < most:
                grown.append((members | 1 << at, blocked | int(clash[at]), sum_worth + float(worth[at])))
        sets += grown
    for members, _, sum_worth in sets[1:]:
        count = members.bit_count()
        total = sum_worth
        if count > 1:
            total += rule.together * several - rule.extra * (count - 1)
        if total > best_worth:
            best, best_worth = members, total
    chosen = [at for at in reach if best >> at & 1]
    if not chosen and one[0] + whole[_PART] > whole[_NOTHING] + whole[_SEVERAL]:
        return [0]  # a close-up: a photo of a part of a garment is a photo of one
    return sorted(chosen, key=lambda at: -float(one[at]))


def _clashes(boxes: Boxes, apart: float) -> NDArray[np.int64]:
    """[n]: of each box, the others that cannot be believed with it, as bits."""
    bad = (overlaps(boxes, boxes) > apart) | (covered(boxes, boxes) > 2 * apart) | (2 * apart < covered(boxes, boxes).T)
    bad |= np.eye(len(boxes), dtype=bool)
    return np.asarray((bad * (1 << np.arange(len(boxes)))).sum(1), np.int64)
