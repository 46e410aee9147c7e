"""Running a model: ONNX from checked bytes, rows in, scores out."""
