"""Balancing of image sets: DeepSMOTE, BAGAN-GP and classical resampling, evaluated on real images (references §3)."""
