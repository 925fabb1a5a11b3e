"""The two towers as they are trained: EfficientNet-Lite0 with its batch norms folded into the weights, and a small text
transformer. Both learn whole, on a GPU or, more slowly, on CPUs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training.bags import Bags
from visual_search.training.export_imagenet import _EPSILON, _STAGES, Weights

INPUT_PX = 112
FEATURES = 1280
TOLD = 480
"""Numbers of a vector that words reach: kind, colour, maker."""
ITSELF = 32
"""Numbers that no word reaches: what tells a product from others of its kind and colour."""
EMBEDDING = TOLD + ITSELF
HIDDEN = 2 * EMBEDDING
"""Of the picture's projection: what open_clip's `timm_proj: mlp` has."""
VOCABULARY, CONTEXT, TEXT_WIDTH, TEXT_HEADS, TEXT_LAYERS = 8192, 32, 384, 6, 2
BLOCKS_LEFT_OUT = 0.08
"""Share of the last blocks that a picture skips in training; earlier blocks less, in proportion."""
CHUNK = 128
"""Pictures at a time where memory is short: on CPUs a chunk's inner values are made again for the way back."""


@dataclass(frozen=True, slots=True)
class BlockShape:
    number: int
    stride: int
    inward: int
    outward: int
    expansion: int


def block_shapes() -> list[BlockShape]:
    shapes: list[BlockShape] = []
    channels = 32
    for _, first_stride, expansion, width, repeats in _STAGES:
        for repeat in range(repeats):
            shapes.append(BlockShape(len(shapes), first_stride if repeat == 0 else 1, channels, width, expansion))
            channels = width
    return shapes


