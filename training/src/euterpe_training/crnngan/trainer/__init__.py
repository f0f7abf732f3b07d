"""Training of C-RNN-GAN: pretraining, adversarial training, checkpoints."""

from euterpe_training.crnngan.trainer.trainer import Trainer

__all__ = ["Trainer"]
