"""BAGAN-GP (Huang and Jafari 2021): a conditional GAN that is initialized by a supervised autoencoder."""

from euterpe_training.balancing.bagan.divergence import divergence
from euterpe_training.balancing.bagan.method import Bagan

__all__ = ["Bagan", "divergence"]
