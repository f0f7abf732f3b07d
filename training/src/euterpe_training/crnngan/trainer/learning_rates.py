"""Learning rates per epoch."""

import math

from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.history import Phase


def learning_rates(config: CrnnganConfig, epoch: int, phase: Phase) -> tuple[float, float]:
    """Return the learning rates of G and D; `epoch` counts from 0 over both phases, decay from the start of each."""
    start = 0 if phase == "pretraining" else config.pretraining_epochs
    decay = config.lr_decay ** max(epoch - start - config.epochs_before_decay, 0)
    g_rate = config.learning_rate
    if phase == "pretraining":
        g_rate = config.pretraining_learning_rate or config.learning_rate
        if config.anneal_pretraining:
            # To a hundredth along a cosine: the energy score is noisy, and small last steps improve the music most.
            share = (epoch + 1) / config.pretraining_epochs
            decay *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))
    return g_rate * decay, config.learning_rate * config.d_lr_factor * decay
