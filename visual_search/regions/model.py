"""The fitted numbers on disk: an npz and a JSON beside it, which names its sha256. A changed file is never used."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.errors import EncoderUnavailable
from visual_search.regions.choosing import Rule
from visual_search.regions.layers import Layers
from visual_search.regions.scoring import FittedScorer

MODELS = Path(__file__).parent.parent / "models"
RANKER_DIRECTORY = MODELS / "regions"
WORDS_RULE = Rule(least=0.5, tightness=0.5, whole=0.0, extra=0.6, together=0.0, none=0.0)
"""For kinds scored by words alone: chosen by hand, not measured."""


def models_of(encoder: str) -> Path:
    """Where the files of an encoder lie; one with a name that is no folder's has none."""
    return MODELS / encoder if re.fullmatch(r"[a-z0-9_]+", encoder) else MODELS / "none"


def save_ranker(ranker: Layers) -> None:
    _save(RANKER_DIRECTORY, "ranker", ranker.arrays("ranker"), {})


def load_ranker(directory: Path = RANKER_DIRECTORY) -> Layers:
    """Raises EncoderUnavailable where the file is missing or not the one that was shipped."""
    loaded = _load(directory, "ranker")
    if loaded is None:
        raise EncoderUnavailable(f"ranker.npz is missing from {directory}")
    return Layers.of(loaded[0], "ranker")


def save_model(directory: Path, scorer: FittedScorer, rule: Rule, revision: str) -> None:
    _save(directory, "regions", scorer.arrays(), {"encoder_revision": revision, "rule": asdict(rule)})


def load_model(directory: Path, revision: str) -> tuple[FittedScorer, Rule] | None:
    """None where nothing was fitted for this revision. Raises EncoderUnavailable for a changed file."""
    loaded = _load(directory, "regions")
    if loaded is None or loaded[1]["encoder_revision"] != revision:
        return None
    return FittedScorer.of(loaded[0]), Rule(**loaded[1]["rule"])


def _save(directory: Path, name: str, arrays: Mapping[str, NDArray[Any]], more: Mapping[str, Any]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    raw = io.BytesIO()
    np.savez_compressed(raw, allow_pickle=False, **{key: array.astype(np.float16) for key, array in arrays.items()})
    (directory / f"{name}.npz").write_bytes(raw.getvalue())
    told = {**more, "sha256": hashlib.sha256(raw.getvalue()).hexdigest()}
    (directory / f"{name}.json").write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")


def _load(directory: Path, name: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    try:
        told = json.loads((directory / f"{name}.json").read_bytes())
        raw = (directory / f"{name}.npz").read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as broken:
        raise EncoderUnavailable(f"{name}.json or {name}.npz cannot be read: {broken}") from broken
    if hashlib.sha256(raw).hexdigest() != told["sha256"]:
        raise EncoderUnavailable(f"{name}.npz is not the file that was shipped: its sha256 differs")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}, told
