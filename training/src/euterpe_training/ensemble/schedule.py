"""The learning rate as a function of the events seen: warm-up, stable, decay."""

from euterpe_training.ensemble.config import TrainingConfig


def learning_rate(config: TrainingConfig, events: int) -> float:
    """Return the learning rate after a number of events: linear warm-up, constant, then linear decay to zero.

    See Hu et al. 2024, "MiniCPM", section 4 (WSD), and Bergsma et al. 2025 on decay to zero.
    """
    warm = min(1.0, (events + 1) / max(config.warmup_events, 1))
    decay_events = config.decay_share * config.total_events
    left = max(0.0, (config.total_events - events) / max(decay_events, 1))
    return config.learning_rate * min(warm, left, 1.0)
