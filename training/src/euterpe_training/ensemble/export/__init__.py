"""ONNX graphs of an ensemble network: one step of the backbone, and the head of each column of an event."""
