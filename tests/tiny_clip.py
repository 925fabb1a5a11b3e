"""A CLIP model for open_clip, small and untrained, in a folder: nothing has to be fetched for a test."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from visual_search.encoders.clip import ClipEncoder
from visual_search.values import Pixels, Vectors

MERGES = ("d r", "dr e", "s h", "sh o", "r o", "b l", "e </w>", "s </w>", "re s", "u e")
VOCABULARY = 512 + len(MERGES) + 2  # every byte, every byte at a word's end, the merges, start and end
VIT = {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
BUILT_IN_SHAPE = {
    "image_size": 96,
    "timm_model_name": "tf_efficientnet_lite0",
    "timm_model_pretrained": False,
    "timm_pool": "avg",
    "timm_proj": "linear",
}


def make_clip_folder(
    folder: Path, vision: dict[str, Any] | None = None, *, seed: int = 0, safe: bool = True, **preprocess: object
) -> Path:
    """Writes configuration, weights (random, by `seed`) and a tokenizer of `VOCABULARY` tokens. `safe` False writes
    the weights as torch does. Skips the test where the extra `clip` is not installed."""
    torch = pytest.importorskip("torch", reason="needs pip install 'vitrine[clip]'")
    open_clip = pytest.importorskip("open_clip", reason="needs pip install 'vitrine[clip]'")
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_model.safetensors").unlink(missing_ok=True)
    model = {
        "embed_dim": 32,
        "vision_cfg": vision or VIT,
        "text_cfg": {"context_length": 16, "vocab_size": VOCABULARY, "width": 32, "heads": 2, "layers": 2},
    }
    told = {"model_cfg": model, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(told), "utf-8")
    (folder / "bpe_simple_vocab_tiny.txt.gz").write_bytes(gzip.compress("\n".join(("#", *MERGES)).encode()))
    torch.manual_seed(seed)
    built = open_clip.create_model(f"local-dir:{folder}")
    weights = {name: values.contiguous() for name, values in built.state_dict().items()}
    if safe:
        save_file(weights, folder / "open_clip_model.safetensors")
    else:
        torch.save(weights, folder / "open_clip_pytorch_model.bin")
    return folder


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures CLIP models are given from now on, batch by batch."""
    counts: list[int] = []
    real = ClipEncoder.encode

    def counting(self: ClipEncoder, pixels: Pixels) -> Vectors:
        counts.append(len(pixels))
        return real(self, pixels)

    monkeypatch.setattr(ClipEncoder, "encode", counting)
    return counts
