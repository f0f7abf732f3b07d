"""Randomness that belongs to a request alone: counter-based, keyed by the seed, addressed by the step.

Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) needs no state that a batch could
share, so the numbers of a request do not depend on who composes beside it or on where a retry begins.
"""

import numpy as np

from euterpe_generator.engine.request import Array

_BITS = 24
_SCALE = np.float32(2.0**-_BITS)


def uniform(seed: int, count: int) -> Array:
    """The first `count` numbers of a seed's stream, uniform in [0, 1).

    Built from the raw 64-bit words, whose sequence NumPy guarantees for ever, unlike that of `Generator.random`.
    """
    words = np.random.Philox(key=seed).random_raw((count + 1) // 2)
    halves = words.view(np.uint32)[:count]
    return (halves >> np.uint32(32 - _BITS)).astype(np.float32) * _SCALE


def piece_noise(seed: int, *, initial_size: int, noise_size: int, steps: int) -> tuple[Array, Array]:
    """What one piece draws: its start [initial_size], then the noise of each step [steps, noise_size]."""
    numbers = uniform(seed, initial_size + steps * noise_size)
    return numbers[:initial_size], numbers[initial_size:].reshape(steps, noise_size)
