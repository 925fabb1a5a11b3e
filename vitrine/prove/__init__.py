"""The fault and load plan, run for real on a scratch database: one module a promise.

Each module has PROMISE (one sentence), DEFAULT_N, CI_N and run(n, seed, scratch, report) -> ProofResult.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProofResult:
    """`kept`: the promise held. `figure`: one line to print. `details`: what --json adds."""

    kept: bool
    figure: str
    details: dict[str, object] = field(default_factory=dict)
