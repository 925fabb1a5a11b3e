"""Cut-outs with known truth, for fitting and tuning what finds garments: scenes, phone photos and products.

What a cut-out is follows from the garments it covers: nearly all of one and little else is a garment of that kind; of
two or more, "several"; a piece of one, "part"; hardly any, "nothing". What lies between is left out. A phone photo or
a product photo is one garment of which only the label is known: big cut-outs are it, small ones a part of it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from visual_search.encoders.base import Encoder
from visual_search.regions.boxes import WHOLE_BOX, Boxes, areas, common, covered, overlaps
from visual_search.regions.cutting import cut
from visual_search.regions.evidence import Evidence, gather
from visual_search.regions.kinds import NOTHING, PART, SEVERAL
from visual_search.regions.layers import Floats, Layers
from visual_search.regions.proposals import propose
from visual_search.regions.ranking import best
from visual_search.regions.scoring import CLASSES
from visual_search.training.kind_labels import accepted
from visual_search.training.scenes import VIEW_PX, Scene, SceneMaker, Truth
from visual_search.training.shared_data import Labelled
from visual_search.values import Pixels

_AT = {name: at for at, name in enumerate(CLASSES)}
EVERYWHERE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture whose proposals were encoded."""

    source: str
    """scene, photo or product"""
    truths: tuple[Truth, ...]
    boxes: Boxes
    """[n, 4]: the whole picture, then the `ranked` best, then boxes to learn from only."""
    likely: Floats
    """[n], by the ranking."""
    ranked: int
    evidence: Evidence


def view_of(data: bytes) -> Pixels:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def fit_examples(scenes: Sequence[Scene]) -> tuple[Floats, Floats]:
    """For the ranking: traits [n, TRAITS] of every proposal, and how well it fits a garment [n, 1], 0..1."""
    rows, fits = [], []
    for scene in scenes:
        proposals = propose(scene.pixels)
        fit = overlaps(proposals.boxes, scene.boxes()).max(1) if scene.truths else np.zeros(len(proposals.boxes))
        rows.append(proposals.traits)
        fits.append(np.clip((fit - 0.3) / 0.5, 0, 1))
    return np.concatenate(rows), np.concatenate(fits).astype(np.float32)[:, None]


def see(
    encoder: Encoder, ranker: Layers, view: Pixels, most: int, source: str, truths: tuple[Truth, ...], more: Boxes
) -> Seen:
    """Encode the whole picture and its `most` best proposals, then the boxes `more`."""
    if most == 0:
        whole = gather(encoder, cut(view, WHOLE_BOX, encoder.input_px))
        return Seen(source, truths, WHOLE_BOX, np.zeros(1, np.float32), 1, whole)
    proposals = propose(view)
    chosen = best(proposals, ranker, most)
    likely = ranker(proposals.traits)[:, 0]
    boxes = np.concatenate([proposals.boxes[:1], proposals.boxes[chosen], more])
    scores = np.concatenate([likely[:1], likely[chosen], np.zeros(len(more), np.float32)])
    evidence = gather(encoder, cut(view, boxes, encoder.input_px))
    return Seen(source, truths, boxes, scores, 1 + len(chosen), evidence)


def see_scenes(encoder: Encoder, ranker: Layers, maker: SceneMaker, count: int, most: int, seed: int) -> Iterator[Seen]:
    """Seven of eleven scenes hold several garments, two hold one, two none."""
    rng = np.random.default_rng(seed)
    for at in range(count):
        turn = at % 11
        scene = maker.several(int(rng.integers(2, 5))) if turn < 7 else maker.collage(1) if turn < 9 else maker.ground()
        loose = propose(scene.pixels).boxes
        more = np.concatenate([loose[rng.integers(len(loose), size=1)], scene.boxes()[:1]])
        yield see(encoder, ranker, scene.pixels, most, "scene", scene.truths, more)


def see_photos(
    encoder: Encoder, ranker: Layers, pictures: Sequence[Labelled], source: str, most: int, seed: int, a_kind: int
) -> Iterator[Seen]:
    """At most `a_kind` pictures of each kind; the proposals of a third of them."""
    rng = np.random.default_rng(seed)
    taken: Counter[str] = Counter()
    for at in rng.permutation(len(pictures)):
        kinds = accepted(pictures[at].type)
        if not kinds or taken[kinds[0]] >= a_kind:
            continue
        taken[kinds[0]] += 1
        truth = (Truth(EVERYWHERE, kinds),)
        searched = most if rng.uniform() < 0.33 else 0
        nothing_more = np.zeros((0, 4), np.float32)
        yield see(encoder, ranker, view_of(pictures[at].data), searched, source, truth, nothing_more)


def targets(seen: Seen) -> tuple[Floats, Floats]:
    """[n, len(CLASSES)] and weights [n]; weight 0 where the truth cannot be told."""
    rows = [_target(seen, box) for box in seen.boxes]
    return np.stack([row for row, _ in rows]), np.array([weight for _, weight in rows], np.float32)


def _target(seen: Seen, box: Floats) -> tuple[Floats, float]:
    if seen.source != "scene":
        size = float(areas(box[None])[0])
        if size > 0.5:
            return _kinds(seen.truths[0].kinds), 1.0
        return _is(PART), 0.5 if size < 0.2 else 0.0
    if not seen.truths:
        return _is(NOTHING), 1.0
    garments = np.array([truth.box for truth in seen.truths], np.float32)
    inside = covered(garments, box[None])[:, 0]
    share = common(box[None], garments)[0] / areas(box[None])[0]
    full = np.flatnonzero(inside > 0.8)
    if len(full) >= 2:
        return _is(SEVERAL), 1.0
    if len(full) == 1:
        beside = float(np.delete(share, full[0]).max(initial=0.0))
        if beside < 0.08 and share[full[0]] > 0.12:
            return _kinds(seen.truths[full[0]].kinds), 1.0
        return _is(SEVERAL), 0.6 if beside > 0.25 else 0.0
    if share.sum() < 0.08:
        return _is(NOTHING), 1.0
    if (inside > 0.35).sum() >= 2:
        return _is(SEVERAL), 0.7
    return _is(PART), 1.0 if inside.max() < 0.65 and share.max() > 0.3 else 0.0


def _is(name: str) -> Floats:
    row = np.zeros(len(CLASSES), np.float32)
    row[_AT[name]] = 1
    return row


def _kinds(kinds: tuple[str, ...]) -> Floats:
    """The first counts double: other right answers are right too, but less so."""
    row = np.zeros(len(CLASSES), np.float32)
    for at, kind in enumerate(kinds):
        row[_AT[kind]] = (2 if at == 0 else 1) / (len(kinds) + 1)
    return row
