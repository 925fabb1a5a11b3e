"""The two towers as they are trained: the late part of EfficientNet-Lite0, and a small text transformer.

On CPUs PyTorch's depthwise convolution is slow backwards (ten times what the arithmetic needs), in bfloat16 more so.
The late blocks see 12 x 12 pixels and less; there a depthwise convolution is a small matrix a channel, built from its
kernel, and the whole tower becomes matrix products in the layout [channel, picture, pixel]. That is several times as
quick. Batch norm is folded into the weights beforehand and stays folded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visual_search.encoders.tokenizer import BpeTokenizer
from visual_search.training.export_imagenet import _EPSILON, _STAGES, Weights

INPUT_PX = 96
EARLY_BLOCKS = 5
"""Blocks before this one stay as ImageNet made them: colours, edges and textures are the same everywhere."""
EARLY_CHANNELS, EARLY_SIDE = 40, INPUT_PX // 8
FEATURES = 1280
TOLD = 256
"""Numbers of a vector that words reach: kind, colour, maker."""
ITSELF = 32
"""Numbers that no word reaches: what tells a product from others of its kind and colour."""
EMBEDDING = TOLD + ITSELF
HIDDEN = 2 * EMBEDDING
"""Of the picture's projection: what open_clip's `timm_proj: mlp` has."""
VOCABULARY, CONTEXT, TEXT_WIDTH, TEXT_HEADS, TEXT_LAYERS = 8192, 32, 256, 4, 2


@dataclass(frozen=True, slots=True)
class BlockShape:
    number: int
    kernel: int
    stride: int
    inward: int
    outward: int
    expansion: int


def block_shapes() -> list[BlockShape]:
    shapes: list[BlockShape] = []
    channels = 32
    for kernel, first_stride, expansion, width, repeats in _STAGES:
        for repeat in range(repeats):
            shapes.append(
                BlockShape(len(shapes), kernel, first_stride if repeat == 0 else 1, channels, width, expansion)
            )
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


class Pointwise(nn.Module):
    """1 x 1 convolution: [in, pictures, pixels] to [out, pictures, pixels]."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight = ScaledWeight(weight)
        self.bias = nn.Parameter(bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        channels, pictures, pixels = x.shape
        out = torch.addmm(self.bias.to(x.dtype)[:, None], self.weight().to(x.dtype), x.reshape(channels, -1))
        return out.reshape(-1, pictures, pixels)


class Depthwise(nn.Module):
    """k x k convolution of each channel by itself, TensorFlow's "same" padding, as one matrix a channel."""

    places: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, side: int, stride: int) -> None:
        super().__init__()
        kernel = weight.shape[-1]
        self.side_out = -(-side // stride)
        self.weight = ScaledWeight(weight)
        self.bias = nn.Parameter(bias.clone())
        pad = max((self.side_out - 1) * stride + kernel - side, 0) // 2
        places = torch.zeros(kernel * kernel, side * side, self.side_out**2)
        for tap in range(kernel * kernel):
            for out in range(self.side_out**2):
                row = out // self.side_out * stride + tap // kernel - pad
                column = out % self.side_out * stride + tap % kernel - pad
                if 0 <= row < side and 0 <= column < side:
                    places[tap, row * side + column, out] = 1
        self.register_buffer("places", places.reshape(kernel * kernel, -1), persistent=False)
        self._pixels = side * side

    def forward(self, x: Tensor) -> Tensor:
        matrices = (self.weight().to(x.dtype) @ self.places.to(x.dtype)).reshape(len(x), self._pixels, -1)
        return torch.baddbmm(self.bias.to(x.dtype)[:, None, None], x, matrices)


class Block(nn.Module):
    def __init__(self, weights: Weights, shape: BlockShape, side: int) -> None:
        super().__init__()
        at = f"_blocks.{shape.number}."
        self.expand = Pointwise(*folded(weights, f"{at}_expand_conv", f"{at}_bn0"))
        self.depthwise = Depthwise(*folded(weights, f"{at}_depthwise_conv", f"{at}_bn1"), side, shape.stride)
        self.project = Pointwise(*folded(weights, f"{at}_project_conv", f"{at}_bn2"))
        self.adds = shape.stride == 1 and shape.inward == shape.outward

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(self.expand(x))
        out: Tensor = self.project(functional.relu6(self.depthwise(wide)))
        return out + x if self.adds else out


class LateTower(nn.Module):
    """Early features [pictures, 40, 144] to features [pictures, 1280] (not of unit length)."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        side = EARLY_SIDE
        blocks = []
        for shape in block_shapes()[EARLY_BLOCKS:]:
            blocks.append(Block(weights, shape, side))
            side = blocks[-1].depthwise.side_out
        self.blocks = nn.ModuleList(blocks)
        self.head = Pointwise(*folded(weights, "_conv_head", "_bn1"))

    def forward(self, early: Tensor) -> Tensor:
        x = early.transpose(0, 1).contiguous()
        for block in self.blocks:
            x = block(x)
        return functional.relu6(self.head(x)).float().mean(2).T


class TextTower(nn.Module):
    """Token ids [n, length <= context] to what is told of a vector, [n, 256] (not of unit length). The parameters have
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
    """Causal: a token sees those before it, so that padding behind the end changes nothing. Written out, because
    PyTorch's fused attention is slow backwards on short texts."""

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
        later = torch.full((length, length), -1e4, dtype=query.dtype, device=x.device).triu(1)
        share = functional.softmax(query @ key.transpose(2, 3) * (width // TEXT_HEADS) ** -0.5 + later, 3)
        seen = share.to(value.dtype) @ value
        out: Tensor = self.out_proj(seen.transpose(1, 2).reshape(count, length, width))
        return out


class Projection(nn.Module):
    """Features [n, 1280] to vectors [n, 288] (not of unit length): one hidden layer. Kind and colour together are more
    than a linear map can make of these features."""

    centre: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.fc1 = nn.Linear(FEATURES, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, EMBEDDING, bias=False)
        with torch.no_grad():
            self.fc2.weight[TOLD:] *= 0.1  # hardly anything until it is taught, last of all

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


class Clip(nn.Module):
    """Both towers and the projection of the picture's features."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.late = LateTower(weights)
        self.projection = Projection()
        self.text = TextTower()
        self.logit_scale = nn.Parameter(torch.tensor(3.0))

    def project(self, features: Tensor, left_out: float = 0.0) -> Tensor:
        """Vectors [n, 288] of unit length."""
        return functional.normalize(self.projection(features, left_out), dim=1)

    def told(self, features: Tensor, left_out: float = 0.0) -> Tensor:
        """What words reach of them, [n, 256] of unit length."""
        return functional.normalize(self.projection(features, left_out)[:, :TOLD], dim=1)

    def words(self, ids: Tensor) -> Tensor:
        with torch.autocast(ids.device.type, torch.bfloat16):
            out = self.text(ids)
        return functional.normalize(out.float(), dim=1)


def as_early(batch: NDArray[np.float16], device: torch.device) -> Tensor:
    return torch.from_numpy(np.array(batch)).to(device, torch.bfloat16)


def embed_texts(model: Clip, tokenizer: BpeTokenizer, texts: list[str]) -> Tensor:
    """In three lots by length: padding is half of the work otherwise."""
    lengths = np.array([len(tokenizer.encode(text)) for text in texts])
    order = np.argsort(lengths, kind="stable")
    lots = [
        model.words(torch.from_numpy(tokenizer.batch([texts[at] for at in lot])).to(model.logit_scale.device))
        for lot in np.array_split(order, 4)
        if len(lot)
    ]
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return torch.cat(lots)[torch.from_numpy(back).to(model.logit_scale.device)]