def folded(weights: Weights, convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Kernel and bias with the batch norm in them."""
    gain = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + _EPSILON) ** 0.5
    kernel = weights[f"{convolution}.weight"] * gain[:, None, None, None]
    return torch.tensor(kernel), torch.tensor(weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain)


class ScaledWeight(nn.Module):
    """A weight as rows of unit size times a scale a row that stays: one learning rate then suits every layer."""

    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        flat = weight.reshape(len(weight), -1)
        scale = flat.square().mean(1, keepdim=True).sqrt().clamp_min(1e-4)
        self.register_buffer("scale", scale)
        self.rows = nn.Parameter(flat / scale)

    def forward(self) -> Tensor:
        return self.rows * self.scale


class Convolution(nn.Module):
    """k x k, of all channels or of each by itself, with TensorFlow's "same" padding."""

    def __init__(self, weights: Weights, convolution: str, norm: str, stride: int = 1) -> None:
        super().__init__()
        kernel, bias = folded(weights, convolution, norm)
        self.weight = ScaledWeight(kernel)
        self.bias = nn.Parameter(bias.clone())
        self._shape = kernel.shape
        self._stride = stride
        self._groups = len(kernel) if "depthwise" in convolution else 1

    def forward(self, x: Tensor) -> Tensor:
        size = self._shape[-1]
        missing = max((-(-x.shape[-1] // self._stride) - 1) * self._stride + size - x.shape[-1], 0)
        before = missing // 2
        if before != missing - before:
            x = functional.pad(x, (before, missing - before, before, missing - before))
            before = 0
        kernel = self.weight().reshape(self._shape).to(x.dtype)
        return functional.conv2d(x, kernel, self.bias.to(x.dtype), self._stride, before, 1, self._groups)


class Block(nn.Module):
    def __init__(self, weights: Weights, shape: BlockShape, left_out: float) -> None:
        super().__init__()
        at = f"_blocks.{shape.number}."
        self.expand = Convolution(weights, f"{at}_expand_conv", f"{at}_bn0") if shape.expansion != 1 else None
        self.depthwise = Convolution(weights, f"{at}_depthwise_conv", f"{at}_bn1", shape.stride)
        self.project = Convolution(weights, f"{at}_project_conv", f"{at}_bn2")
        self.adds = shape.stride == 1 and shape.inward == shape.outward
        self._left_out = left_out

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(self.expand(x)) if self.expand else x
        out: Tensor = self.project(functional.relu6(self.depthwise(wide)))
        if not self.adds:
            return out
        if self.training and self._left_out:
            kept = torch.rand(len(out), 1, 1, 1, device=out.device) >= self._left_out
            out = out * (kept / (1 - self._left_out)).to(out.dtype)
        return out + x


class Tower(nn.Module):
    """Pixels 0 to 255 [pictures, 3, px, px] to features [pictures, 1280] (not of unit length)."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        shapes = block_shapes()
        self.stem = Convolution(weights, "_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList(
            Block(weights, shape, BLOCKS_LEFT_OUT * shape.number / (len(shapes) - 1)) for shape in shapes
        )
        self.head = Convolution(weights, "_conv_head", "_bn1")

    def forward(self, pixels: Tensor) -> Tensor:
        # bfloat16 is slow in convolutions of single channels on CPUs
        kept = torch.bfloat16 if pixels.is_cuda else torch.float32
        x = ((pixels - 127) / 128).to(kept).contiguous(memory_format=torch.channels_last)
        if pixels.is_cuda or not torch.is_grad_enabled():
            return self._through(x)
        return torch.cat([checkpoint(self._through, part, use_reentrant=False) for part in x.split(CHUNK)])

    def _through(self, x: Tensor) -> Tensor:
        x = functional.relu6(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return functional.relu6(self.head(x)).float().mean((2, 3))


class TextTower(nn.Module):
    """Token ids [n, length <= context] to what is told of a vector, [n, 480] (not of unit length). The parameters have
    the names and shapes of open_clip's CLIP."""

    def __init__(self) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, TEXT_WIDTH)
        self.positional_embedding = nn.Parameter(torch.empty(CONTEXT, TEXT_WIDTH))
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList([TextBlock() for _ in range(TEXT_LAYERS)])
        self.ln_final = nn.LayerNorm(TEXT_WIDTH)
        self.text_projection = nn.Parameter(torch.empty(TEXT_WIDTH, TOLD))
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        nn.init.normal_(self.positional_embedding, std=0.01)
        nn.init.normal_(self.text_projection, std=TEXT_WIDTH**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]]
        for block in self.transformer.resblocks:
            x = block(x)
        ends = x[torch.arange(len(ids), device=ids.device), ids.argmax(1)]
        out: Tensor = self.ln_final(ends.float()) @ self.text_projection
        return out


class TextBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        width = TEXT_WIDTH
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc = nn.Linear(width, 4 * width)
        self.mlp.c_proj = nn.Linear(4 * width, width)
        depth = (2 * TEXT_LAYERS) ** -0.5
        nn.init.normal_(self.mlp.c_fc.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.mlp.c_proj.weight, std=width**-0.5 * depth)
        nn.init.normal_(self.attn.in_proj_weight, std=width**-0.5)
        nn.init.normal_(self.attn.out_proj.weight, std=width**-0.5 * depth)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp.c_proj(functional.gelu(self.mlp.c_fc(self.ln_2(x))))


class Attention(nn.Module):
    """Causal: a token sees those before it, so that padding behind the end changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * TEXT_WIDTH, TEXT_WIDTH))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * TEXT_WIDTH))
        self.out_proj = nn.Linear(TEXT_WIDTH, TEXT_WIDTH)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        count, length, width = x.shape
        query, key, value = (
            functional.linear(x, self.in_proj_weight, self.in_proj_bias)
            .reshape(count, length, 3, TEXT_HEADS, width // TEXT_HEADS)
            .permute(2, 0, 3, 1, 4)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        out: Tensor = self.out_proj(seen.transpose(1, 2).reshape(count, length, width))
        return out


class Projection(nn.Module):
    """Features [n, 1280] to vectors [n, 512] (not of unit length): one hidden layer. Kind and colour together are more
    than a linear map can make of these features."""

    centre: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.fc1 = nn.Linear(FEATURES, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, EMBEDDING, bias=False)

    def standardise(self, features: Tensor) -> None:
        """Before anything is learned: each feature then comes with mean 0 and deviation 1. features [n, 1280]"""
        self.centre.copy_(features.float().mean(0))
        self.spread.copy_(features.float().std(0) + 1e-3)

    def forward(self, features: Tensor, left_out: float = 0.0) -> Tensor:
        """`left_out`: share of the features, and of what is made of them, that a step does not see."""
        given = functional.dropout((features - self.centre) / self.spread, left_out)
        out: Tensor = self.fc2(functional.dropout(functional.gelu(self.fc1(given)), left_out))
        return out

    def folded(self) -> tuple[Tensor, Tensor, Tensor]:
        """Both weights and the first's bias, for features as they come."""
        weight = self.fc1.weight / self.spread
        return weight, self.fc1.bias - weight @ self.centre, self.fc2.weight


class Eyes(nn.Module):
    """The picture tower and the projection of its features."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.tower = Tower(weights)
        self.projection = Projection()

    def project(self, features: Tensor, left_out: float = 0.0) -> Tensor:
        """Vectors [n, 512] of unit length."""
        return functional.normalize(self.projection(features, left_out), dim=1)


class Pupil(Eyes):
    """Eyes, and what is said of pictures while they learn: of `things` (`bags.Things.count`)."""

    def __init__(self, weights: Weights, things: int) -> None:
        super().__init__(weights)
        self.bags = Bags(things, TOLD)
        self.logit_scale = nn.Parameter(torch.tensor(3.0))


class Clip(Eyes):
    """Eyes and the text tower: what ships."""

    def __init__(self, weights: Weights) -> None:
        super().__init__(weights)
        self.text = TextTower()

    @property
    def device(self) -> torch.device:
        return self.projection.centre.device

    def words(self, ids: Tensor) -> Tensor:
        """Token ids [n, length] to what words say of a vector, [n, 480] of unit length."""
        with torch.autocast(ids.device.type, torch.bfloat16):
            out = self.text(ids)
        return functional.normalize(out.float(), dim=1)

    @torch.no_grad()
    def embed(self, tokenizer: BpeTokenizer, texts: list[str]) -> Tensor:
        """[n, 480] of unit length."""
        parts = [self.words(torch.from_numpy(tokenizer.batch(texts[at : at + 2048])).to(self.device))
                 for at in range(0, len(texts), 2048)]  # fmt: skip
        return torch.cat(parts) if parts else torch.empty(0, TOLD)


def moved(tower: Tower, origin: Weights) -> Weights:
    """ImageNet's weights by name, replaced by the trained ones, their batch norms made into nothing but the trained
    bias."""
    weights = dict(origin)

    def put(convolution: str, norm: str, part: Convolution) -> None:
        kernel = weights[f"{convolution}.weight"]
        weights[f"{convolution}.weight"] = part.weight().detach().cpu().numpy().reshape(kernel.shape)
        count = len(kernel)
        weights[f"{norm}.weight"] = np.ones(count, np.float32)
        weights[f"{norm}.running_var"] = np.full(count, 1 - _EPSILON, np.float32)
        weights[f"{norm}.running_mean"] = np.zeros(count, np.float32)
        weights[f"{norm}.bias"] = part.bias.detach().cpu().numpy()

    put("_conv_stem", "_bn0", tower.stem)
    for number, block in enumerate(tower.blocks):
        at = f"_blocks.{number}."
        if block.expand:
            put(f"{at}_expand_conv", f"{at}_bn0", block.expand)
        put(f"{at}_depthwise_conv", f"{at}_bn1", block.depthwise)
        put(f"{at}_project_conv", f"{at}_bn2", block.project)
    put("_conv_head", "_bn1", tower.head)
    return weights
