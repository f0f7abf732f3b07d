"""Composes: models, durable generations and the ONNX engine."""
