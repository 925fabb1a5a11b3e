"""Where a garment may be: boxes from what stands out, from colours, from cuts between things, and a few fixed windows.

All of it on a picture of 64 px: a few milliseconds for some dozens of boxes, each with a handful of numbers that say
how much it looks like one thing. The encoder, a hundred times dearer a box, sees only the best (see `ranking`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.colour import to_lab
from visual_search.regions.blobs import Mask, blobs, closed, opened
from visual_search.regions.boxes import Boxes, areas, around, overlaps
from visual_search.values import Pixels

SIDE_PX = 64
_RIM_PX = 2
_GROUNDS = 4
_LEAST_PX = 24
"""Of the small picture: less than that is no garment, or one too small to tell."""
_SAME = 0.9
"""Boxes that overlap so much are one proposal."""
NEAR = 1.6
"""What holds two that lie near each other is smaller than this, times both."""
SOURCES = ("whole", "salient", "colour", "union", "rows", "cut", "window")
TRAITS = 12 + len(SOURCES)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """`boxes` [n, 4], the whole picture first; `traits` [n, TRAITS] of the same rows."""

    boxes: Boxes
    traits: Floats


def propose(view: Pixels) -> Proposals:
    """Of a picture [h, w, 3] of any size from 16 px."""
    small = _shrunk(view)
    lab = to_lab(small)
    far = _distance_from_ground(lab)
    found: list[tuple[str, Boxes]] = [("whole", np.array([[0, 0, 1, 1]], np.float32))]
    masks = _masks(far)
    salient = _boxes_of(masks)
    found += [("salient", salient)]
    found += [("colour", _colour_boxes(lab, masks[0]))]
    found += [("union", _unions(salient))]
    found += [("rows", _row_splits(lab, masks, salient))]
    found += [("cut", _cuts(lab))]
    found += [("window", _windows())]
    boxes = np.concatenate([boxes for _, boxes in found])
    source = np.concatenate([np.full(len(boxes), SOURCES.index(name)) for name, boxes in found])
    keep = _distinct(boxes)
    boxes, source = boxes[keep], source[keep]
    return Proposals(boxes, _traits(lab, far, boxes, source))


def _shrunk(view: Pixels) -> Floats:
    """[h, w, 3] to at most 64 px a side, each the mean of its cell; the aspect is kept."""
    height, width = view.shape[:2]
    scale = SIDE_PX / max(height, width)
    rows, columns = (max(8, round(side * scale)) for side in (height, width))
    down = np.linspace(0, height, rows + 1).astype(int)
    across = np.linspace(0, width, columns + 1).astype(int)
    sums = np.add.reduceat(view, down[:-1], axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, across[:-1], axis=1, dtype=np.uint32)
    cells = np.diff(down)[:, None] * np.diff(across)[None]
    return np.asarray(sums / np.maximum(cells, 1)[..., None], np.float32)


def _distance_from_ground(lab: Floats) -> Floats:
    """[h, w]: how unlike each pixel is to every colour that holds a good share of the rim, 1 about at a difference
    that the eye calls clear; grainy grounds allow more."""
    rim = np.ones(lab.shape[:2], bool)
    rim[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX] = False
    colours = lab[rim]
    centres, which = _means(colours, _GROUNDS)
    far = np.full(lab.shape[:2], np.inf, np.float32)
    for at, centre in enumerate(centres):
        mine = colours[which == at]
        if len(mine) < 0.1 * len(colours):
            continue
        spread = np.maximum(mine.std(0), (4.0, 3.0, 3.0))
        far = np.minimum(far, np.sqrt((((lab - centre) / spread) ** 2).sum(-1)) / 3)
    return far


def _means(points: Floats, count: int) -> tuple[Floats, NDArray[np.intp]]:
    """K-means of points [n, 3], begun at quantiles of their first axis: the same picture, the same answer."""
    order = points[:, 0].argsort(kind="stable")
    centres = points[order[np.linspace(0, len(points) - 1, count + 2).astype(int)[1:-1]]]
    for _ in range(5):
        which = (points @ (-2 * centres.T) + (centres**2).sum(1)).argmin(1)
        members = (which[:, None] == np.arange(count)).astype(np.float32)
        sizes = members.sum(0)[:, None]
        centres = np.where(sizes > 0, members.T @ points / np.maximum(sizes, 1), centres)
    return centres, which


def _masks(far: Floats) -> list[Mask]:
    """What stands out, from a strict to a lenient edge, and without the thin seams between things that touch."""
    squashed = far / (1 + far)
    middle = _otsu(squashed)
    masks = []
    for edge in (middle, (middle + 0.5) / 2, middle * 0.8, min(0.92, middle * 1.15)):
        masks += [closed(squashed > edge)]
    masks += [opened(masks[0])]
    return masks


def _otsu(levels: Floats) -> float:
    counts, edges = np.histogram(levels, bins=48, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    apart = below * above * (sums / np.maximum(below, 1) - (sums[-1] - sums) / np.maximum(above, 1)) ** 2
    return float(np.clip(edges[1 + int(apart.argmax())], 0.3, 0.85))


def _boxes_of(masks: list[Mask], most: int = 8) -> Boxes:
    rows = [part for mask in masks for part in blobs(mask, _LEAST_PX)[:most]]
    return _as_shares(rows, masks[0].shape)


def _as_shares(rows: list[tuple[int, int, int, int, int]], shape: tuple[int, ...]) -> Boxes:
    size = np.array([shape[1], shape[0], shape[1], shape[0]], np.float32)
    return np.array([row[:4] for row in rows], np.float32).reshape(-1, 4) / size


def _colour_boxes(lab: Floats, standing_out: Mask) -> Boxes:
    """Connected parts of one colour of what stands out: a red top above blue jeans falls in two."""
    mask = standing_out if standing_out.sum() >= 4 * _LEAST_PX else np.ones(lab.shape[:2], bool)
    found = []
    for count in (3, 5):
        _, which = _means(lab[mask], count)
        labels = np.full(mask.shape, -1)
        labels[mask] = which
        for at in range(count):
            found += blobs(closed(labels == at) & mask, _LEAST_PX)[:3]
    return _as_shares(found, mask.shape)


def _unions(boxes: Boxes) -> Boxes:
    """All together, and pairs that lie near each other: two shoes are one pair."""
    big = boxes[areas(boxes) > 0.01][:8]
    if len(big) < 2:
        return big[:0]
    first, second = np.triu_indices(len(big), 1)
    both = around(big[first], big[second])
    size = areas(big)
    near = areas(both) < NEAR * (size[first] + size[second])
    return np.concatenate([[np.concatenate([big[:, :2].min(0), big[:, 2:].max(0)])], both[near]])


def _row_splits(lab: Floats, masks: list[Mask], boxes: Boxes) -> Boxes:
    """A tall thing may be a top, a bottom and shoes: cut where the colours of its rows change most."""
    rows, columns = lab.shape[:2]
    found = []
    mask = masks[0]
    for box in boxes[:6]:
        left, right = int(box[0] * columns), round(box[2] * columns)
        top, bottom = int(box[1] * rows), round(box[3] * rows)
        if bottom - top < 14 or (bottom - top) < 0.9 * (right - left):
            continue
        inside, weight = lab[top:bottom, left:right], mask[top:bottom, left:right].astype(np.float32) + 1e-3
        cuts = _changes((inside * weight[..., None]).sum(1) / weight.sum(1)[:, None])
        edges = [0, *sorted(cuts), bottom - top]
        for at, start in enumerate(edges[:-1]):
            for stop in edges[at + 1 :]:
                if (start, stop) != (0, bottom - top) and stop - start >= 4:
                    found.append(_tight(mask[top + start : top + stop, left:right], left, top + start))
    return _as_shares(found, mask.shape)


def _changes(profile: Floats, most: int = 3, near: int = 4) -> list[int]:
    """Places where the mean colour of the few rows before and after differ most, well apart."""
    length = len(profile)
    total = np.concatenate([np.zeros((1, 3), np.float32), profile.cumsum(0)])
    at = np.arange(3, length - 2)
    before, after = np.maximum(at - 5, 0), np.minimum(at + 5, length)
    step = (total[at] - total[before]) / (at - before)[:, None] - (total[after] - total[at]) / (after - at)[:, None]
    height = np.linalg.norm(step, axis=1)
    cuts: list[int] = []
    for candidate in at[height.argsort()[::-1]]:
        if all(abs(int(candidate) - cut) >= near for cut in cuts):
            cuts.append(int(candidate))
        if len(cuts) == most:
            break
    return cuts


def _tight(mask: Mask, left: int, top: int) -> tuple[int, int, int, int, int]:
    """The box of what stands out in a part of the picture; all of the part where nothing does."""
    down, across = np.flatnonzero(mask.mean(1) > 0.05), np.flatnonzero(mask.mean(0) > 0.08)
    if len(down) < 3 or len(across) < 3:
        return left, top, left + mask.shape[1], top + mask.shape[0], 0
    return left + int(across[0]), top + int(down[0]), left + int(across[-1]) + 1, top + int(down[-1]) + 1, 0


def _cuts(lab: Floats) -> Boxes:
    """Straight edges across the picture: photos beside photos, as on a screen. Cut once or twice each way."""
    rows, columns = lab.shape[:2]
    across = np.linalg.norm(np.diff(lab, axis=1), axis=-1)
    down = np.linalg.norm(np.diff(lab, axis=0), axis=-1)
    xs = [0, *sorted(_ridges(np.median(across, axis=0), columns)), columns]
    ys = [0, *sorted(_ridges(np.median(down, axis=1), rows)), rows]
    found = []
    for left, right in itertools.pairwise(xs):
        for top, bottom in itertools.pairwise(ys):
            found.append((left, top, right, bottom, 0))
    found += [(left, 0, right, rows, 0) for left, right in itertools.pairwise(xs)]
    found += [(0, top, columns, bottom, 0) for top, bottom in itertools.pairwise(ys)]
    kept = [box for box in found if (box[2] - box[0]) > columns // 6 and (box[3] - box[1]) > rows // 6]
    return _as_shares(kept, lab.shape)


def _ridges(height: Floats, length: int, most: int = 2) -> list[int]:
    inner = height.copy()
    edge = length // 8
    inner[:edge] = inner[len(inner) - edge :] = 0
    found: list[int] = []
    for at in inner.argsort()[::-1][:12]:
        if inner[at] > 3 and all(abs(int(at) + 1 - other) > length // 6 for other in found):
            found.append(int(at) + 1)
        if len(found) == most:
            break
    return found


def _windows() -> Boxes:
    """Halves, quarters and the middle: for pictures in which nothing stands out."""
    return np.array(
        [
            (0.15, 0.15, 0.85, 0.85),
            (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 0.5), (0.0, 0.5, 1.0, 1.0),
            (0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0),
        ],
        np.float32,
    )  # fmt: skip


def _distinct(boxes: Boxes) -> NDArray[np.intp]:
    same = np.triu(overlaps(boxes, boxes) > _SAME, 1)
    return np.flatnonzero(~same.any(0))


def _traits(lab: Floats, far: Floats, boxes: Boxes, source: NDArray[np.intp]) -> Floats:
    """What is cheap to know of each box; see `Proposals`."""
    rows, columns = lab.shape[:2]
    squashed = (far / (1 + far))[..., None]
    edges = np.zeros_like(squashed)
    edges[1:, 1:, 0] = np.linalg.norm(lab[1:, 1:] - lab[:-1, :-1], axis=-1) / 30
    table = np.concatenate([lab / 50, squashed, edges, np.ones_like(squashed)], axis=-1)
    sums = np.zeros((rows + 1, columns + 1, 6), np.float64)
    sums[1:, 1:] = table.cumsum(0).cumsum(1)
    grid = np.round(boxes * (columns, rows, columns, rows)).astype(int)
    inside = _sums(sums, grid)
    margin = np.maximum((grid[:, 2:] - grid[:, :2]) // 6, 2)
    size = np.array([columns, rows])
    wider = np.concatenate([np.maximum(grid[:, :2] - margin, 0), np.minimum(grid[:, 2:] + margin, size)], axis=1)
    ring = _sums(sums, wider) - inside
    mean = inside / np.maximum(inside[:, 5:], 1)
    around = ring / np.maximum(ring[:, 5:], 1)
    total_far = np.maximum(sums[-1, -1, 3], 1e-6)
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    area = areas(boxes)
    touching = ((grid[:, :2] <= 1).sum(1) + (grid[:, 2:] >= size - 1).sum(1)) / 4
    numbers = [
        np.linalg.norm(mean[:, :3] - around[:, :3], axis=1),
        mean[:, 3],
        around[:, 3] * (ring[:, 5] > 0),
        mean[:, 3] - around[:, 3],
        inside[:, 3] / total_far,
        mean[:, 4] - around[:, 4],
        np.sqrt(area),
        area,
        np.log(np.maximum(high * rows, 1) / np.maximum(wide * columns, 1)) ** 2,
        touching,
        np.abs(boxes[:, 0] + boxes[:, 2] - 1),
        np.abs(boxes[:, 1] + boxes[:, 3] - 1),
    ]
    kind = np.eye(len(SOURCES))[source]
    return np.asarray(np.concatenate([np.stack(numbers, axis=1), kind], axis=1), np.float32)


def _sums(table: NDArray[np.float64], grid: NDArray[np.intp]) -> NDArray[np.float64]:
    left, top, right, bottom = grid.T
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left])
