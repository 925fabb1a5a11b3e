"""Any CLIP model that open_clip can load. The only module that imports torch, and only when such a model is asked for.

What is loaded is data alone: safetensors, or a checkpoint that torch reads without running anything of it
(`weights_only`). A tokenizer that wants to bring its own code is refused. Preprocessing comes with the weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visual_search.encoders.base import Bands
from visual_search.encoders.colour import unit_rows
from visual_search.encoders.hub import from_here_or_hub, said_plainly
from visual_search.encoders.zero_shot import WordsJudge
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.limits import Resize
from visual_search.values import Pixels, Subject, Vectors

PREFIX = "open_clip:"
INSTALL = "pip install 'vitrine[clip]'"
_RECIPE = "uint8/255;1"
"""Part of the revision: change it with anything here that changes a vector."""
_BATCH = 16
_FOLDER = "local-dir:"
_CONFIG = "open_clip_config.json"
_WEIGHTS = (".safetensors", ".bin", ".pth")
_MERGES = "bpe_simple_vocab*.txt.gz"


class ClipEncoder:
    """See `Encoder`. `bands` is None and verdicts come from words: nothing was measured for a model we do not know.

    Torch is told to use `threads` threads in this whole process: the shop answers on the same cores.
    """

    bands: Bands | None = None

    def __init__(self, model: str, threads: int = 1) -> None:
        """`model`: `NAME/TAG` of open_clip's own list, `hf-hub:OWNER/REPOSITORY`, or the path of a folder with
        `open_clip_config.json` and weights. Raises EncoderUnavailable with what to do."""
        torch, open_clip = _libraries()
        torch.set_num_threads(threads)
        self._torch = torch
        self.name, source, tag = _located(open_clip, model)
        config = from_here_or_hub(self.name, lambda: open_clip.get_model_config(source))
        _refuse_foreign_code(self.name, config)
        self._model = from_here_or_hub(
            self.name, lambda: open_clip.create_model(source, tag, require_pretrained=True, weights_only=True)
        )
        self._model.eval().requires_grad_(False)
        shape = dict(self._model.visual.preprocess_cfg)
        if shape["resize_mode"] not in (None, "squash", "shortest", "longest"):
            raise EncoderUnavailable(f"{self.name} resizes pictures in a way nobody knows: {shape['resize_mode']}")
        self.input_px = _square_px(self.name, shape["size"])
        self.resize = Resize(
            mode=shape["resize_mode"] or "shortest",
            interpolation="bilinear" if shape["interpolation"] == "bilinear" else "bicubic",
            fill=int(shape["fill_color"]),
        )
        self._mean, self._std = (torch.tensor(_three(shape[key])).reshape(3, 1, 1) for key in ("mean", "std"))
        self.revision = _revision(config, shape, self._model.state_dict())
        grey = np.zeros((1, self.input_px, self.input_px, 3), np.uint8)
        with said_plainly(self.name):
            self.dimension: int = self.encode(grey).shape[1]
        self._tokenize, self._wordless = self._opened_tokenizer(open_clip, source, config)
        scale = float(self._model.logit_scale.exp().reshape(-1)[0])
        self._judge = WordsJudge(self.encode_words if self.reads_words else None, scale)

    def describe(self) -> str:
        words = (
            f"It cannot read words: {self._wordless.rstrip('.')}."
            if self._wordless
            else "What a photo shows is judged by words."
        )
        return (
            f"The CLIP model {self.name} through open_clip, {self.dimension} numbers a picture of {self.input_px} px. "
            f"{words} Nothing was measured for it here: how close is close comes from this catalogue."
        )

    def encode(self, pixels: Pixels) -> Vectors:
        side = (self.input_px, self.input_px, 3)
        if pixels.ndim != 4 or pixels.shape[1:] != side or pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 (n, {side}), not {pixels.dtype} {pixels.shape}")
        rows = [self._encoded(pixels[at : at + _BATCH]) for at in range(0, len(pixels), _BATCH)]
        return unit_rows(np.concatenate(rows)) if rows else np.empty((0, self.dimension), np.float32)

    def encode_and_judge(self, pixels: Pixels) -> tuple[Vectors, list[Subject]]:
        vectors = self.encode(pixels)
        return vectors, self._judge.judge(vectors)

    @property
    def reads_words(self) -> bool:
        return not self._wordless

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        if self._wordless:
            raise EncoderUnavailable(f"the encoder {self.name} reads no words: {self._wordless}")
        rows = [self._encoded_words(list(texts[at : at + _BATCH])) for at in range(0, len(texts), _BATCH)]
        return unit_rows(np.concatenate(rows)) if rows else np.empty((0, self.dimension), np.float32)

    def _encoded(self, pixels: Pixels) -> Vectors:
        torch = self._torch
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float() / 255
            return np.asarray(self._model.encode_image((batch - self._mean) / self._std).numpy(), np.float32)

    def _encoded_words(self, texts: list[str]) -> Vectors:
        with self._torch.inference_mode():
            return np.asarray(self._model.encode_text(self._tokenize(texts)).numpy(), np.float32)

    def _opened_tokenizer(
        self, open_clip: Any, source: str, config: dict[str, Any]
    ) -> tuple[Callable[[list[str]], Any], str]:
        """The model's own tokenizer, or why there is none that fits it: pictures can be compared without."""
        own = {}
        if source.startswith(_FOLDER) and not config["text_cfg"].get("hf_tokenizer_name"):
            # A path inside the configuration would be relative to the working directory: the file is found here.
            found = sorted(Path(source.removeprefix(_FOLDER)).glob(_MERGES))
            own = {"bpe_path": str(found[0])} if found else {}

        def open_and_try() -> tuple[Callable[[list[str]], Any], int]:
            tokenize = open_clip.get_tokenizer(source, **own)
            with self._torch.inference_mode():
                return tokenize, self._model.encode_text(tokenize(["a"])).shape[1]

        try:
            tokenize, width = from_here_or_hub(self.name, open_and_try)
        except EncoderUnavailable as missing:
            return _no_words, f"its tokenizer does not work ({missing.reason})"
        if width != self.dimension:
            return _no_words, f"its words have {width} numbers and its pictures {self.dimension}"
        return tokenize, ""


