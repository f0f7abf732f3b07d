"""Comparisons of recipes: what each does epoch by epoch, and the reports about it."""
