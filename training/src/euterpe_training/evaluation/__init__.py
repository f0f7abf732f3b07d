"""Measures of music that every family of models uses (references.md §4)."""
