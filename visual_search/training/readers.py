"""Readers: small classifiers of the tower's features that tell what a picture shows and which words its name may hold.

They know more than the vectors say: ranked by the chance that kind and colour agree, more of what is like a picture
is of its kind and colour. What they tell is put into the vectors (`alike.py`); they themselves do not ship.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from visual_search.fits import words_of
from visual_search.training.features import Features
from visual_search.training.towers import FEATURES

READERS, HIDDEN, LEFT_OUT = 2, 1024, 0.5
ROUNDS, _BATCH, _PHOTOS = 8, 512, 64
_PEAK_RATE, _DECAY = 1e-3, 0.05
_WORDS_WEIGHT, _PHOTO_WEIGHT = 2.0, 0.3
FEWEST_OF_A_WORD = 15
"""Names that hold a word for it to be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is known of TRAIN: columns are the values of each attribute, one after the other, then words."""

    starts: list[int]
    """Where each attribute's values begin, where words begin, and the end."""
    known: Tensor
    """[products, attributes] number of the value, -1 unknown"""
    words: Tensor
    """[products, words] bool"""
    photo_kinds: Tensor
    """[photos, kinds] bool: a photo's label may fit several; kinds are the first attribute"""

    @property
    def bags(self) -> Tensor:
        """[products, columns]: 1 for what is true of it."""
        out = torch.zeros(len(self.known), self.starts[-1])
        for column, start in enumerate(self.starts[:-2]):
            rows = (self.known[:, column] >= 0).nonzero()[:, 0]
            out[rows, start + self.known[rows, column]] = 1
        out[:, self.starts[-2] :] = self.words.float()
        return out


def words_in(names: Sequence[str], fewest: int = FEWEST_OF_A_WORD) -> tuple[list[str], Tensor]:
    """The words that enough names hold, and which name holds which: bool [names, words]."""
    found = [set(words_of(name)) for name in names]
    counts = Counter(word for of in found for word in of)
    words = sorted(word for word, count in counts.items() if count >= fewest)
    place = {word: at for at, word in enumerate(words)}
    held = torch.zeros(len(names), len(words), dtype=torch.bool)
    for row, of in enumerate(found):
        held[row, [place[word] for word in of if word in place]] = True
    return words, held


class Readers(nn.Module):
    """Several, of which the mean counts."""

    centre: Tensor
    spread: Tensor

    def __init__(self, starts: Sequence[int], count: int = READERS) -> None:
        super().__init__()
        self.sizes = [end - start for start, end in pairwise(starts)]
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.inward = nn.ModuleList(nn.Linear(FEATURES, HIDDEN) for _ in range(count))
        self.outward = nn.ModuleList(nn.Linear(HIDDEN, sum(self.sizes)) for _ in range(count))

    def standard(self, features: Tensor) -> Tensor:
        return (features.float() - self.centre) / self.spread

    def read(self, number: int, features: Tensor, left_out: float = 0.0) -> Tensor:
        """One reader's logarithms of shares, [n, columns]; those of each attribute, and of the words, sum up to 1."""
        given = functional.dropout(self.standard(features), left_out)
        hidden = functional.dropout(functional.gelu(self.inward[number](given)), left_out)
        parts = self.outward[number](hidden).split(self.sizes, 1)
        return torch.cat([part.log_softmax(1) for part in parts], 1)

    @torch.no_grad()
    def forward(self, features: Tensor) -> Tensor:
        """Mean of the readers' logarithms [n, columns]; features [n, 1280]."""
        return torch.stack([self.read(number, features) for number in range(len(self.inward))]).mean(0)


def taught(features: Features, told: Told, seed: int) -> Readers:
    torch.manual_seed(seed)
    readers = Readers(told.starts).to(told.known.device)
    plain = features.products[0].float()
    readers.centre.copy_(plain.mean(0))
    readers.spread.copy_(plain.std(0) + 1e-3)
    shares = told.words / told.words.sum(1, keepdim=True).clamp_min(1)
    for number in range(len(readers.inward)):
        _teach(readers, number, features, told, shares, np.random.default_rng([seed, number]))
    return readers.eval()


def _teach(
    readers: Readers, number: int, features: Features, told: Told, shares: Tensor, rng: np.random.Generator
) -> None:
    own = [*readers.inward[number].parameters(), *readers.outward[number].parameters()]
    optimizer = torch.optim.AdamW(own, lr=_PEAK_RATE, weight_decay=_DECAY)
    count, photos = len(told.known), len(told.photo_kinds)
    steps = ROUNDS * -(-count // _BATCH)
    order = torch.from_numpy(np.concatenate([rng.permutation(count) for _ in range(ROUNDS)]))
    for step, chosen in enumerate(order.tensor_split(steps)):
        for group in optimizer.param_groups:
            group["lr"] = _PEAK_RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        taken = torch.from_numpy(rng.choice(photos, min(_PHOTOS, photos), replace=False))
        view = features.products[rng.integers(len(features.products))][chosen]
        photo = features.photos[rng.integers(len(features.photos))][taken]
        read = readers.read(number, torch.cat([view, photo]), LEFT_OUT)
        of_products = read[: len(chosen)].tensor_split(told.starts[1:-1], 1)
        loss = -_WORDS_WEIGHT * (shares[chosen] * of_products[-1]).sum(1).mean()
        for column, part in enumerate(of_products[:-1]):
            known = told.known[chosen, column]
            if bool((known >= 0).any()):
                loss = loss + functional.nll_loss(part, known, ignore_index=-1)
        kinds = read[len(chosen) :, : told.starts[1]].masked_fill(~told.photo_kinds[taken], -1e4)
        loss = loss - _PHOTO_WEIGHT * kinds.logsumexp(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 50 == 49:
            print(f"reader {number + 1}, {step + 1} of {steps}: {loss.item():.3f}", flush=True)
