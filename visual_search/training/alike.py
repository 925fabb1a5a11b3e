"""The last step: pictures are the more alike the likelier it is that they show the same kind in the same colour.

    python -m visual_search.training.alike      from var/training/words.pt to var/training/alike.pt

The projection alone learns, over the tower as it is. What two pictures shall have in common is known beforehand:
the product of their vectors as they were, and of the square roots of the shares that readers give kinds and colours.
So nothing is learned by heart, and the scores of words, which stand still, are kept.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training import corpus as data
from visual_search.training.augment import Pictures
from visual_search.training.captions import Lexicon
from visual_search.training.corpus import Corpus
from visual_search.training.export_imagenet import read_weights
from visual_search.training.features import Features, features
from visual_search.training.lessons import ATTRIBUTES, KIND, Teacher
from visual_search.training.losses import relations
from visual_search.training.readers import Readers, Told, taught, words_in
from visual_search.training.sayings import words
from visual_search.training.shared_data import PHOTO_TYPES, data_directory
from visual_search.training.towers import CONTEXT, INPUT_PX, TOLD, Clip, Projection
from visual_search.training.train import SEED
from visual_search.training.words import merges

STEPS, _PRODUCTS, _PHOTOS, _TEXTS = 400, 1024, 96, 512
PEAK_RATE = 5e-4
KIND_SHARE, COLOUR_SHARE = 0.6, 0.3
"""Squared lengths beside the vector as it was, which has 1."""
SHARPER = 1.6
"""Power of the shares of kinds and colours, before they are compared."""
_TEMPERATURE = 0.05
_KEEP = 300.0
"""What it counts that a text's scores stay as they were, but for what is the same for all pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make pictures alike by what they are likely to show.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    run(asked.cache, torch.device(asked.device))


def run(cache: Path, device: torch.device) -> None:
    directory = data_directory()
    corpus, lexicon = data.load(directory, cache), Lexicon(directory / "fashion" / "lexicon.tsv")
    model = Clip(read_weights()).eval()
    model.load_state_dict(torch.load(cache / "words.pt", weights_only=True, map_location="cpu")["average"])
    model.to(device)
    teacher = Teacher(corpus, lexicon, device, SEED)
    products = teacher.rows[: len(teacher.rows) - teacher.photos]
    pictures = Pictures(corpus, INPUT_PX, device, SEED)
    seen = features(cache, model.tower, pictures, products, teacher.rows[len(products) :])
    told = told_of(teacher, corpus)
    readers = taught(seen, told, SEED)
    names = [corpus.rows[row]["title"] for row in products[::5]]
    texts = model.embed(
        BpeTokenizer(merges(cache, corpus, lexicon), CONTEXT), [*names, *words(teacher.things, lexicon)]
    )
    learn(model.projection, readers, told, seen, texts)
    torch.save({"average": model.cpu().state_dict()}, cache / "alike.pt")


def told_of(teacher: Teacher, corpus: Corpus) -> Told:
    """All that is known of TRAIN, for readers."""
    count = len(corpus.rows)
    words, held = words_in([corpus.rows[row]["title"] for row in teacher.rows if row < count])
    labels = [corpus.photo_labels[row - count] for row in teacher.rows if row >= count]
    kinds = torch.tensor([[kind in PHOTO_TYPES[label] for kind in teacher.values[KIND]] for label in labels])
    starts = np.cumsum([0, *(len(teacher.values[attribute]) for attribute in ATTRIBUTES), len(words)]).tolist()
    return Told(starts, teacher.known[: len(held)], held.to(teacher.known.device), kinds.to(teacher.known.device))


@torch.no_grad()
def wanted(projection: Projection, readers: Readers, told: Told, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Of features [n, 1280] the vectors as they were, [n, 512], and roots that say what two of them have in common
    beside, [n, kinds + colours]; neither part's length differs from row to row."""
    colours = ATTRIBUTES.index("base_colour")
    vectors, roots = [], []
    for part in seen.split(4096):
        vectors.append(functional.normalize(projection(part.float()), dim=1))
        read = SHARPER * readers(part)
        shares = (
            (KIND_SHARE, read[:, : told.starts[1]]),
            (COLOUR_SHARE, read[:, told.starts[colours] : told.starts[colours + 1]]),
        )
        roots.append(torch.cat([share**0.5 * of.softmax(1).sqrt() for share, of in shares], 1))
    return torch.cat(vectors), torch.cat(roots)


def learn(
    projection: Projection, readers: Readers, told: Told, seen: Features, texts: Tensor, steps: int = STEPS
) -> None:
    """`projection` goes on learning. texts [m, 480]: what must find what it found."""
    views = [torch.cat(both) for both in zip(seen.products, seen.photos, strict=False)]
    meant = [wanted(projection, readers, told, view) for view in views]
    count = len(seen.products[0])
    optimizer = torch.optim.AdamW(projection.parameters(), lr=PEAK_RATE, weight_decay=0.0)
    rng = np.random.default_rng(SEED)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / steps))
        view = int(rng.integers(len(views)))
        photos = len(views[view]) - count
        chosen = torch.from_numpy(
            np.concatenate(
                [
                    rng.choice(count, min(_PRODUCTS, count), replace=False),
                    count + rng.choice(photos, min(_PHOTOS, photos), replace=False),
                ]
            )
        )
        asked = texts[torch.from_numpy(rng.choice(len(texts), min(_TEXTS, len(texts)), replace=False))]
        before, roots = (of[chosen] for of in meant[view])
        now = functional.normalize(projection(views[view][chosen].float()), dim=1)
        likeness = (before @ before.T + roots @ roots.T) / (1 + KIND_SHARE + COLOUR_SHARE)
        apart, moved = relations(now, likeness, _TEMPERATURE), scores_moved(now, before, asked)
        optimizer.zero_grad(set_to_none=True)
        (apart + _KEEP * moved).backward()
        nn.utils.clip_grad_norm_(projection.parameters(), 50.0)
        optimizer.step()
        if step % 20 == 19:
            print(f"{step + 1} of {steps}: likeness {apart.item():.4f}, scores {moved.item():.6f} off", flush=True)


def scores_moved(now: Tensor, before: Tensor, asked: Tensor) -> Tensor:
    """Mean square of what a text's cosines with these pictures changed by, but for what all changed by alike."""
    moved = (now - before)[:, :TOLD] @ asked.T
    return (moved - moved.mean(0)).square().mean()


if __name__ == "__main__":
    main()
