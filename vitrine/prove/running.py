"""Finds the proofs and runs one in a scratch folder."""

from __future__ import annotations

import importlib
import pkgutil
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, cast

import vitrine.prove
from vitrine.prove import ProofResult


class Proof(Protocol):
    """The shape of a module of proofs."""

    PROMISE: str
    DEFAULT_N: int
    CI_N: int

    def run(self, n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult: ...


@dataclass(frozen=True, slots=True)
class Promise:
    """What a proof promises, and how often it checks it."""

    promise: str
    default_n: int
    ci_n: int


@dataclass(frozen=True, slots=True)
class ProofRun:
    """One run: repeat it with the same n and seed."""

    name: str
    n: int
    seed: int
    took_s: float
    result: ProofResult

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "n": self.n, "seed": self.seed, "took_s": self.took_s, **asdict(self.result)}


def _names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(vitrine.prove.__path__))
    return sorted(name for name in found if name != "running" and not name.startswith("_"))


def _load(name: str) -> Proof:
    return cast(Proof, importlib.import_module(f"vitrine.prove.{name.replace('-', '_')}"))


def promises() -> dict[str, Promise]:
    """Every proof by its name on the command line."""
    loaded = {name.replace("_", "-"): _load(name) for name in _names()}
    return {name: Promise(proof.PROMISE, proof.DEFAULT_N, proof.CI_N) for name, proof in loaded.items()}


def run_proof(name: str, *, n: int, seed: int | None = None, quiet: bool = False) -> ProofRun:
    """Runs it in a folder of its own that is deleted afterwards; what it reports goes to standard error."""
    seed = seed if seed is not None else secrets.randbelow(2**31)
    with tempfile.TemporaryDirectory(prefix=f"vitrine-{name}-") as scratch:
        started = time.monotonic()
        result = _load(name).run(
            n, seed, Path(scratch), lambda line: None if quiet else print(line, file=sys.stderr, flush=True)
        )
        return ProofRun(name, n, seed, time.monotonic() - started, result)
