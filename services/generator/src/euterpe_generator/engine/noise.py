"""Randomness that belongs to a request alone: counter-based, keyed by the seed, addressed by the step.

Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) needs no state that a batch could
share, so the numbers of a request do not depend on who composes beside it or on where a retry begins.
"""

import threading
from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array

_BITS = 24
_SCALE = np.float32(2.0**-_BITS)
_local = threading.local()


def uniform(seed: int, count: int) -> Array:
    """The first `count` numbers of a seed's stream, uniform in [0, 1).

    Built from the raw 64-bit words, whose sequence NumPy guarantees for ever, unlike that of `Generator.random`.
    """
    words = _generator(seed).random_raw((count + 1) // 2)
    halves = words.view(np.uint32)[:count]
    return (halves >> np.uint32(32 - _BITS)).astype(np.float32) * _SCALE


def _generator(seed: int) -> np.random.Philox:
    # Making one takes three times as long as drawing a piece's noise: it asks the system for entropy. This one is
    # set to where `Philox(key=seed)` begins.
    generator: np.random.Philox | None = getattr(_local, "generator", None)
    if generator is None:
        generator = _local.generator = np.random.Philox(key=0)
    zeros = np.zeros(4, np.uint64)
    key = np.array([seed, 0], np.uint64)
    counters: Any = {"counter": zeros, "key": key}
    generator.state = {
        "bit_generator": "Philox",
        "state": counters,
        "buffer": zeros,
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    return generator


def piece_noise(seed: int, *, initial_size: int, noise_size: int, steps: int) -> tuple[Array, Array]:
    """What one piece draws: its start [initial_size], then the noise of each step [steps, noise_size]."""
    numbers = uniform(seed, initial_size + steps * noise_size)
    return numbers[:initial_size], numbers[initial_size:].reshape(steps, noise_size)
