"""Fit `Layers`: Adam on cross-entropy with soft targets, in numpy, the same numbers from the same seed."""

from __future__ import annotations

import numpy as np

from visual_search.regions.layers import Floats, Layers, softmax

_RATE = 2e-3
_BATCH = 512


def fit_layers(
    rows: Floats,
    targets: Floats,
    weights: Floats,
    *,
    hidden: int,
    passes: int,
    seed: int,
    decay: float = 1e-4,
    noise: float = 0.0,
) -> Layers:
    """rows [n, inputs]; targets [n, outputs], each row sums to 1 (or, with one output, lies in 0..1); weights [n].
    `noise`: standard deviations of noise added to the standardised rows at every step."""
    rng = np.random.default_rng(seed)
    mean, scale = rows.mean(0), (1 / (rows.std(0) + 1e-3)).astype(np.float32)
    ready = ((rows - mean) * scale).astype(np.float32)
    inputs, outputs = rows.shape[1], targets.shape[1]
    parts = [
        (rng.normal(0, (2 / inputs) ** 0.5, (inputs, hidden))).astype(np.float32),
        np.zeros(hidden, np.float32),
        (rng.normal(0, (1 / hidden) ** 0.5, (hidden, outputs))).astype(np.float32),
        np.zeros(outputs, np.float32),
    ]
    moments = [(np.zeros_like(part), np.zeros_like(part)) for part in parts]
    steps = passes * -(-len(rows) // _BATCH)
    step = 0
    for _ in range(passes):
        order = rng.permutation(len(rows))
        for start in range(0, len(rows), _BATCH):
            step += 1
            chosen = order[start : start + _BATCH]
            given = ready[chosen]
            if noise:
                given = given + np.float32(noise) * rng.standard_normal(given.shape, np.float32)
            before = given @ parts[0] + parts[1]
            inside = np.maximum(before, 0)
            scores = inside @ parts[2] + parts[3]
            guess = softmax(scores) if outputs > 1 else 1 / (1 + np.exp(-scores))
            wrong = (guess - targets[chosen]) * weights[chosen, None] / weights[chosen].sum()
            back = (wrong @ parts[2].T) * (before > 0)
            slopes = [given.T @ back, back.sum(0), inside.T @ wrong, wrong.sum(0)]
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for part, slope, (first, second) in zip(parts, slopes, moments, strict=True):
                first += 0.1 * (slope - first)
                second += 0.001 * (slope**2 - second)
                move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                part -= np.float32(rate) * (move + decay * part * (part.ndim == 2))
    return Layers(mean.astype(np.float32), scale, *parts)
