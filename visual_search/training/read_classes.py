"""Read off the ImageNet classifier which directions of its features tell things apart, for the encoder `objects`.

    pip install onnx
    python -m visual_search.training.read_classes       seconds, no data; after `export_imagenet`

The classifier is a matrix: a row of 1,280 numbers a class. Its right singular vectors, each as long as its singular
value, are a projection after which two pictures are as alike as what the classifier would make of them. The first 256
hold what counts; `report --encoder objects --others DIR` measures them beside the plain features.
"""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.imagenet import MODEL_DIRECTORY

KEPT = 256


def main() -> None:
    classes = read_classifier()
    centred = classes - classes.mean(0)
    _, strengths, axes = np.linalg.svd(centred, full_matrices=False)
    directions = axes[:KEPT].T * (strengths[:KEPT] / strengths[0])
    raw = io.BytesIO()
    np.savez(raw, allow_pickle=False, directions=directions.astype(np.float16))
    (MODEL_DIRECTORY / "objects.npz").write_bytes(raw.getvalue())
    path = MODEL_DIRECTORY / "encoder.json"
    told = json.loads(path.read_text())
    told["sha256"]["objects.npz"] = hashlib.sha256(raw.getvalue()).hexdigest()
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
    kept = float((strengths[:KEPT] ** 2).sum() / (strengths**2).sum())
    print(f"objects.npz: {KEPT} directions with {kept:.3f} of the variance, {len(raw.getvalue()) / 1e3:.0f} kB")


def read_classifier() -> NDArray[np.float32]:
    """[1000, 1280], as `export_imagenet` stored it."""
    import onnx

    graph = onnx.load(str(MODEL_DIRECTORY / "tower.onnx")).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    return np.asarray(stored["fc_int8"].astype(np.float32) * stored["fc_scale"], np.float32)


if __name__ == "__main__":
    main()
