"""Melody networks (references.md §2): corpora of melody and accompaniment, networks, training, the study, export."""
