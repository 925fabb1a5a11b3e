"""Teach the built-in encoder.

    python -m visual_search.training.views        views of the pictures, in the background if you like
    python -m visual_search.training.train head   words and projection over ImageNet's features
    python -m visual_search.training.train tower  everything but the early blocks, on augmented views
    python -m visual_search.training.train refit  words and projection again, over the tower as it is now
    python -m visual_search.training.train pictures   the projection alone, over words as they are now

Each stage goes on from its own checkpoint, else from the stage before; interrupted, it loses 100 steps at most. The
seed fixes the lessons; sums on several cores may differ in the last bits.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training import corpus as data
from visual_search.training import losses, measures
from visual_search.training.beside import FEATURES_LEFT_OUT, SEED, Bank, Shelf, likeness_of, told_by
from visual_search.training.bpe import as_file, learn_merges
from visual_search.training.captions import Captions, FrenchNames, Lexicon, without_accents
from visual_search.training.corpus import TRAIN, Corpus
from visual_search.training.export_imagenet import read_weights
from visual_search.training.lessons import Lesson, Teacher
from visual_search.training.shared_data import data_directory
from visual_search.training.towers import CONTEXT, VOCABULARY, Clip, as_early, embed_texts
from visual_search.training.views import training_rows

_SAVE_EVERY = 100
_PULL = 0.15
"""How strongly the tower is drawn back to ImageNet's weights, times the learning rate a step: what the lessons do not
need stays as it was, for pictures that are not clothes too."""


@dataclass(frozen=True, slots=True)
class Stage:
    before: str | None
    steps: int
    products: int
    photos: int
    peak_rate: float
    learns: Literal["words", "tower", "pictures"]
    """Beside the projection. Either the tower learns, with the words as they are, or the words do, over the tower as it
    is: half the work each, and neither runs after a target that moves. "pictures": the projection alone, a matter of
    minutes: what is like what is learned best where nothing else moves."""
    likeness: float
    """What it counts that pictures are like others of their kind and colour."""


STAGES = {
    "head": Stage(None, 400, 512, 64, 1.5e-3, "words", 1.0),
    "tower": Stage("head", 2200, 320, 80, 1.5e-3, "tower", 1.0),
    "refit": Stage("tower", 350, 640, 96, 8e-4, "words", 1.0),
    "pictures": Stage("refit", 500, 768, 96, 8e-4, "pictures", 3.0),
}


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


class Pictures:
    """Views on disk, as batches of early features or, while the tower does not move, of its features. `rows` are those
    of a view (`views.training_rows`)."""

    def __init__(self, folder: Path, rows: NDArray[np.int64], model: Clip, moving: bool) -> None:
        self._folder = folder
        self._plain: NDArray[np.float16] = np.load(folder / "plain.npy", mmap_mode="r")
        self._rows = rows
        self._model = model
        self._moving = moving
        self._device = next(model.parameters()).device
        self._open: dict[str, NDArray[np.float16]] = {}
        self._features: list[Tensor] = []
        """[view][picture, 1280], the plain view first"""
        if not moving:
            self._see()

    @property
    def plain(self) -> Tensor:
        """Features [pictures, 1280], float16, of the pictures as the shop sees them."""
        return self._features[0]

    def shelved(self, lesson: Lesson) -> Tensor:
        """Features [products, 1280] of the lesson's products as the shop sees them."""
        return self.plain[torch.tensor(lesson.pictures[: lesson.products])].float().to(self._device)

    def _views(self) -> list[NDArray[np.float16]]:
        for path in sorted(self._folder.glob("[0-9]*.npy")):
            if path.name not in self._open:
                self._open[path.name] = np.load(path, mmap_mode="r")
        return list(self._open.values())

    @torch.no_grad()
    def _see(self) -> None:
        """Features [view][picture, 1280] of the plain view and of a few others, float16."""
        for early, rows in [(self._plain, self._rows), *((view, None) for view in self._views()[:MOST_FIXED_VIEWS])]:
            started = time.monotonic()
            parts = []
            for start in range(0, len(self._rows), 512):
                which = slice(start, start + 512)
                batch = early[rows[which]] if rows is not None else early[which]
                parts.append(self._model.late(as_early(batch, self._device)).half().cpu())
            self._features.append(torch.cat(parts))
            print(f"view {len(self._features)} seen in {time.monotonic() - started:.0f} s", flush=True)

    def batch(self, lesson: Lesson, step: int) -> Tensor:
        """Features [pictures, 1280] of the lesson's pictures, each from a view of its own; early ones [pictures, 40,
        144] while the tower moves."""
        rng = np.random.default_rng([SEED, step, 1])
        if not self._moving:
            which = torch.tensor(rng.integers(len(self._features), size=len(lesson.pictures)))
            places = torch.tensor(lesson.pictures)
            out = torch.empty(len(places), self._features[0].shape[1])
            for number, features in enumerate(self._features):
                here = which == number
                out[here] = features[places[here]].float()
            return out.to(self._device)
        views = self._views()
        # -1: as the shop sees it.
        chosen = rng.integers(-1, len(views), size=len(lesson.pictures))
        early = np.empty((len(lesson.pictures), *self._plain.shape[1:]), np.float16)
        for at, (place, view) in enumerate(zip(lesson.pictures, chosen, strict=True)):
            early[at] = self._plain[self._rows[place]] if view < 0 else views[view][place]
        return as_early(early, self._device)


