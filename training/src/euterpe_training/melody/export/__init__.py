"""Export of trained melody networks as ONNX graphs of one step per call."""
