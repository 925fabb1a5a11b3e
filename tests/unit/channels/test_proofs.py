"""The proofs of this room at a small size: the same code as `vitrine prove`."""

import pytest

from vitrine.prove import texts, webhook_copies
from vitrine.prove.running import run_proof


@pytest.mark.timeout(300)
def test_every_hostile_text_on_every_channel():
    run = run_proof("texts", n=4 * len(texts.HOSTILE), seed=3, quiet=True)
    assert run.result.kept, run.result.details


@pytest.mark.timeout(300)
def test_copies_and_disorder_change_nothing():
    run = run_proof("webhook-copies", n=4 * webhook_copies._PEOPLE, seed=3, quiet=True)
    assert run.result.kept, run.result.details
