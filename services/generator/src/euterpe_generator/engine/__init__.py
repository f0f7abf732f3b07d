"""Inference engine: requests in, events out."""
