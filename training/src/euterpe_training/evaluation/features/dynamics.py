"""Features of velocities, used only where the test is told to include them."""

import numpy as np

from euterpe_training.evaluation.features.view import Floats, Values, View, mean, share, value_entropy


def dynamics_features(view: View) -> Values:
    """Loudness, its variety, and how it goes with time and pitch."""
    score = view.score
    velocity = score.velocity.astype(np.float64)
    _, counts = np.unique(score.velocity, return_counts=True)
    steps = np.diff(velocity)
    spread = float(velocity.std())
    first = np.cumsum(view.counts) - view.counts
    loudest = np.maximum.reduceat(velocity, first)
    notes = score.onset * 128 + score.pitch
    top, bottom = (np.isin(notes, line.onset * 128 + line.pitch) for line in (view.melody, view.bass))
    return {
        "velocity_mean": float(velocity.mean()),
        "velocity_spread": spread,
        "velocity_range": float(np.ptp(velocity)),
        "velocity_distinct": float(len(counts)),
        "velocity_commonest": float(counts.max() / len(score)),
        "velocity_entropy": value_entropy(score.velocity),
        "velocity_step": mean(np.abs(steps)),
        "velocity_unchanged": share(steps == 0),
        "velocity_smoothness": _correlation(loudest[1:], loudest[:-1]),
        "velocity_with_pitch": _correlation(velocity, score.pitch.astype(np.float64)),
        "velocity_melody_over_bass": mean(velocity[top]) - mean(velocity[bottom]),
    }


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's correlation; 0 where one side does not vary."""
    if len(one) < 2 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
