"""Both languages say the same, last of all: a word, a name or a caption in English and the same in French are drawn to
the middle between them.

    python -m visual_search.training.languages      from var/training/whole.pt to var/training/languages.pt

The text tower alone learns, without pictures; some minutes on CPUs. An attribute's value gets the mean of all its words
in both languages: what one word says a little wrong, the others put right.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training import corpus as data
from visual_search.training.captions import FrenchNames, Lexicon, without_accents
from visual_search.training.corpus import TRAIN
from visual_search.training.export_imagenet import read_weights
from visual_search.training.shared_data import data_directory
from visual_search.training.towers import CONTEXT, Clip
from visual_search.training.train import SEED, merges

STEPS, PEAK_RATE = 360, 3e-4
_NAMES, _VALUES = 128, 384
"""A step's names, each in both languages, and attributes' values, each in one of its words."""
KINDS = ("article_type", "base_colour", "gender", "usage", "season", "sub_category", "master_category")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw English and French together.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args()
    run(asked.cache, asked.steps)


def run(cache: Path, steps: int = STEPS) -> None:
    directory = data_directory()
    corpus = data.load(directory, cache)
    lexicon = Lexicon(directory / "fashion" / "lexicon.tsv")
    tokenizer = BpeTokenizer(merges(cache, corpus, lexicon), CONTEXT)
    model = Clip(read_weights())
    model.load_state_dict(torch.load(cache / "whole.pt", weights_only=True, map_location="cpu")["average"])
    french = FrenchNames(lexicon)
    rows = [row for row, part in zip(corpus.rows, corpus.part, strict=True) if part == TRAIN]
    names = [(row["title"], french.of(row["title"], row["article_type"])) for row in rows]
    agree(model, tokenizer, names, values(lexicon), steps)
    torch.save({"average": model.state_dict()}, cache / "languages.pt")


def values(lexicon: Lexicon) -> list[list[str]]:
    """All words for each value of each attribute, in both languages."""
    found = []
    for kind in KINDS:
        for key in lexicon.keys(kind):
            words = [
                *lexicon.english[kind, key],
                *(word for form in range(4) for word in lexicon.french(kind, key, form)),
            ]
            found.append(list(dict.fromkeys([*words, *map(without_accents, words)])))
    return found


def agree(
    model: Clip, tokenizer: BpeTokenizer, names: Sequence[tuple[str, str]], values: Sequence[Sequence[str]], steps: int
) -> None:
    """Teaches `model.text`. `names`: English and French of each product; `values`: see `values`."""
    torch.manual_seed(SEED)
    words = [word for of in values for word in of]
    ends = np.cumsum([len(of) for of in values])
    said = model.embed(tokenizer, words)
    middles = torch.stack([functional.normalize(part.mean(0), dim=0) for part in said.tensor_split(ends[:-1].tolist())])
    of_value = torch.from_numpy(np.repeat(np.arange(len(values)), [len(of) for of in values]))
    before = Clip(read_weights())
    before.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.text.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * min(1.0, (step + 1) / 20) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rng, numbers = random.Random(f"{SEED}:{step}"), np.random.default_rng([SEED, step, 5])
        chosen = [names[at] for at in numbers.choice(len(names), min(_NAMES, len(names)), replace=False)]
        english, french = ([name[language] for name in chosen] for language in (0, 1))
        some = torch.from_numpy(numbers.choice(len(words), min(_VALUES, len(words)), replace=False))
        meant = functional.normalize(before.embed(tokenizer, english) + before.embed(tokenizer, french), dim=1)
        wanted = torch.cat([meant, meant, middles[of_value[some]]])
        typed = [without_accents(name) if rng.random() < 0.25 else name for name in french]
        now = _embed(model, tokenizer, [*english, *typed, *(words[at] for at in some.tolist())])
        apart = 1 - (now * wanted).sum(1)
        of_names, of_values = apart[: 2 * len(chosen)].mean(), apart[2 * len(chosen) :].mean()
        optimizer.zero_grad(set_to_none=True)
        (of_names + of_values).backward()
        optimizer.step()
        if step % 20 == 19:
            print(f"{step + 1} of {steps}: names {of_names.item():.4f} apart, words {of_values.item():.4f}", flush=True)


def _embed(model: Clip, tokenizer: BpeTokenizer, texts: list[str]) -> Tensor:
    return model.words(torch.from_numpy(tokenizer.batch(texts)))


if __name__ == "__main__":
    main()
