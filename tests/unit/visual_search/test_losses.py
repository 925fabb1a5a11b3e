"""What training makes of names that are wrong: strangers count, the same name does not, look-alikes hardly do."""

from __future__ import annotations

from math import log

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from visual_search.training.losses import KIN_WEIGHT, less_kin, pairs  # noqa: E402 after the skip


def flags(rows: list[list[bool]]) -> object:
    return torch.tensor(rows)


@pytest.mark.parametrize(("same", "kin", "weight"), [(False, False, 1.0), (False, True, KIN_WEIGHT), (True, True, 0.0)])
def test_a_wrong_name_counts_by_what_it_could_be_told_from(same: bool, kin: bool, weight: float) -> None:
    alike = torch.zeros(2, 2)  # as likely as the right one
    loss = pairs(alike, flags([[True, same], [same, True]]), flags([[True, kin], [kin, True]]))
    assert float(loss) == pytest.approx(log(1 + weight))


def test_the_right_name_is_never_left_out() -> None:
    everything = flags([[True, True], [True, True]])
    assert float(pairs(torch.zeros(2, 2), everything, everything)) == pytest.approx(0.0)
    assert torch.isfinite(less_kin(torch.zeros(2, 2), everything, everything)).all()
