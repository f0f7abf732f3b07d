"""Melody networks (FACTS §2): corpora of melody and accompaniment, networks, training, the study, export."""
