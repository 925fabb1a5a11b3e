"""Teach the built-in encoder.

    python -m visual_search.training.train

The picture tower learns, on views that are never the same twice, beside bags of what is said (`bags.py`). It goes on
from its checkpoint; interrupted, it loses 100 steps at most. The seed fixes the lessons; sums on a GPU or on several
cores may differ in the last bits.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from visual_search.training import corpus as data
from visual_search.training import measures, teaching
from visual_search.training.augment import FAR, NEAR, PHOTO, Pictures
from visual_search.training.bags import padded
from visual_search.training.captions import Lexicon
from visual_search.training.corpus import DEV, Corpus
from visual_search.training.export_imagenet import read_weights
from visual_search.training.lessons import Lesson, Teacher
from visual_search.training.sayings import said_in_english
from visual_search.training.shared_data import data_directory
from visual_search.training.towers import INPUT_PX, ITSELF, Eyes, Pupil, Tower

SEED = 7
_SAVE_EVERY, _JUDGE_EVERY = 100, 400
_PULL = 0.15
"""How strongly the tower is drawn back to ImageNet's weights, times the learning rate a step: what the lessons do not
need stays as it was, for pictures that are not clothes too."""
_GENERAL, _COMPARED = 0.2, 128
"""What it counts that likenesses stay as ImageNet saw them, and of how many pictures of a lesson."""
STEPS, PRODUCTS, PHOTOS, OTHERS = 2200, 1536, 384, 4096
"""Steps; of each: products, each seen twice, phone photos, and names of other products that a picture is told from."""
PEAK_RATE = 2e-3


class Average:
    """Exponential mean of the weights: what is measured and shipped."""

    def __init__(self, model: nn.Module, decay: float = 0.998) -> None:
        self._decay = decay
        self.state = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            kept = self.state[name]
            if kept.is_floating_point():
                kept.lerp_(value, 1 - decay)
            else:
                kept.copy_(value)


class Looks:
    """Features of a lesson's pictures, each from a view of its own."""

    def __init__(self, pictures: Pictures, teacher: Teacher) -> None:
        self._pictures, self._rows = pictures, teacher.rows
        self._before = Tower(read_weights()).to(pictures.device).eval().requires_grad_(False)

    def __call__(self, model: Pupil, lesson: Lesson, step: int) -> tuple[Tensor, Tensor]:
        """Features [2n + m, 1280] and how far their likenesses are from ImageNet's."""
        device = self._pictures.device
        chance = torch.Generator(device).manual_seed(SEED * 1_000_003 + step)
        products, photos = self._rows[lesson.products], self._rows[lesson.photos]
        pixels = torch.cat(
            [
                self._pictures.products(products, NEAR, chance),
                self._pictures.products(products, FAR, chance),
                self._pictures.photos(photos, PHOTO, chance),
            ]
        )
        features = model.tower(pixels)
        few = torch.randperm(len(pixels), generator=chance, device=device)[:_COMPARED]
        with torch.no_grad():
            before = self._before(pixels[few])
        return features, teaching.general(features[few], before)


@torch.no_grad()
def _seen(model: Eyes, pixels: Tensor) -> Tensor:
    return model.tower(pixels)


@dataclass(frozen=True, slots=True)
class School:
    """What every stage is taught with."""

    cache: Path
    corpus: Corpus
    lexicon: Lexicon
    pictures: Pictures
    teacher: Teacher


def school(cache: Path, device: torch.device) -> School:
    directory = data_directory()
    corpus = data.load(directory, cache)
    lexicon = Lexicon(directory / "fashion" / "lexicon.tsv")
    pictures = Pictures(corpus, INPUT_PX, device, SEED)
    return School(cache, corpus, lexicon, pictures, Teacher(corpus, lexicon, device, SEED))


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach the built-in encoder.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--products", type=int, default=PRODUCTS, help="of a step; fewer where memory is short")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    run(school(asked.cache, torch.device(asked.device)), asked.steps, asked.products)


