"""The proofs of orders, money and stock at a small size: the same code as `vitrine prove`."""

import pytest

from vitrine.prove.running import run_proof


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("name", "n"), [("provider-events", 24), ("provider-timeout", 10), ("kill-9", 4)])
def test_promises_of_the_till_are_kept(name: str, n: int) -> None:
    run = run_proof(name, n=n, seed=5, quiet=True)
    assert run.result.kept, (run.result.figure, run.result.details)