MOST_FIXED_VIEWS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach the built-in encoder, one stage after the other.")
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--steps", type=int, default=0, help="instead of the stage's own number")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    run(asked.stage, asked.cache, asked.steps, asked.device)


def run(name: str, cache: Path, steps: int = 0, device: str = "cpu") -> None:
    """One stage, from where it was to its end."""
    stage = STAGES[name]
    steps = steps or stage.steps
    torch.manual_seed(SEED)
    directory = data_directory()
    corpus = data.load(directory, cache)
    lexicon = Lexicon(directory / "fashion" / "lexicon.tsv")
    tokenizer = BpeTokenizer(merges(cache, corpus, lexicon), CONTEXT)
    model = Clip(read_weights()).to(device)
    own = cache / f"{name}.pt"
    first, optimizer_state = 0, None
    if own.exists():
        kept = torch.load(own, weights_only=True, map_location=device)
        model.load_state_dict(kept["model"])
        first, optimizer_state = kept["step"], kept["optimizer"]
    elif stage.before:
        model.load_state_dict(
            torch.load(cache / f"{stage.before}.pt", weights_only=True, map_location=device)["average"]
        )
    average = Average(model)
    if own.exists():
        average.state = kept["average"]
    rows = training_rows(corpus)
    teacher = Teacher(corpus, lexicon, rows, SEED)
    moves_tower = stage.learns == "tower"
    model.late.requires_grad_(moves_tower)
    model.text.requires_grad_(stage.learns == "words")
    bank = Bank(model, tokenizer, teacher, stage.likeness) if stage.learns != "words" else None
    origins = list(zip(model.late.parameters(), Clip(read_weights()).to(device).late.parameters(), strict=True))
    origins = origins if moves_tower else []
    pictures = Pictures(cache / "views", rows, model, moves_tower)
    if not stage.before and not own.exists():
        model.projection.standardise(pictures.plain[: teacher.products])
    shelf = Shelf(model, teacher, pictures.plain) if stage.before and stage.learns == "words" else None
    optimizer = torch.optim.AdamW(_groups(model, stage), lr=1.0, betas=(0.9, 0.98), eps=1e-8)
    if optimizer_state is not None:
        optimizer.load_state_dict(optimizer_state)
    base = [group["lr"] for group in optimizer.param_groups] if optimizer_state is None else _rates(model, stage)
    log = (cache / f"{name}.log").open("a")
    started = time.monotonic()
    for step in range(first, steps):
        for group, rate in zip(optimizer.param_groups, base, strict=True):
            group["lr"] = rate * _warm_cosine(step, steps)
        lesson = teacher.lesson(step, stage.products, stage.photos)
        seen = pictures.batch(lesson, step)
        told = (
            bank.step(model, lesson, seen, step, None if moves_tower else pictures.shelved(lesson))
            if bank
            else _step(model, tokenizer, lesson, seen, shelf, step, stage.likeness)
        )
        optimizer.zero_grad(set_to_none=True)
        told["all"].backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        with torch.no_grad():
            for weight, origin in origins:
                weight.lerp_(origin, _PULL * stage.peak_rate * _warm_cosine(step, steps))
            model.logit_scale.clamp_(1.0, 4.4)
        average.follow(model, step)
        if step % 20 == 19:
            figures = {key: round(float(value), 3) for key, value in told.items()}
            pace = (step + 1 - first) / (time.monotonic() - started)
            line = json.dumps({"stage": name, "step": step + 1, "of": steps, "steps_s": round(pace, 2), **figures})
            print(line, flush=True)
            log.write(line + "\n")
            log.flush()
        if step % _SAVE_EVERY == _SAVE_EVERY - 1 or step == steps - 1:
            part = own.with_suffix(".part")
            torch.save(
                {
                    "model": model.state_dict(),
                    "average": average.state,
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                },
                part,
            )
            part.rename(own)
        if step % 175 == 174 or step == steps - 1:
            judged = Clip(read_weights()).to(device)
            judged.load_state_dict(average.state)
            line = json.dumps({"step": step + 1, "dev": measures.of_model(judged, tokenizer, corpus, lexicon, cache)})
            print(line, flush=True)
            log.write(line + "\n")