def run(place: School, steps: int = STEPS, products: int = PRODUCTS) -> None:
    """From where it was to its end."""
    pictures, teacher, device = place.pictures, place.teacher, place.pictures.device
    photos = max(8, PHOTOS * products // PRODUCTS)
    torch.manual_seed(SEED)
    model = Pupil(read_weights(), teacher.things.count).to(device).eval()
    own = place.cache / "whole.pt"
    kept = torch.load(own, weights_only=True, map_location=device) if own.exists() else None
    if kept:
        model.load_state_dict(kept["model"])
    else:
        some = np.random.default_rng(SEED).permutation(len(teacher.rows) - teacher.photos)[:2048]
        parts = np.array_split(teacher.rows[some], 16)
        model.projection.standardise(torch.cat([_seen(model, pictures.plain(part)) for part in parts]))
    average = Average(model)
    if kept:
        average.state = kept["average"]
    origins = list(zip(model.tower.parameters(), Tower(read_weights()).to(device).parameters(), strict=True))
    look = Looks(pictures, teacher)
    model.train()
    optimizer = torch.optim.AdamW(_groups(model), lr=PEAK_RATE, betas=(0.9, 0.98), eps=1e-8)
    first = 0
    if kept:
        optimizer.load_state_dict(kept["optimizer"])
        first = kept["step"]
    log = (place.cache / "whole.log").open("a")
    started = time.monotonic()
    for step in range(first, steps):
        rate = PEAK_RATE * _warm_cosine(step, steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        lesson = teacher.lesson(step, products, photos, OTHERS)
        features, general = look(model, lesson, step)
        told = teaching.told(model, lesson, features)
        optimizer.zero_grad(set_to_none=True)
        (told["all"] + _GENERAL * general).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        with torch.no_grad():
            for weight, origin in origins:
                weight.lerp_(origin, _PULL * rate)
            model.logit_scale.clamp_(1.0, 4.4)
        average.follow(model, step)
        if step % 20 == 19:
            figures = {name: round(value.item(), 3) for name, value in told.items()}
            figures |= {"general": round(general.item(), 3), "scale": round(model.logit_scale.item(), 2)}
            pace = (step + 1 - first) / (time.monotonic() - started)
            _write(log, {"step": step + 1, "of": steps, "steps_s": round(pace, 2), **figures})
        if step % _SAVE_EVERY == _SAVE_EVERY - 1 or step == steps - 1:
            part = own.with_suffix(".part")
            state = {"model": model.state_dict(), "average": average.state, "optimizer": optimizer.state_dict()}
            torch.save({**state, "step": step + 1}, part)
            part.rename(own)
        if step % _JUDGE_EVERY == _JUDGE_EVERY - 1 or step == steps - 1:
            judged = Pupil(read_weights(), teacher.things.count).to(device).eval()
            judged.load_state_dict(average.state)
            _write(log, {"step": step + 1, "dev": judge(judged, place)})


def _write(log: object, line: dict[str, object]) -> None:
    print(json.dumps(line), file=log, flush=True)  # type: ignore[call-overload]
    print(json.dumps(line), flush=True)


@torch.no_grad()
def judge(model: Pupil, place: School) -> dict[str, float]:
    """The figures on DEV, for choosing."""
    corpus, pictures = place.corpus, place.pictures

    def see(rows: measures.Ints) -> measures.Floats:
        parts = np.array_split(rows, max(len(rows) // 256, 1))
        return torch.cat([model.project(model.tower(pictures.plain(part))) for part in parts]).cpu().numpy()

    said = said_in_english(place.teacher.things, place.lexicon)

    def embed(texts: Sequence[str]) -> measures.Floats:
        bags = padded([said(text) for text in texts]).to(model.projection.centre.device)
        return np.pad(model.bags(bags).cpu().numpy(), ((0, 0), (0, ITSELF)))

    products, photos = np.flatnonzero(corpus.part == DEV), np.flatnonzero(corpus.photo_part == DEV)
    shown, taken = see(products), see(len(corpus.rows) + photos)
    return measures.figures(shown, taken, products, photos, corpus, place.lexicon, embed)


def _groups(model: Pupil) -> list[dict[str, object]]:
    """Matrices decay; the tower is drawn back to where it was instead, and single numbers and tokens stay free."""
    decays: list[nn.Parameter] = []
    stays: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        free = name.startswith("tower.") or parameter.ndim < 2 or "embedding" in name
        (stays if free else decays).append(parameter)
    return [{"params": decays, "weight_decay": 0.1}, {"params": stays, "weight_decay": 0.0}]


def _warm_cosine(step: int, steps: int) -> float:
    warm = min(100, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


if __name__ == "__main__":
    main()
