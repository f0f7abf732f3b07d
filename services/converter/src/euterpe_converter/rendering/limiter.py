"""A look-ahead limiter: keeps loud passages below full scale without distortion.

Integer samples above full scale would clip. The limiter lowers the gain shortly before such a passage and restores it
afterwards. Samples below the ceiling pass bit-identical.
"""

import numpy as np
from numpy.typing import NDArray

#: The highest output sample: -1 dB, as EBU R128 recommends.
CEILING = 10 ** (-1 / 20)
#: Frames over which the gain changes, and the look-ahead.
BLOCK_FRAMES = 256
# The gain recovers by a tenth of the difference per block: about 100 ms at 44.1 kHz.
_RELEASE = 0.1
_AT_REST = 0.9999

Samples = NDArray[np.float32]


class Limiter:
    """Takes samples of shape (frames, channels) in chunks of any size, and returns them with a short delay."""

    def __init__(self) -> None:
        self._pending = np.empty((0, 2), np.float32)
        # The gain at the start of the pending samples, and the maximum that the block before them allows.
        self._gain = self._allowed_before = 1.0

    def process(self, samples: Samples) -> Samples:
        """Return the frames that are final: all except the last one or two blocks."""
        joined = np.concatenate([self._pending, samples]) if len(self._pending) else samples
        ready = max(0, len(joined) // BLOCK_FRAMES - 1) * BLOCK_FRAMES
        self._pending = joined[ready:]
        return self._limited(joined[: ready + BLOCK_FRAMES])[:ready] if ready else joined[:0]

    def finish(self) -> Samples:
        """Return the remaining frames."""
        pending, self._pending = self._pending, self._pending[:0]
        missing = -len(pending) % BLOCK_FRAMES + BLOCK_FRAMES
        padded = np.concatenate([pending, np.zeros((missing, pending.shape[1]), np.float32)])
        return self._limited(padded)[: len(pending)]

    def _limited(self, samples: Samples) -> Samples:
        """Limit all blocks except the last, which is only used for look-ahead."""
        peaks = np.abs(samples).reshape(-1, BLOCK_FRAMES * samples.shape[1]).max(axis=1)
        if self._gain == self._allowed_before == 1.0 and peaks.max() <= CEILING:
            return samples
        allowed = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        gains = self._gains(allowed)
        steps = np.arange(BLOCK_FRAMES, dtype=np.float32) / np.float32(BLOCK_FRAMES)
        rises = np.diff(gains).astype(np.float32)
        curve = gains[:-1].astype(np.float32)[:, None] + rises[:, None] * steps
        return np.asarray(samples[: curve.size] * curve.reshape(-1, 1), np.float32)

    def _gains(self, allowed: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the gains at block boundaries: never above what both adjacent blocks allow, and slow to rise."""
        gains = [self._gain]
        for left, right in zip(allowed.tolist(), allowed.tolist()[1:], strict=False):
            risen = gains[-1] + (1.0 - gains[-1]) * _RELEASE
            risen = 1.0 if risen > _AT_REST else risen
            gains.append(min(left, right, risen))
        self._gain, self._allowed_before = gains[-1], float(allowed[-2])
        return np.array(gains)