def _step(
    model: Clip,
    tokenizer: BpeTokenizer,
    lesson: Lesson,
    features: Tensor,
    shelf: Shelf | None,
    step: int,
    likeness: float,
) -> dict[str, Tensor]:
    seen = model.told(features, FEATURES_LEFT_OUT)
    count = len(lesson.names)
    texts = [*lesson.names, *lesson.captions, *lesson.prompts]
    words = embed_texts(model, tokenizer, texts)
    names, captions, prompts = words.split([count, len(lesson.captions), len(lesson.prompts)])
    scale = model.logit_scale.exp()
    fits = torch.from_numpy(lesson.caption_fits).to(seen.device)
    same = torch.from_numpy(lesson.same_name).to(seen.device)
    kin_ids = torch.from_numpy(lesson.kin_ids).to(seen.device)
    name = losses.pairs(scale * seen[: lesson.products] @ names.T, same, kin_ids[:, None] == kin_ids[None])
    by_caption = 14.0 * captions @ seen.T
    caption = (losses.contrast(by_caption, fits) + losses.contrast(by_caption.T, fits.T)) / 2
    prompt, kinds, told = told_by(prompts, seen, lesson)
    picture = likeness_of(seen, lesson)
    every = name + 0.5 * caption + 0.5 * prompt + 0.5 * told + likeness * picture
    if shelf:
        by_name, by_prompt, by_picture = shelf.losses(lesson, seen, names, prompts, step)
        every = every + 0.7 * by_name + 0.3 * by_prompt + 1.2 * likeness * by_picture
        name, picture = by_name, by_picture
    return {"all": every, "name": name, "caption": caption, "prompt": prompt, "kind": kinds[0], "colour": kinds[1],
            "picture": picture, "scale": scale.detach()}  # fmt: skip


def _groups(model: Clip, stage: Stage) -> list[dict[str, object]]:
    decays, stays, tower = [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("late."):
            tower.append(parameter)
        elif parameter.ndim >= 2 and "embedding" not in name:
            decays.append(parameter)
        else:
            stays.append(parameter)
    rate = stage.peak_rate
    others = (
        rate * 0.2 if stage.learns == "tower" else rate
    )  # the projection is learned already and its numbers are small
    groups: list[dict[str, object]] = [
        {"params": decays, "lr": others, "weight_decay": 0.1},
        {"params": stays, "lr": others, "weight_decay": 0.0},
    ]
    if tower:
        groups.append({"params": tower, "lr": rate, "weight_decay": 0.0})
    return groups


def _rates(model: Clip, stage: Stage) -> list[float]:
    return [float(str(group["lr"])) for group in _groups(model, stage)]


def _warm_cosine(step: int, steps: int) -> float:
    warm = min(100, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


def merges(cache: Path, corpus: Corpus, lexicon: Lexicon) -> bytes:
    """The tokenizer's file; learned from the names and captions of TRAIN where it is not there yet."""
    import random

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
