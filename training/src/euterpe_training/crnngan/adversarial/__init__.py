"""Adversarial training of a pretrained categorical generator against a critic, and a search."""
