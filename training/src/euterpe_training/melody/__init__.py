"""Melody networks (references.md §2): corpora, networks, training, study and export."""
