"""Makes tiny/0.0.1, the bundle that tests use: a generator of 8 units with random weights, a few kilobytes.

Run from the repository root: .venv/bin/python packages/music/tests/data/generate_tiny.py
"""

from pathlib import Path

import numpy as np
from euterpe_music.spec import EventSpec
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.crnngan.export.bundle import export_bundle
from euterpe_training.crnngan.export.weights import GeneratorWeights, LstmWeights

HIDDEN, NOISE, LAYERS = 8, 4, 2


def main() -> None:
    """Writes the bundle next to this file; the same bytes every time."""
    spec = EventSpec(grid=32, pitch_low=21, pitch_high=108)
    random = np.random.default_rng(7)

    def draw(*shape: int, scale: float = 0.6) -> np.ndarray:
        return random.normal(0, scale, shape).astype(np.float32)

    layer = [LstmWeights(draw(4 * HIDDEN, HIDDEN), draw(4 * HIDDEN, HIDDEN), draw(8 * HIDDEN)) for _ in range(LAYERS)]
    # Biases of the output put events where music is: sixteenths apart, eighths long, about middle C, mezzo forte.
    weights = GeneratorWeights(
        draw(HIDDEN, NOISE + spec.features, scale=2.0),
        draw(HIDDEN),
        tuple(layer),
        draw(spec.features, HIDDEN, scale=0.8),
        np.array([-0.75, -0.3, -0.03, 0.1], np.float32),
    )
    label = BundleLabel("tiny", "0.0.1", "Tiny", "Random weights, for tests only.", created="2026-11-21")
    export_bundle(Path(__file__).parent / "tiny" / "0.0.1", weights, spec, label)


if __name__ == "__main__":
    main()