def _libraries() -> tuple[Any, Any]:
    try:
        import open_clip
        import torch
    except ImportError as missing:
        raise EncoderUnavailable(f"CLIP models need a part that is not installed: {INSTALL}") from missing
    return torch, open_clip


def _located(open_clip: Any, model: str) -> tuple[str, str, str | None]:
    """The encoder's name, under which it can be opened again from anywhere; where open_clip looks; the weights' tag."""
    if model.startswith("hf-hub:"):
        return PREFIX + model, model, None
    if model.startswith(("/", ".", "~")) or Path(model).is_dir():
        folder = Path(model).expanduser().resolve()
        if not (folder / _CONFIG).is_file():
            raise EncoderUnavailable(f"{folder} is no folder with {_CONFIG} and weights")
        if not any(path.suffix in _WEIGHTS for path in folder.iterdir()):
            raise EncoderUnavailable(f"{folder} holds no weights ({', '.join(_WEIGHTS)})")
        return f"{PREFIX}{folder}", f"{_FOLDER}{folder}", None
    architecture, _, tag = model.partition("/")
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if not tags:
        raise EncoderUnavailable(f"open_clip has no weights for a model named {architecture!r}")
    if tag.lower().replace("-", "_") not in tags:
        raise EncoderUnavailable(f"{PREFIX}{architecture}/… needs one of these: {', '.join(tags)}")
    return PREFIX + model, architecture, tag


def _refuse_foreign_code(name: str, config: dict[str, Any] | None) -> None:
    """A repository may ask that its own Python be run (transformers' `trust_remote_code`). Never."""
    if config is None or not isinstance(config.get("text_cfg"), dict):
        raise EncoderUnavailable(f"{name} has no description of its model that open_clip understands")
    if "trust_remote_code" in json.dumps(config):
        raise EncoderUnavailable(f"{name} wants to run code of its own, which is refused")


def _square_px(name: str, size: int | Sequence[int]) -> int:
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise EncoderUnavailable(f"{name} wants pictures that are not square ({size}), which is not supported")
    return int(sides.pop())


def _three(values: float | Sequence[float]) -> tuple[float, ...]:
    return (float(values),) * 3 if isinstance(values, int | float) else tuple(map(float, values))


def _revision(config: dict[str, Any], shape: dict[str, Any], weights: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps([_RECIPE, config, shape], sort_keys=True).encode())
    for key in sorted(weights):
        array = weights[key].numpy()
        digest.update(f"{key} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _no_words(texts: list[str]) -> Any:
    raise EncoderUnavailable("no words")
