"""What is said of pictures while they are taught: no sentences yet, but bags of things, each with a row of numbers.

A thing is a word of names, a value of an attribute or a label of phone photos. A text says the sum of its things' rows.
A text tower that learns beside the pictures learns names by heart, word order and all; sums of words cannot, and find
names that nobody taught more often. The tower learns afterwards to say what the bags say (`words.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from visual_search.fits import words_of

FEWEST_OF_A_WORD = 5
"""Names that hold a word for it to be a thing of its own."""


@dataclass(frozen=True, slots=True)
class Things:
    """Numbers from 1: words, then the values of each attribute, then labels. 0 is nothing."""

    words: dict[str, int]
    values: dict[str, dict[str, int]]
    labels: dict[str, int]

    @property
    def count(self) -> int:
        """With nothing."""
        return 1 + len(self.words) + sum(map(len, self.values.values())) + len(self.labels)

    def of_name(self, name: str) -> list[int]:
        """Each word once."""
        return [self.words[word] for word in dict.fromkeys(words_of(name)) if word in self.words]


def things(names: Iterable[str], values: Mapping[str, Sequence[str]], labels: Sequence[str]) -> Things:
    counts = Counter(word for name in names for word in set(words_of(name)))
    words = sorted(word for word, count in counts.items() if count >= FEWEST_OF_A_WORD)
    numbers = iter(range(1, 1 + len(words) + sum(map(len, values.values())) + len(labels)))
    return Things(
        {word: next(numbers) for word in words},
        {attribute: {value: next(numbers) for value in of} for attribute, of in values.items()},
        {label: next(numbers) for label in labels},
    )


def padded(bags: Sequence[Sequence[int]]) -> Tensor:
    """[n, longest] int16, nothing behind."""
    out = torch.zeros(len(bags), max(map(len, bags), default=1), dtype=torch.int16)
    for at, bag in enumerate(bags):
        out[at, : len(bag)] = torch.tensor(bag, dtype=torch.int16)
    return out


class Bags(nn.Module):
    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, bags: Tensor, left_out: float = 0.0) -> Tensor:
        """Things [n, k] to what they say together, [n, width] of unit length. `left_out`: share of the things that a
        step does not see; never all of a bag."""
        bags = bags.long()
        kept = (bags > 0) & (torch.rand(bags.shape, device=bags.device) >= left_out)
        kept |= ~kept.any(1, keepdim=True)
        out = functional.embedding_bag(
            bags, self.embedding.weight, mode="sum", per_sample_weights=kept.float(), padding_idx=0
        )
        return functional.normalize(out, dim=1)
