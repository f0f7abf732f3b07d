"""Networks of the released size with random weights, for benchmarks: speed does not depend on the weights."""

from pathlib import Path

import numpy as np
from euterpe_music.bundle import Bundle
from euterpe_music.manifest import IntRange
from euterpe_music.spec import EventSpec
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.crnngan.export.bundle import export_bundle
from euterpe_training.crnngan.export.weights import GeneratorWeights, LstmWeights

NOISE = 4


def crnngan_bundle(directory: Path, *, hidden: int = 150, layers: int = 2, longest: int = 2000) -> Bundle:
    """Write a C-RNN-GAN generator with one tone per cell to `<directory>/random/0.0.1`, and load it."""
    random = np.random.default_rng(0)
    spec = EventSpec(grid=32, pitch_low=21, pitch_high=108)

    def draw(*shape: int, scale: float = 0.1) -> np.ndarray:
        return random.normal(0, scale, shape).astype(np.float32)

    weights = GeneratorWeights(
        draw(hidden, NOISE + spec.features, scale=1.0),
        draw(hidden),
        tuple(LstmWeights(draw(4 * hidden, hidden), draw(4 * hidden, hidden), draw(8 * hidden)) for _ in range(layers)),
        draw(spec.features, hidden),
        np.array([-0.75, -0.3, -0.03, 0.1], np.float32),
    )
    label = BundleLabel("random", "0.0.1", "Random", "Random weights of the reference's size.", created="2026-11-21")
    length = IntRange(min=10, default=100, max=longest)
    return export_bundle(directory / "random" / "0.0.1", weights, spec, label, length=length)
