"""Balancing of image sets: DeepSMOTE and BAGAN-GP beside the classical ways, judged on real images only (FACTS §3)."""
