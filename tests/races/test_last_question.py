"""The question before the charge, asked by several at once of a shop in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitrine.prove import last_question


@pytest.mark.timeout(300)
def test_everybody_is_answered_and_charged_once(tmp_path: Path) -> None:
    result = last_question.run(12, 20260310, tmp_path, print)
    # How long it took says more about this machine's other work than about the shop: `vitrine prove` judges that.
    assert result.details
    for name, found in result.details.items():
        assert isinstance(found, dict)
        assert found["whole"], (name, found)
