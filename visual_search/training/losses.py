"""Losses over signs: 1 belongs together, -1 does not, 0 is left out."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def contrast(logits: Tensor, signs: Tensor) -> Tensor:
    """Mean over rows of -log(share of each right one among itself and all wrong ones), averaged over a row's right
    ones. Rows without a right or a wrong one do not count. logits, signs [n, m]."""
    right, wrong = signs > 0, signs < 0
    against = torch.logsumexp(logits.masked_fill(~wrong, -1e4), 1, keepdim=True)
    each = functional.softplus(against - logits)
    counts = right.sum(1)
    rows = (counts > 0) & wrong.any(1)
    mean = (each * right).sum(1) / counts.clamp_min(1)
    return mean[rows].mean() if bool(rows.any()) else logits.sum() * 0


KIN_WEIGHT = 0.15
"""What a wrong name counts that belongs to a product which hardly anybody could tell from the right one."""


def less_kin(logits: Tensor, same: Tensor, kin: Tensor) -> Tensor:
    """Logits of names for products, [n, m]: those of the very same name as the row's own left out, those of its kin
    made to count `KIN_WEIGHT`."""
    return (logits + math.log(KIN_WEIGHT) * kin).masked_fill(same, -1e4)


def pairs(logits: Tensor, same: Tensor, kin: Tensor) -> Tensor:
    """CLIP's loss, both ways. same, kin [n, n]: see `less_kin`; the diagonal of neither counts."""
    others = ~eye(logits)
    masked = less_kin(logits, same & others, kin & others)
    wanted = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(masked, wanted) + functional.cross_entropy(masked.T, wanted)) / 2


def twins(taken: Tensor, shown: Tensor, same: Tensor, scale: float) -> Tensor:
    """Each row of `taken` [n, d] shall find the same row of `shown` before all others but those that are `same`
    [n, n]. Neither need be of unit length."""
    cosines = functional.normalize(taken, dim=1) @ functional.normalize(shown, dim=1).T
    wanted = torch.arange(len(cosines), device=cosines.device)
    return functional.cross_entropy((scale * cosines).masked_fill(same, -1e4), wanted)


def classes(logits: Tensor, signs: Tensor) -> Tensor:
    """Which of an attribute's values a picture shows. logits, signs [values, pictures]: the right one (or the right
    ones together) against the wrong ones, per picture."""
    right, wrong = signs > 0, signs < 0
    rows = right.any(0) & wrong.any(0)
    good = torch.logsumexp(logits.masked_fill(~right, -1e4), 0)
    bad = torch.logsumexp(logits.masked_fill(~wrong, -1e4), 0)
    return functional.softplus(bad - good)[rows].mean()


def eye(like: Tensor) -> Tensor:
    """True on the diagonal, [n, n], where `like` is."""
    return torch.eye(len(like), dtype=torch.bool, device=like.device)


def relations(now: Tensor, likeness: Tensor, temperature: float = 0.1) -> Tensor:
    """How far the likenesses among unit rows [n, d] are from those that are wanted, [n, n]; the own does not count."""
    itself = eye(likeness)
    wanted = functional.softmax((likeness / temperature).masked_fill(itself, -1e4), 1)
    found = functional.log_softmax((now @ now.T / temperature).masked_fill(itself, -1e4), 1)
    return functional.kl_div(found, wanted, reduction="batchmean")
