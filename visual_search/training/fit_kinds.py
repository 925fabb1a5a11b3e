"""Fit what finds garments in a photo, for one encoder.

    python -m visual_search.training.fit_kinds [--encoder NAME] [--scenes 1300] [--ranker]

Needs the shared data; about 5 minutes on one free core for an encoder of 7 ms a picture. Writes `regions.npz` and
`regions.json` (sha256, the encoder's revision, the rule of choice) beside the encoder's files. Run it again whenever
the encoder's revision changes: the old file is then not used. `--ranker` first fits the ranking of proposals anew; it
knows no encoder, so all share one (`models/regions`).

Scenes are drawn and pictures are chosen with fixed seeds; nothing that is held out is used. The scorer learns from
three of four examples, the rule is chosen on the fourth; then the scorer learns from all.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from visual_search.encoders.registry import open_encoder
from visual_search.regions.boxes import overlaps
from visual_search.regions.choosing import Rule, choose
from visual_search.regions.finder import MOST_CUTS
from visual_search.regions.kinds import KINDS
from visual_search.regions.layers import Floats, Layers
from visual_search.regions.model import RANKER_DIRECTORY, load_ranker, models_of, save_model, save_ranker
from visual_search.regions.scoring import FittedScorer
from visual_search.training.fit_layers import fit_layers
from visual_search.training.region_examples import Seen, fit_examples, see_photos, see_scenes, targets
from visual_search.training.scenes import SceneMaker
from visual_search.training.shared_data import catalogue, data_directory, phone_photos

SEED = 77
RANKER_SCENES = 1200
PHOTOS_A_KIND = 160
PRODUCTS_A_KIND = 40
MORE_PRODUCTS_A_KIND = 500
"""Whole pictures alone, for the kinds."""
TRIED = {
    "least": (-3.0, -2.0, -1.0, 0.0, 1.0),
    "tightness": (0.2, 0.6, 1.2, 1.8, 2.4),
    "whole": (-4.0, -3.0, -2.0, -1.0, 0.0),
    "extra": (-1.0, -0.5, 0.0, 0.5, 1.0),
    "together": (0.0, 0.25, 0.5, 0.75, 1.0),
    "none": (-1.0, 0.0, 1.0, 2.0, 3.0),
}
"""For each number of the rule, tried one after another, twice over."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit what finds garments in a photo.")
    parser.add_argument("--encoder", default="vitrine")
    parser.add_argument("--scenes", type=int, default=1300)
    parser.add_argument("--ranker", action="store_true", help="fit the ranking of proposals too")
    told = parser.parse_args()
    directory = data_directory()
    if not directory.is_dir():
        raise SystemExit(f"the shared data is not at {directory}; set VITRINE_SHARED")
    shown = [picture for picture in catalogue(directory) if not picture.held_out]
    taken = [picture for picture in phone_photos(directory) if not picture.held_out]
    if told.ranker or not RANKER_DIRECTORY.is_dir():
        save_ranker(fit_ranker(SceneMaker(shown, taken, SEED)))
    ranker, encoder = load_ranker(), open_encoder(told.encoder)
    maker = SceneMaker(shown, taken, SEED + 1)
    seen = [
        *_told(see_scenes(encoder, ranker, maker, told.scenes, MOST_CUTS, SEED), "scenes", 100),
        *_told(see_photos(encoder, ranker, taken, "photo", MOST_CUTS, SEED, PHOTOS_A_KIND), "photos", 500),
        *_told(see_photos(encoder, ranker, shown, "product", MOST_CUTS, SEED, PRODUCTS_A_KIND), "products", 500),
    ]
    more = _told(see_photos(encoder, ranker, shown, "product", 0, SEED, MORE_PRODUCTS_A_KIND), "more products", 1000)
    kept = [at % 4 == 3 for at in range(len(seen))]
    tuning = [one for one, aside in zip(seen, kept, strict=True) if aside]
    part = fit_scorer([one for one, aside in zip(seen, kept, strict=True) if not aside], more)
    rule = tune(tuning, part)
    save_model(models_of(encoder.name), fit_scorer(seen, more), rule, encoder.revision)


def fit_ranker(maker: SceneMaker) -> Layers:
    rng = np.random.default_rng(SEED)
    rows, fits = fit_examples([maker.several(int(rng.integers(2, 5))) for _ in range(RANKER_SCENES)])
    return fit_layers(rows, fits, np.ones(len(rows), np.float32), hidden=24, passes=40, seed=SEED)


def fit_scorer(seen: Sequence[Seen], more: Sequence[Seen]) -> FittedScorer:
    """What is shown is learnt from `seen`, the kinds from both."""
    wanted = [targets(one) for one in seen]
    rows = np.concatenate([one.evidence.rows for one in seen])
    vectors = np.concatenate([one.evidence.vectors for one in seen])
    right = np.concatenate([row for row, _ in wanted])
    weights = np.concatenate([weight for _, weight in wanted])
    garment = right[:, : len(KINDS)].sum(1, keepdims=True)
    shown = np.concatenate([garment, right[:, len(KINDS) :]], axis=1)
    use, worn = weights > 0, (weights > 0) & (garment[:, 0] > 0.5)
    known = [targets(one)[0][:, : len(KINDS)] for one in more]
    vectors = np.concatenate([vectors[worn], *(one.evidence.vectors for one in more)])
    kinds = np.concatenate([right[worn, : len(KINDS)], *known])
    counts = np.concatenate([weights[worn], np.full(len(kinds) - worn.sum(), 0.5, np.float32)])
    return FittedScorer(
        fit_layers(rows[use], shown[use], weights[use], hidden=64, passes=14, seed=SEED, decay=1e-3, noise=0.5),
        fit_layers(vectors, kinds, counts, hidden=128, passes=20, seed=SEED, decay=1e-3, noise=0.8),
    )


def tune(seen: Sequence[Seen], scorer: FittedScorer) -> Rule:
    """The rule that answers best: see `worth_of`."""
    scored = [(one, scorer.score(one.evidence)[: one.ranked]) for one in seen if one.ranked > 1]
    rule, best = Rule(**{name: steps[len(steps) // 2] for name, steps in TRIED.items()}), -1.0
    for _ in range(2):
        for name, steps in TRIED.items():
            for step in steps:
                tried = replace(rule, **{name: step})
                worth = float(np.mean([worth_of(one, shares, tried) for one, shares in scored]))
                if worth > best:
                    rule, best = tried, worth
    print(f"rule: {rule}, worth {best:.3f} on {len(scored)} pictures", flush=True)
    return rule


def worth_of(one: Seen, shares: Floats, rule: Rule) -> float:
    """0 to 1. Of a scene: found garments over garments and false boxes together. Of a photo or a product, of which no
    box is known: whether one thing was found; clothes that are turned away are worst."""
    found = choose(one.boxes[: one.ranked], shares, one.likely[: one.ranked], rule)
    if one.source != "scene":
        return 1.0 if len(found) == 1 else 0.5 if found else -1.0
    if not one.truths or not found:
        return float(not one.truths and not found)
    garments = np.array([truth.box for truth in one.truths], np.float32)
    right = int((overlaps(garments, one.boxes[found]).max(1) >= 0.5).sum())
    return right / (len(garments) + len(found) - right)


def _told(seen: Iterable[Seen], name: str, every: int) -> list[Seen]:
    begun, done = time.monotonic(), list[Seen]()
    for one in seen:
        done.append(one)
        if len(done) % every == 0:
            print(f"{len(done)} {name}, {time.monotonic() - begun:.0f} s", flush=True)
    return done


if __name__ == "__main__":
    main()
