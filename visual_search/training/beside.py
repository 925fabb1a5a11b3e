"""What a lesson's pictures are told from: the names of the whole catalogue, or thousands of its pictures."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training import losses
from visual_search.training.export_imagenet import read_weights
from visual_search.training.lessons import Lesson, Teacher
from visual_search.training.towers import ITSELF, TOLD, Clip, LateTower, embed_texts

SEED = 7
FEATURES_LEFT_OUT = 0.15
"""Share of the tower's features that a step does not see, so that no projection leans on a few of them."""
DISTILLED = 64
"""Pictures of a lesson whose likenesses are compared with ImageNet's."""
PROMPT_WEIGHTS = (1.0, 1.0, 0.3, 0.5, 0.2, 0.3, 0.2)
"""Of `lessons.PROMPTED`: type and colour are what people ask for, the maker is what tells most names apart."""

LIKENESS_WEIGHTS = (1.0, 2.0)
"""Of `Lesson.alike`: of one kind, and of one colour within it."""

TWIN_SCALE, TWIN_WEIGHT = 16.0, 4.0
"""Of finding the very product by what no word reaches: likeness alone makes one of what differs in its cut."""

UNTOLD_SHARE, SHARE_WEIGHT = 0.12, 200.0
"""Of a vector's squared length, what no word reaches shall be this much, in each alike: a word finds pictures by the
rest, and must not find those first that have more of it."""


class Shelf:
    """Some thousand pictures of the catalogue beside a lesson's own, as the projection sees them now: what a name, a
    prompt or a picture must not find. They are looked at anew every few steps and get no gradient."""

    SIZE, EVERY = 4_096, 10

    def __init__(self, model: Clip, teacher: Teacher, features: Tensor) -> None:
        self._model, self._teacher = model, teacher
        self._features = features[: teacher.products]
        self._ids, self._kin = torch.from_numpy(teacher.name_ids), torch.from_numpy(teacher.kin_ids)
        self._chosen = np.empty(0, np.int64)
        self._vectors = torch.empty(0)

    def losses(self, lesson: Lesson, seen: Tensor, names: Tensor, prompts: Tensor, step: int) -> tuple[Tensor, ...]:
        """Of names, of prompts and of pictures."""
        if step % self.EVERY == 0 or not len(self._chosen):
            chance = np.random.default_rng([SEED, step, 4])
            self._chosen = chance.choice(len(self._features), min(self.SIZE, len(self._features)), replace=False)
            with torch.no_grad():
                rows = self._features[torch.from_numpy(self._chosen)].float().to(seen.device)
                self._vectors = self._model.told(rows)
        scale = self._model.logit_scale.exp()
        beside = torch.from_numpy(self._chosen)
        same = torch.from_numpy(lesson.name_ids)[:, None] == self._ids[beside][None]
        kin = torch.from_numpy(lesson.kin_ids)[:, None] == self._kin[beside][None]
        far = losses.less_kin(scale * names @ self._vectors.T, same.to(seen.device), kin.to(seen.device))
        own = scale * (names * seen[: lesson.products]).sum(1, keepdim=True)
        by_name = functional.cross_entropy(torch.cat([own, far], 1), own.new_zeros(len(own), dtype=torch.long))
        alike, fits = self._teacher.beside(lesson, self._chosen)
        starts = lesson.prompt_kinds
        # The lesson's own pictures are among the shelf's: the same picture again is no likeness to learn.
        itself = torch.from_numpy(lesson.pictures[:, None] == self._chosen[None]).to(seen.device)
        likeness = 12.0 * seen @ self._vectors.T
        by_picture = _weighted(
            losses.contrast(likeness, torch.from_numpy(signs).to(seen.device).masked_fill(itself, 0)) for signs in alike
        )
        asked = torch.from_numpy(fits[: starts[2]]).to(seen.device)
        by_prompt = losses.contrast(14.0 * prompts[: starts[2]] @ self._vectors.T, asked)
        return by_name, by_prompt, by_picture


