"""The shipped encoder as a folder that open_clip opens (`open_clip:DIR`): configuration, safetensors, tokenizer.

The numbers are those of the ONNX files, widened, so that both give the same vectors.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.training.export_imagenet import _EPSILON

CONFIGURATION: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 512,
        "vision_cfg": {
            "timm_model_name": "tf_efficientnet_lite0",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "mlp",
            "image_size": 112,
        },
        "text_cfg": {"context_length": 32, "vocab_size": 8192, "width": 384, "heads": 6, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [127 / 255] * 3,
        "std": [128 / 255] * 3,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}
TOKENIZER = "bpe_simple_vocab_8192.txt.gz"


def write_folder(shipped: Path, out: Path) -> None:
    """Needs the `clip` extra and onnx."""
    from safetensors.numpy import save_file

    image, text = (widened((shipped / name).read_bytes()) for name in ("image.onnx", "text.onnx"))
    state = {**_vision(image), **_text(text)}
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(value) for name, value in state.items()}, out / "open_clip_model.safetensors")
    (out / "open_clip_config.json").write_text(json.dumps(CONFIGURATION, indent=2) + "\n")
    shutil.copy(shipped / "merges.txt.gz", out / TOKENIZER)
    print(f"{out}: {sum(value.nbytes for value in state.values()) / 1e6:.1f} MB of float32")


def widened(model: bytes) -> dict[str, NDArray[Any]]:
    """Constants of a graph by name, as float32; what is stored as int8 and a scale, multiplied out."""
    import onnx
    from onnx import numpy_helper

    raw = {one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(model).graph.initializer}
    found = {}
    for name, value in raw.items():
        if name.endswith("_int8"):
            plain = name.removesuffix("_int8")
            found[plain] = (value.astype(np.float32) * raw[f"{plain}_scale"]).astype(np.float32)
        elif name.endswith("_half"):
            found[name.removesuffix("_half")] = value.astype(np.float32)
        elif not name.endswith("_scale"):
            found[name] = value
    return found


def _vision(constants: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """timm's names take the convolutions in the order of the graph; its batch norms do nothing but add the bias."""
    import timm

    names = [name.removesuffix(".folded") for name in constants if name.endswith(".folded")]
    trunk = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    state: dict[str, NDArray[np.float32]] = {}
    convolutions = [name.removesuffix(".weight") for name, value in trunk.state_dict().items() if value.ndim == 4]
    norms = [name.removesuffix(".running_mean") for name in trunk.state_dict() if name.endswith("running_mean")]
    for ours, convolution, norm in zip(names, convolutions, norms, strict=True):
        kernel, bias = constants[f"{ours}.folded"], constants[f"{ours}.bias"]
        state[f"visual.trunk.{convolution}.weight"] = kernel
        state[f"visual.trunk.{norm}.weight"] = np.ones(len(kernel), np.float32)
        state[f"visual.trunk.{norm}.bias"] = bias
        state[f"visual.trunk.{norm}.running_mean"] = np.zeros(len(kernel), np.float32)
        state[f"visual.trunk.{norm}.running_var"] = np.full(len(kernel), 1 - _EPSILON, np.float32)
        state[f"visual.trunk.{norm}.num_batches_tracked"] = np.array(0, np.int64)
    for name in ("fc1.weight", "fc1.bias", "fc2.weight"):
        state[f"visual.head.mlp.{name}"] = constants[f"projection.{name}"]
    return state


def _text(constants: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    state = {name: value for name, value in constants.items() if name.startswith(("transformer.", "ln_final."))}
    state["token_embedding.weight"] = constants["tokens"]
    state["positional_embedding"] = constants["positions"]
    state["text_projection"] = constants["text_projection"]
    state["logit_scale"] = np.array(np.log(100.0), np.float32)
    return state
