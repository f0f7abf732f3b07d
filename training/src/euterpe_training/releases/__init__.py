"""Releases of models: candidates, promotion with a share of the requests, roll-back."""