class Bank:
    """The words as they are, each embedded once, while the tower learns. With every name at hand a picture is told from
    thousands of other products at each step."""

    def __init__(
        self, model: Clip, tokenizer: BpeTokenizer, teacher: Teacher, likeness: float, others: int = 3072
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        device = model.logit_scale.device
        self._ids, self._kin = (torch.from_numpy(of).to(device) for of in (teacher.name_ids, teacher.kin_ids))
        self._others, self._likeness = others, likeness
        self._names = [self._embed(teacher.every_name(language)) for language in ("en", "fr")]
        self._prompts: dict[str, Tensor] = {}
        self._before = LateTower(read_weights()).to(device).requires_grad_(False)

    @torch.no_grad()
    def _embed(self, texts: list[str]) -> Tensor:
        return torch.cat(
            [embed_texts(self._model, self._tokenizer, texts[at : at + 2048]) for at in range(0, len(texts), 2048)]
        )

    def _prompted(self, prompts: list[str]) -> Tensor:
        unknown = [text for text in dict.fromkeys(prompts) if text not in self._prompts]
        if unknown:
            self._prompts.update(zip(unknown, self._embed(unknown), strict=True))
        return torch.stack([self._prompts[text] for text in prompts])

    def step(
        self, model: Clip, lesson: Lesson, given: Tensor, step: int, shelved: Tensor | None = None
    ) -> dict[str, Tensor]:
        """`given`: early features where the tower moves, else its features; then `shelved` [products, 1280] are those
        of the lesson's products as the shop sees them, to be told from each other by whatever view is given."""
        if shelved is None:
            told = seen = model.told(model.late(given), FEATURES_LEFT_OUT)
            untold = seen[:, :0]
        else:
            seen, untold = model.project(given, FEATURES_LEFT_OUT).split([TOLD, ITSELF], 1)
            told = functional.normalize(seen, dim=1)
        own = torch.from_numpy(lesson.pictures[: lesson.products]).to(seen.device)
        chance = np.random.default_rng([SEED, step, 2])
        names = self._names[int(chance.integers(2))]
        others = torch.from_numpy(chance.choice(len(names), self._others, replace=False)).to(seen.device)
        scale = model.logit_scale.exp()
        shown = seen[: lesson.products]
        near = scale * shown @ names[own].T
        apart = ~losses.eye(near)
        same_name = torch.from_numpy(lesson.same_name).to(seen.device) & apart
        near = losses.less_kin(near, same_name, (self._kin[own][:, None] == self._kin[own][None]) & apart)
        same, kin = (of[own][:, None] == of[others][None] for of in (self._ids, self._kin))
        far = losses.less_kin(scale * shown @ names[others].T, same, kin)
        wanted = torch.arange(len(near), device=near.device)
        by_picture = functional.cross_entropy(torch.cat([near, far], 1), wanted)
        name = (by_picture + functional.cross_entropy(near.T, wanted)) / 2
        prompt, kinds, attribute = told_by(self._prompted(lesson.prompts), seen, lesson, attributes=5)
        picture = likeness_of(told, lesson)
        every = name + 0.5 * prompt + 0.7 * attribute + self._likeness * picture
        figures = {"name": by_picture, "prompt": prompt, "kind": kinds[0], "colour": kinds[1], "picture": picture}
        if shelved is None:
            figures["general"] = self._general(seen, given, chance)
            every = every + 0.2 * figures["general"]
        else:
            beside = model.project(shelved, FEATURES_LEFT_OUT)[:, TOLD:]
            figures["twin"] = losses.twins(untold[: lesson.products], beside, same_name, TWIN_SCALE)
            figures["share"] = (untold.square().sum(1) - UNTOLD_SHARE).square().mean()
            every = every + TWIN_WEIGHT * figures["twin"] + SHARE_WEIGHT * figures["share"]
        return {"all": every, **figures, "scale": scale}

    def _general(self, seen: Tensor, early: Tensor, chance: np.random.Generator) -> Tensor:
        """Not only clothes: a few pictures of each lesson keep the likenesses that ImageNet saw between them."""
        few = torch.from_numpy(chance.choice(len(seen), DISTILLED, replace=False)).to(seen.device)
        before = functional.normalize(self._before(early[few]), dim=1)
        return losses.relations(seen[few], before)


def likeness_of(seen: Tensor, lesson: Lesson) -> Tensor:
    likeness = 10.0 * seen @ seen.T
    signs = (torch.from_numpy(of.copy()).to(seen.device).fill_diagonal_(0) for of in lesson.alike)
    return _weighted(losses.contrast(likeness, of) for of in signs)


def _weighted(parts: Iterable[Tensor]) -> Tensor:
    return torch.stack([weight * part for weight, part in zip(LIKENESS_WEIGHTS, parts, strict=True)]).sum()


def told_by(
    prompts: Tensor, seen: Tensor, lesson: Lesson, attributes: int = len(PROMPT_WEIGHTS)
) -> tuple[Tensor, list[Tensor], Tensor]:
    """Losses of the first attributes' prompts: pictures for a prompt, and a prompt for a picture, by attribute and
    together."""
    starts = lesson.prompt_kinds[: attributes + 1]
    fits = torch.from_numpy(lesson.prompt_fits[: starts[-1]]).to(seen.device)
    prompts = prompts[: starts[-1]]
    by_prompt = 14.0 * prompts @ seen.T  # attributes are shared by many: softer than names
    kinds = [losses.classes(by_prompt[start:end] * 1.4, fits[start:end]) for start, end in pairwise(starts)]
    told = torch.stack([weight * kind for weight, kind in zip(PROMPT_WEIGHTS, kinds, strict=False)]).sum()
    return losses.contrast(by_prompt, fits), kinds, told
