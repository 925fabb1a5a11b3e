"""How the shipped weights were made. Needs torch or onnx, which the product itself does not."""
