"""The picture's projection while it is trained, and the same as it is shipped."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from torch.nn import functional  # noqa: E402 after the skip

from visual_search.training.towers import FEATURES, Projection  # noqa: E402


@pytest.fixture
def features() -> object:
    """[200, 1280]: none of them around 0, some hardly changing."""
    chance = torch.Generator().manual_seed(3)
    spread = torch.linspace(1e-4, 3, FEATURES)
    return 5 + spread * torch.randn(200, FEATURES, generator=chance)


@pytest.fixture
def projection(features: object) -> Projection:
    torch.manual_seed(3)
    made = Projection()
    made.standardise(features)
    return made


def test_what_ships_says_the_same_of_features_as_they_come(projection: Projection, features: object) -> None:
    weight, bias, second = projection.folded()
    shipped = functional.gelu(features @ weight.T + bias) @ second.T
    assert torch.allclose(shipped, projection(features), atol=1e-3)


def test_nothing_is_left_out_unless_asked_for(projection: Projection, features: object) -> None:
    projection.train()
    assert torch.equal(projection(features), projection(features))
    assert not torch.allclose(projection(features, 0.3), projection(features), atol=1e-2)
