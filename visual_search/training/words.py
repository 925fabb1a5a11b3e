"""The text tower learns to say what bags say, in French and in English.

    python -m visual_search.training.words      from var/training/whole.pt to var/training/words.pt

What a text shall mean is known: the sum of the rows of its things (`sayings.py`), the same in both languages. No
picture is needed, and nothing is learned that the bags do not say.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training import corpus as data
from visual_search.training.bags import Bags, padded
from visual_search.training.bpe import as_file, learn_merges
from visual_search.training.captions import Captions, FrenchNames, Lexicon, without_accents
from visual_search.training.corpus import TRAIN, Corpus
from visual_search.training.export_imagenet import read_weights
from visual_search.training.lessons import Teacher
from visual_search.training.sayings import Saying, Sayings, words
from visual_search.training.shared_data import data_directory
from visual_search.training.towers import CONTEXT, VOCABULARY, Clip
from visual_search.training.train import SEED

STEPS, PEAK_RATE = 3000, 1e-3
NAMES, CAPTIONS, WORDS = 768, 384, 384
"""Of a step."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    ids: Tensor
    """[n, CONTEXT] int16"""
    bags: Tensor
    """[n, longest] int16"""

    def some(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(rng.integers(len(self.ids), size=count)).to(self.ids.device)
        return self.ids[chosen], self.bags[chosen]

    def to(self, device: torch.device) -> Texts:
        return Texts(self.ids.to(device), self.bags.to(device))


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach the text tower.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--write-down-only", action="store_true", help="what is said, as tokens; no lessons yet")
    asked = parser.parse_args()
    directory = data_directory()
    corpus, lexicon = data.load(directory, asked.cache), Lexicon(directory / "fashion" / "lexicon.tsv")
    texts = written_down(asked.cache, corpus, lexicon)
    if not asked.write_down_only:
        run(asked.cache, texts, asked.steps, torch.device(asked.device))


def run(cache: Path, texts: list[Texts], steps: int, device: torch.device) -> None:
    seen = torch.load(cache / "whole.pt", weights_only=True, map_location="cpu")["average"]
    rows = seen["bags.embedding.weight"]
    bags = Bags(*rows.shape)
    bags.embedding.weight.data.copy_(rows)
    torch.manual_seed(SEED)
    model = Clip(read_weights())
    model.load_state_dict({name: value for name, value in seen.items() if name in model.state_dict()}, strict=False)
    learn(model.text.to(device), bags.to(device), [of.to(device) for of in texts], steps)
    torch.save({"average": model.cpu().state_dict()}, cache / "words.pt")


def learn(
    text: nn.Module, bags: Bags, texts: list[Texts], steps: int, counts: tuple[int, ...] = (NAMES, CAPTIONS, WORDS)
) -> None:
    """`text` learns; texts: names, captions, single words, `counts` of each a step."""
    device = bags.embedding.weight.device
    optimizer = torch.optim.AdamW(text.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * min(1.0, 30 * (step + 1) / steps) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rng = np.random.default_rng([SEED, step])
        chosen = [of.some(count, rng) for of, count in zip(texts, counts, strict=True)]
        ids = torch.cat([ids for ids, _ in chosen]).long()
        longest = int((ids > 0).any(0).sum())
        with torch.no_grad():
            wanted = torch.cat([bags(meant) for _, meant in chosen])
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            said = text(ids[:, :longest])
        apart = 1 - nn.functional.cosine_similarity(said.float(), wanted)
        parts = [part.mean() for part in apart.split(counts)]
        optimizer.zero_grad(set_to_none=True)
        sum(parts, torch.zeros((), device=device)).backward()
        nn.utils.clip_grad_norm_(text.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99:
            told = ", ".join(f"{part.item():.4f}" for part in parts)
            print(f"{step + 1} of {steps}: names, captions, words {told} apart", flush=True)


def written_down(cache: Path, corpus: Corpus, lexicon: Lexicon) -> list[Texts]:
    """Names, captions and single words of TRAIN; from the cache where that was done before."""
    path = cache / "texts.npz"
    if not path.exists():
        rows = [row for row, part in zip(corpus.rows, corpus.part, strict=True) if part == TRAIN]
        tokenizer = BpeTokenizer(merges(cache, corpus, lexicon), CONTEXT)
        things = Teacher(corpus, lexicon, torch.device("cpu"), SEED).things
        sayings, rng = Sayings(things, lexicon), random.Random(SEED)
        arrays: dict[str, Tensor] = {}
        for name, said in (
            ("names", (one for row in rows for one in sayings.names(row, rng))),
            ("captions", (one for row in rows for one in sayings.captions(row, rng))),
            ("words", iter(words(things, lexicon).items())),
        ):
            arrays[f"{name}_ids"], arrays[f"{name}_bags"] = _tokens(tokenizer, said)
        part = path.with_suffix(".part.npz")
        np.savez(part, **{name: of.numpy() for name, of in arrays.items()})
        part.rename(path)
    kept = np.load(path)
    return [Texts(*(torch.from_numpy(kept[f"{name}_{of}"]) for of in ("ids", "bags")))
            for name in ("names", "captions", "words")]  # fmt: skip


def _tokens(tokenizer: BpeTokenizer, said: Iterable[Saying]) -> tuple[Tensor, Tensor]:
    """Without those that mean nothing."""
    every = [(text, bag) for text, bag in said if bag]
    out = np.zeros((len(every), CONTEXT), np.int16)
    for start in range(0, len(every), 4096):
        ids = tokenizer.batch([text for text, _ in every[start : start + 4096]])
        out[start : start + len(ids), : ids.shape[1]] = ids
    return torch.from_numpy(out), padded([bag for _, bag in every])


def merges(cache: Path, corpus: Corpus, lexicon: Lexicon) -> bytes:
    """The tokenizer's file; learned from the names and captions of TRAIN where it is not there yet."""

    path = cache / "merges.gz"
    if not path.exists():
        french, captions, rng = FrenchNames(lexicon), Captions(lexicon), random.Random(SEED)
        texts = []
        for row, part in zip(corpus.rows, corpus.part, strict=True):
            if part == TRAIN:
                name = french.of(row["title"], row["article_type"])
                texts += [row["title"], name, without_accents(name)]
                texts += [captions.full(row, language, rng)[0] for language in ("en", "fr")]
        path.write_bytes(as_file(learn_merges(texts, VOCABULARY)))
    return path.read_bytes()


if __name__ == "__main__":
    main()
