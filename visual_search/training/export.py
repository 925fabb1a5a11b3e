"""The trained encoder as the files that ship: two ONNX graphs, the tokenizer, and what they are.

    python -m visual_search.training.export            from var/training/alike.pt to visual_search/models/vitrine
    python -m visual_search.training.export --open-clip DIR     the shipped files as an open_clip folder

Weights are widened to float32 when a session loads. Those of the picture tower are stored as float16 (as int8, photo to
photo found the same type in .741 instead of .746 on the part for choosing), those of the words as int8 with one scale a
row, which costs nothing. The open_clip folder is made from the shipped files, so that both say the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.training.export_imagenet import Weights, _Graph, read_weights

MODEL_DIRECTORY = Path(__file__).parent.parent / "models" / "vitrine"
_OPSET = 17
Floats = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files that ship.")
    parser.add_argument("--checkpoint", type=Path, help="instead of alike.pt of the cache")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--out", type=Path, default=MODEL_DIRECTORY)
    parser.add_argument("--open-clip", type=Path)
    asked = parser.parse_args()
    if asked.open_clip:
        from visual_search.training.open_clip_folder import write_folder

        write_folder(asked.out, asked.open_clip)
        return
    write(asked.checkpoint or asked.cache / "alike.pt", asked.cache, asked.out)


def write(checkpoint: Path, cache: Path, out: Path) -> None:
    import torch

    from visual_search.training.towers import CONTEXT, EMBEDDING, INPUT_PX, ITSELF, TEXT_HEADS, Clip, moved

    state = torch.load(checkpoint, weights_only=True)["average"]
    model = Clip(read_weights())
    model.load_state_dict(state)
    with torch.no_grad():
        weights = moved(model.tower, read_weights())
        first, bias, second = (part.numpy() for part in model.projection.folded())
        words = {name: value.float().numpy() for name, value in model.text.state_dict().items()}
    words["text_projection"] = np.pad(words["text_projection"], ((0, 0), (0, ITSELF)))
    out.mkdir(parents=True, exist_ok=True)
    files = {
        "image.onnx": build_image(weights, first, bias, second),
        "text.onnx": build_text(words, TEXT_HEADS),
        "merges.txt.gz": (cache / "merges.gz").read_bytes(),
    }
    for name, raw in files.items():
        (out / name).write_bytes(raw)
    path = out / "encoder.json"
    told: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    told |= {
        "input_px": INPUT_PX,
        "dimension": EMBEDDING,
        "context": CONTEXT,
        "sha256": {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()},
    }
    told.setdefault("bands", {"very_close": 0.8, "close": 0.6})
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
    for name, raw in files.items():
        print(f"{out / name}: {len(raw) / 1e6:.2f} MB")


def build_image(weights: Weights, first: Floats, bias: Floats, second: Floats) -> bytes:
    """pixels uint8 [n, h, w, 3] -> features float32 [n, 1280] and embedding float32 [n, 512], unit rows."""
    from onnx import TensorProto, helper

    graph = _Graph(weights, "float16")
    last = graph.tower("pixels")
    graph.node("ReduceMean", [last], "features", axes=[2, 3], keepdims=0)
    graph.weight("projection.fc1.weight", first)
    graph.weight("projection.fc2.weight", second)
    graph.constant("projection.fc1.bias", bias)
    graph.node("Gemm", ["features", "projection.fc1.weight", "projection.fc1.bias"], "wide", transB=1)
    _constants_of_gelu(graph)
    graph.node("Gemm", [_gelu(graph, "wide", "hidden"), "projection.fc2.weight"], "projected", transB=1)
    graph.node("LpNormalization", ["projected"], "embedding", axis=1, p=2)
    return _model(
        graph,
        "vitrine_image",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", first.shape[1]]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", len(second)]),
        ],
    )


def build_text(state: dict[str, Floats], heads: int) -> bytes:
    """ids int64 [n, length] -> embedding float32 [n, 512], unit rows. `state` has the names of open_clip's CLIP."""
    from onnx import TensorProto, helper

    graph = _Graph({}, "int8")
    node, constant = graph.node, graph.constant
    table = state["token_embedding.weight"]
    width = table.shape[1]
    scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-12) / 127
    node("Gather", [constant("tokens_int8", np.rint(table / scale).astype(np.int8)), "ids"], "rows_int8", axis=0)
    node("Gather", [constant("tokens_scale", scale.astype(np.float32)), "ids"], "rows_scale", axis=0)
    node("Cast", ["rows_int8"], "rows_float", to=1)
    node("Mul", ["rows_float", "rows_scale"], "rows")
    for name, place in (("zero", 0), ("one", 1), ("two", 2)):
        constant(name, np.array([place], np.int64))
    node("Shape", ["ids"], "size")
    node("Slice", ["size", "one", "two"], "length")
    node("Slice", [constant("positions", state["positional_embedding"]), "zero", "length", "zero"], "places")
    last = node("Add", ["rows", "places"], "x0")
    hidden = np.triu(np.full((len(state["positional_embedding"]),) * 2, -1e4, np.float32), 1)
    node("Slice", [constant("hidden", hidden), "zero", "length", "zero"], "hidden_rows")
    node("Slice", ["hidden_rows", "zero", "length", "one"], "mask")
    constant("split", np.array([0, 0, 3, heads, width // heads], np.int64))
    constant("join", np.array([0, 0, width], np.int64))
    constant("root", np.array((width // heads) ** -0.5, np.float32))
    _constants_of_gelu(graph)
    layers = len({name.split(".")[2] for name in state if name.startswith("transformer.resblocks.")})
    for number in range(layers):
        last = _text_block(graph, state, f"transformer.resblocks.{number}.", last)
    node("ArgMax", ["ids"], "end", axis=1, keepdims=1)
    node("Unsqueeze", ["end", "two"], "end_wide")
    node("Expand", ["end_wide", _shape_of_width(graph, width)], "end_rows")
    node("GatherElements", [last, "end_rows"], "ends", axis=1)
    node("Squeeze", ["ends", "one"], "ends_flat")
    _norm(graph, state, "ln_final", "ends_flat", "ends_norm")
    node("MatMul", ["ends_norm", graph.weight("text_projection", state["text_projection"])], "projected")
    node("LpNormalization", ["projected"], "embedding", axis=1, p=2)
    return _model(
        graph,
        "vitrine_text",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "length"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", state["text_projection"].shape[1]])],
    )


def _shape_of_width(graph: _Graph, width: int) -> str:
    graph.node("Slice", ["size", "zero", "one"], "count")
    return graph.node(
        "Concat", ["count", "one", graph.constant("width", np.array([width], np.int64))], "ends_shape", axis=0
    )


def _text_block(graph: _Graph, state: dict[str, Floats], at: str, last: str) -> str:
    node = graph.node
    inner = _norm(graph, state, f"{at}ln_1", last, f"{at}a")
    both = _linear(graph, state, f"{at}attn.in_proj_weight", f"{at}attn.in_proj_bias", inner, f"{at}qkv")
    node("Reshape", [both, "split"], f"{at}parts")
    node("Transpose", [f"{at}parts"], f"{at}turned", perm=[2, 0, 3, 1, 4])
    graph.nodes.append(_split(f"{at}turned", [f"{at}q", f"{at}k", f"{at}v"]))
    for part in "qkv":
        node("Squeeze", [f"{at}{part}", "zero"], f"{at}{part}s")
    node("Transpose", [f"{at}ks"], f"{at}kt", perm=[0, 1, 3, 2])
    node("MatMul", [f"{at}qs", f"{at}kt"], f"{at}raw")
    node("Mul", [f"{at}raw", "root"], f"{at}scaled")
    node("Add", [f"{at}scaled", "mask"], f"{at}masked")
    node("Softmax", [f"{at}masked"], f"{at}share", axis=-1)
    node("MatMul", [f"{at}share", f"{at}vs"], f"{at}seen")
    node("Transpose", [f"{at}seen"], f"{at}seen_t", perm=[0, 2, 1, 3])
    node("Reshape", [f"{at}seen_t", "join"], f"{at}seen_flat")
    out = _linear(
        graph, state, f"{at}attn.out_proj.weight", f"{at}attn.out_proj.bias", f"{at}seen_flat", f"{at}attended"
    )
    middle = node("Add", [last, out], f"{at}middle")
    inner = _norm(graph, state, f"{at}ln_2", middle, f"{at}b")
    wide = _linear(graph, state, f"{at}mlp.c_fc.weight", f"{at}mlp.c_fc.bias", inner, f"{at}wide")
    bent = _gelu(graph, wide, f"{at}gelu")
    narrow = _linear(graph, state, f"{at}mlp.c_proj.weight", f"{at}mlp.c_proj.bias", bent, f"{at}narrow")
    return node("Add", [middle, narrow], f"{at}out")


def _constants_of_gelu(graph: _Graph) -> None:
    for name, value in (("half", 0.5), ("unit", 1.0), ("sqrt_half", 0.5**0.5)):
        graph.constant(name, np.array(value, np.float32))


def _gelu(graph: _Graph, inward: str, outward: str) -> str:
    """x/2 (1 + erf(x/√2)): the exact one, as PyTorch's."""
    graph.node("Mul", [inward, "sqrt_half"], f"{outward}.scaled")
    graph.node("Erf", [f"{outward}.scaled"], f"{outward}.erf")
    graph.node("Add", [f"{outward}.erf", "unit"], f"{outward}.share")
    graph.node("Mul", [inward, f"{outward}.share"], f"{outward}.double")
    return graph.node("Mul", [f"{outward}.double", "half"], outward)


def _split(inward: str, outward: list[str]) -> Any:
    from onnx import helper

    return helper.make_node("Split", [inward], outward, axis=0)


def _norm(graph: _Graph, state: dict[str, Floats], name: str, inward: str, outward: str) -> str:
    weight = graph.constant(f"{name}.weight", state[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", state[f"{name}.bias"])
    return graph.node("LayerNormalization", [inward, weight, bias], outward, axis=-1, epsilon=1e-5)


def _linear(graph: _Graph, state: dict[str, Floats], weight: str, bias: str, inward: str, outward: str) -> str:
    """Stored as [out, in], a scale a row, like everything else."""
    graph.weight(weight, state[weight])
    graph.node("Transpose", [weight], f"{weight}.t", perm=[1, 0])
    graph.node("MatMul", [inward, f"{weight}.t"], f"{outward}.flat")
    return graph.node("Add", [f"{outward}.flat", graph.constant(bias, state[bias])], outward)


def _model(graph: _Graph, name: str, inputs: list[Any], outputs: list[Any]) -> bytes:
    from onnx import checker, helper

    model = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
