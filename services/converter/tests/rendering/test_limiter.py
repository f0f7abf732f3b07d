"""Loud passages are limited, and everything else is unchanged."""

import numpy as np
import pytest
from euterpe_converter.rendering.limiter import BLOCK_FRAMES, CEILING, Limiter

RATE = 44_100


def _limited(samples, chunk_size: int):
    limiter = Limiter()
    parts = [
        limiter.process(samples[start : start + chunk_size].copy()) for start in range(0, len(samples), chunk_size)
    ]
    return np.concatenate([*parts, limiter.finish()])


def _tone(seconds: float, amplitude: float):
    time = np.arange(round(seconds * RATE)) / RATE
    wave = amplitude * np.sin(2 * np.pi * 440 * time)
    return np.stack([wave, 0.5 * wave], axis=1).astype(np.float32)


@pytest.mark.parametrize("chunk_size", [100, 4096, 16_384])
def test_samples_below_the_ceiling_are_unchanged(chunk_size):
    samples = _tone(1.03, 0.89)
    np.testing.assert_array_equal(_limited(samples, chunk_size), samples)


def test_loud_samples_are_limited_without_distortion_and_the_gain_recovers():
    samples = np.concatenate([_tone(0.5, 0.3), _tone(0.5, 3.0), _tone(1.5, 0.3)])
    out = _limited(samples, 4096)
    assert np.abs(out).max() <= CEILING * 1.000001
    # Both channels get the same gain, so the stereo image does not move.
    np.testing.assert_allclose(out[:, 1], out[:, 0] / 2, atol=1e-6)
    quiet = round(0.5 * RATE) - 2 * BLOCK_FRAMES
    np.testing.assert_array_equal(out[:quiet], samples[:quiet])
    np.testing.assert_array_equal(out[-RATE // 2 :], samples[-RATE // 2 :])
    # A clipped tone of amplitude 3 would have more than a tenth of its power in its overtones.
    middle = out[round(0.7 * RATE) : round(0.9 * RATE), 0] * np.hanning(round(0.2 * RATE))
    spectrum = np.abs(np.fft.rfft(middle)) ** 2
    fundamental = round(440 * 0.2)
    assert spectrum[fundamental * 2 :].sum() < 1e-4 * spectrum.sum()


def test_chunk_sizes_do_not_change_the_result():
    random = np.random.default_rng(1)
    samples = (random.normal(size=(30_000, 2)) * np.linspace(0, 1, 30_000)[:, None]).astype(np.float32)
    np.testing.assert_array_equal(_limited(samples, 777), _limited(samples, 16_384))
