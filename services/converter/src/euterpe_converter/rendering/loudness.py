"""Integrated loudness by EBU R128 and ITU-R BS.1770-4, measured while a piece is synthesised."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Gates of BS.1770: absolute in LUFS, relative in LU below the loudness of what passes the absolute one.
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691
# The impulse response has decayed by over 100 dB after this many samples, at any rate up to 96 kHz.
_TAPS = 8192
_STEP_SECONDS = 0.1
_STEPS_PER_BLOCK = 4


class LoudnessMeter:
    """Takes samples of shape (frames, 2) in chunks of any size."""

    def __init__(self, sample_rate: int) -> None:
        self._step = round(sample_rate * _STEP_SECONDS)
        self._rate = sample_rate
        self._past = np.zeros((_TAPS - 1, 2), np.float32)
        self._rest = np.empty((0, 2), np.float32)
        self._powers: list[NDArray[np.float64]] = []
        self.peak = 0.0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Add the next samples."""
        self.peak = max(self.peak, float(np.abs(samples).max(initial=0.0)))
        joined = np.concatenate([self._past, samples])
        self._past = joined[len(joined) - (_TAPS - 1) :]
        size = 1 << (len(joined) - 1).bit_length()
        response = np.fft.rfft(_k_weighting(self._rate), size)
        weighted = np.fft.irfft(np.fft.rfft(joined, size, axis=0) * response[:, None], size, axis=0)
        rest = np.concatenate([self._rest, weighted[_TAPS - 1 : len(joined)]])
        count = len(rest) // self._step
        whole, self._rest = rest[: count * self._step], rest[count * self._step :]
        if count:
            self._powers.append(np.square(whole.reshape(count, self._step, 2)).mean(axis=1).sum(axis=1))

    def integrated(self) -> float:
        """Return the LUFS of everything so far; minus infinity for silence or less than 0.4 s."""
        steps = np.concatenate([np.empty(0), *self._powers])
        if len(steps) < _STEPS_PER_BLOCK:
            return float("-inf")
        blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), "valid")
        loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
        if not len(loud):
            return float("-inf")
        gate = float(_lufs(loud.mean())) + _RELATIVE_GATE
        return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(power: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(_OFFSET + 10 * np.log10(np.maximum(power, 1e-20)))


@cache
def _k_weighting(sample_rate: int) -> NDArray[np.float64]:
    # BS.1770 gives coefficients for 48 kHz; these are the underlying analogue filters, for any rate.
    signal = np.zeros(_TAPS)
    signal[0] = 1.0
    shelf = _shelf(sample_rate, frequency=1681.974450955533, gain_db=3.999843853973347, q=0.7071752369554196)
    return _biquad(_biquad(signal, *shelf), *_highpass(sample_rate, frequency=38.13547087602444, q=0.5003270373238773))


Coefficients = tuple[tuple[float, float, float], tuple[float, float]]


def _shelf(sample_rate: int, *, frequency: float, gain_db: float, q: float) -> Coefficients:
    k, high = np.tan(np.pi * frequency / sample_rate), 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    b = ((high + band * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - band * k / q + k * k) / norm)
    return b, (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)


def _highpass(sample_rate: int, *, frequency: float, q: float) -> Coefficients:
    k = np.tan(np.pi * frequency / sample_rate)
    norm = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)


def _biquad(signal: NDArray[np.float64], b: tuple[float, float, float], a: tuple[float, float]) -> NDArray[np.float64]:
    out = np.empty_like(signal)
    x1 = x2 = y1 = y2 = 0.0
    for index, x in enumerate(signal.tolist()):
        y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2
        out[index] = y
        x1, x2, y1, y2 = x, x1, y, y1
    return out
