"""Counter-based random numbers: keyed by the seed of a request, addressed by the step.

Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) has no state that requests of a batch
would share, so the numbers of a request do not depend on the rest of the batch or on where a retry starts.
"""

import threading
from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array

_BITS = 24
_SCALE = np.float32(2.0**-_BITS)
_local = threading.local()


def uniform(seed: int, count: int) -> Array:
    """Return the first `count` numbers of a seed's stream, uniform in [0, 1).

    They are built from the raw 64-bit words: NumPy guarantees that sequence for ever, unlike `Generator.random`.
    """
    words = _generator(seed).random_raw((count + 1) // 2)
    halves = words.view(np.uint32)[:count]
    return (halves >> np.uint32(32 - _BITS)).astype(np.float32) * _SCALE


def _generator(seed: int) -> np.random.Philox:
    # Constructing a generator takes three times as long as drawing a piece's noise, because it reads entropy from the
    # system. So one generator per thread is reset to the initial state of `Philox(key=seed)`.
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
    """Return one piece's random numbers: for its initial state [initial_size], and per step [steps, noise_size]."""
    numbers = uniform(seed, initial_size + steps * noise_size)
    return numbers[:initial_size], numbers[initial_size:].reshape(steps, noise_size)
