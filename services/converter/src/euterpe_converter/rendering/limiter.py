"""Keeps loud passages below full scale without distorting them: a limiter with look-ahead.

Integer samples clip what is louder than full scale, which crackles. Here the volume goes down shortly before such a
passage and comes back after it. What stays below the ceiling passes unchanged, to the bit.
"""

import numpy as np
from numpy.typing import NDArray

#: The loudest sample that comes out: -1 dB, as EBU R128 asks for.
CEILING = 10 ** (-1 / 20)
#: Frames over which the volume goes down; so far it looks ahead.
BLOCK_FRAMES = 256
# The volume comes back by a tenth of what is missing in every block: some 100 ms at 44.1 kHz.
_RELEASE = 0.1
_AT_REST = 0.9999

Samples = NDArray[np.float32]


class Limiter:
    """Takes samples of shape (frames, channels) in portions of any size, and gives them back a little later."""

    def __init__(self) -> None:
        self._held = np.empty((0, 2), np.float32)
        # The volume at the beginning of what is held, and the most that the block before it bears.
        self._volume = self._before = 1.0

    def process(self, samples: Samples) -> Samples:
        """The frames that can be told by now: all but the last one or two blocks."""
        joined = np.concatenate([self._held, samples]) if len(self._held) else samples
        ready = max(0, len(joined) // BLOCK_FRAMES - 1) * BLOCK_FRAMES
        self._held = joined[ready:]
        return self._limited(joined[: ready + BLOCK_FRAMES])[:ready] if ready else joined[:0]

    def finish(self) -> Samples:
        """The rest."""
        held, self._held = self._held, self._held[:0]
        missing = -len(held) % BLOCK_FRAMES + BLOCK_FRAMES
        padded = np.concatenate([held, np.zeros((missing, held.shape[1]), np.float32)])
        return self._limited(padded)[: len(held)]

    def _limited(self, samples: Samples) -> Samples:
        """All blocks but the last, which is only looked at."""
        peaks = np.abs(samples).reshape(-1, BLOCK_FRAMES * samples.shape[1]).max(axis=1)
        if self._volume == self._before == 1.0 and peaks.max() <= CEILING:
            return samples
        bearable = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        volumes = self._volumes(bearable)
        steps = np.arange(BLOCK_FRAMES, dtype=np.float32) / np.float32(BLOCK_FRAMES)
        rises = np.diff(volumes).astype(np.float32)
        curve = volumes[:-1].astype(np.float32)[:, None] + rises[:, None] * steps
        return np.asarray(samples[: curve.size] * curve.reshape(-1, 1), np.float32)

    def _volumes(self, bearable: NDArray[np.floating]) -> NDArray[np.float64]:
        """At the boundaries of the blocks: never more than the blocks on both sides bear, and slow to rise."""
        volumes = [self._volume]
        for left, right in zip(bearable.tolist(), bearable.tolist()[1:], strict=False):
            risen = volumes[-1] + (1.0 - volumes[-1]) * _RELEASE
            risen = 1.0 if risen > _AT_REST else risen
            volumes.append(min(left, right, risen))
        self._volume, self._before = volumes[-1], float(bearable[-2])
        return np.array(volumes)
