"""How wrong the encoder is about a lesson: of names, of words for what is shown, of what is alike, and of which product
it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from visual_search.training import losses
from visual_search.training.lessons import Lesson
from visual_search.training.towers import ITSELF, TOLD, Pupil

FEATURES_LEFT_OUT = 0.2
"""Share of the tower's features that a step does not see, so that no projection leans on a few of them."""
WORDS_LEFT_OUT = 0.2
"""Of a name, as people remember it."""
PROMPT_WEIGHTS = (1.0, 1.0, 0.3, 0.5, 0.2, 0.3, 0.2)
"""Of `lessons.PROMPTED`: type and colour are what people ask for, the maker is what tells most names apart."""
LIKENESS_WEIGHTS = (1.0, 2.0)
"""Of `Lesson.alike`: of one kind, and of one colour within it."""
TWIN_SCALE = 16.0
LIKENESS_WEIGHT, TWIN_WEIGHT, SHARE_WEIGHT = 1.5, 1.0, 50.0
"""What it counts, beside names, that pictures are like others of their kind and colour; that the very product is found
by what no word reaches, as likeness alone makes one of what differs in its cut; and that this has its share."""
UNTOLD_SHARE = 0.12
"""Of a vector's squared length, what no word reaches shall be this much, in each alike: a word finds pictures by the
rest, and must not find those first that have more of it."""


def told(model: Pupil, lesson: Lesson, features: Tensor) -> dict[str, Tensor]:
    """Losses by name, "all" the sum that is to fall. features [2n + m, 1280]: of the products seen once, seen again,
    and of the photos."""
    count = len(lesson.products)
    seen, untold = model.project(features, FEATURES_LEFT_OUT).split([TOLD, ITSELF], 1)
    first, second = seen[:count], seen[count : 2 * count]
    name = _of_names(model, lesson, first, second)
    places = torch.arange(len(lesson.alike[0]), device=seen.device)
    places = torch.cat([places[:count], places])
    """of each picture its column in the lesson's signs"""
    captions, prompts = (model.bags(of) for of in (lesson.captions, lesson.prompts))
    fits = lesson.caption_fits[:, places]
    by_caption = 14.0 * captions @ seen.T  # attributes are shared by many: softer than names
    caption = (losses.contrast(by_caption, fits) + losses.contrast(by_caption.T, fits.T)) / 2
    fits = lesson.prompt_fits[:, places]
    by_prompt = 14.0 * prompts @ seen.T
    prompt = losses.contrast(by_prompt, fits)
    kinds = [
        losses.classes(1.4 * by_prompt[start:end], fits[start:end]) for start, end in pairwise(lesson.prompt_kinds)
    ]
    attribute = _weighted(PROMPT_WEIGHTS, kinds)
    alone = functional.normalize(seen, dim=1)
    likeness = 10.0 * alone @ alone.T
    signs = (of[places][:, places].fill_diagonal_(0) for of in lesson.alike)
    picture = _weighted(LIKENESS_WEIGHTS, (losses.contrast(likeness, of) for of in signs))
    same = lesson.same_name[:, :count]
    twin = losses.twins(untold[:count], untold[count : 2 * count], same, TWIN_SCALE)
    share = (untold.square().sum(1) - UNTOLD_SHARE).square().mean()
    every = (
        1.5 * name + 0.5 * caption + 0.5 * prompt + 0.6 * attribute
        + LIKENESS_WEIGHT * picture + TWIN_WEIGHT * twin + SHARE_WEIGHT * share
    )  # fmt: skip
    return {"all": every, "name": name, "caption": caption, "prompt": prompt, "kind": kinds[0], "colour": kinds[1],
            "maker": kinds[3], "picture": picture, "twin": twin, "share": share}  # fmt: skip


def _of_names(model: Pupil, lesson: Lesson, first: Tensor, second: Tensor) -> Tensor:
    """A picture is told from the names of the lesson and thousands of others, a name from the lesson's pictures."""
    count = len(first)
    every = model.bags(torch.cat([lesson.names, lesson.other_names]), WORDS_LEFT_OUT)
    names = every[:count]
    scale = model.logit_scale.exp()
    wanted = torch.arange(count, device=first.device)
    parts = []
    for shown in (first, second):
        logits = losses.less_kin(scale * shown @ every.T, lesson.same_name, lesson.kin)
        parts.append(functional.cross_entropy(logits, wanted))
    same, kin = (of[:, :count].repeat(1, 2) for of in (lesson.same_name, lesson.kin))
    by_name = losses.less_kin(scale * names @ torch.cat([first, second]).T, same, kin)
    for own, other in ((wanted, wanted + count), (wanted + count, wanted)):
        parts.append(functional.cross_entropy(by_name.scatter(1, other[:, None], -1e4), own))
    return torch.stack(parts).mean()


def general(seen: Tensor, before: Tensor) -> Tensor:
    """Not only clothes: a few pictures of each lesson keep the likenesses that ImageNet saw between them. Features of
    the same pictures now and before, [k, 1280]."""
    before = functional.normalize(before, dim=1)
    return losses.relations(functional.normalize(seen, dim=1), before @ before.T)


def _weighted(weights: Iterable[float], parts: Iterable[Tensor]) -> Tensor:
    return torch.stack([weight * part for weight, part in zip(weights, parts, strict=True)]).sum()
