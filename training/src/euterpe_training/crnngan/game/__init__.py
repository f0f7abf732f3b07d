"""Adversarial training of a pretrained categorical generator against a critic: the game, and a search for its settings."""
