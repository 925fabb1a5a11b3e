"""EfficientNet-Lite0 with its ImageNet weights, through onnxruntime. Knows nothing of fashion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.values import Pixels

FEATURES = 1280
CLASSES = 1000
_BATCH = 16


class ImagenetTower:
    """Thread-safe (an onnxruntime session is). One thread a call: on shared cores more only wait for each
    other."""

    input_px = 160

    def __init__(self, model: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def see(self, pixels: Pixels, any_size: bool = False) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [n, 160, 160, 3] to features [n, 1280] and the logits of the 1,000 classes [n, 1000]. `any_size`: for
        measuring what another side costs."""
        expected = pixels.shape[1:] if any_size else (self.input_px, self.input_px, 3)
        if pixels.ndim != 4 or pixels.shape[1:] != expected or pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 (n, {expected}), not {pixels.dtype} {pixels.shape}")
        features = np.empty((len(pixels), FEATURES), np.float32)
        logits = np.empty((len(pixels), CLASSES), np.float32)
        for at in range(0, len(pixels), _BATCH):
            part = slice(at, at + _BATCH)
            features[part], logits[part] = self._session.run(
                ["features", "logits"], {"pixels": np.ascontiguousarray(pixels[part])}
            )
        return features, logits
