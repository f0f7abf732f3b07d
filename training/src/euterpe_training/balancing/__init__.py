"""Balancing of image sets: DeepSMOTE, BAGAN-GP and resampling, evaluated on real images (references.md §3)."""
