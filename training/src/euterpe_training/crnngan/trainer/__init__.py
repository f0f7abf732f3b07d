"""The training loop and what it keeps on disk."""

from euterpe_training.crnngan.trainer.trainer import Trainer

__all__ = ["Trainer"]
