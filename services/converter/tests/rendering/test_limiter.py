"""Loud passages are turned down, all else is left alone."""

import numpy as np
import pytest
from euterpe_converter.rendering.limiter import BLOCK_FRAMES, CEILING, Limiter

RATE = 44_100


def _limited(samples, portion: int):
    limiter = Limiter()
    parts = [limiter.process(samples[start : start + portion].copy()) for start in range(0, len(samples), portion)]
    return np.concatenate([*parts, limiter.finish()])


def _tone(seconds: float, loudness: float):
    time = np.arange(round(seconds * RATE)) / RATE
    wave = loudness * np.sin(2 * np.pi * 440 * time)
    return np.stack([wave, 0.5 * wave], axis=1).astype(np.float32)


@pytest.mark.parametrize("portion", [100, 4096, 16_384])
def test_what_is_not_too_loud_passes_to_the_bit(portion):
    samples = _tone(1.03, 0.89)
    np.testing.assert_array_equal(_limited(samples, portion), samples)


def test_the_ceiling_holds_the_tone_stays_pure_and_the_volume_comes_back():
    samples = np.concatenate([_tone(0.5, 0.3), _tone(0.5, 3.0), _tone(1.5, 0.3)])
    out = _limited(samples, 4096)
    assert np.abs(out).max() <= CEILING * 1.000001
    # Two channels keep their balance, so the picture does not wander.
    np.testing.assert_allclose(out[:, 1], out[:, 0] / 2, atol=1e-6)
    quiet = round(0.5 * RATE) - 2 * BLOCK_FRAMES
    np.testing.assert_array_equal(out[:quiet], samples[:quiet])
    np.testing.assert_array_equal(out[-RATE // 2 :], samples[-RATE // 2 :])
    # A clipped tone of 3.0 would have a tenth of its power and more in its overtones.
    middle = out[round(0.7 * RATE) : round(0.9 * RATE), 0] * np.hanning(round(0.2 * RATE))
    spectrum = np.abs(np.fft.rfft(middle)) ** 2
    fundamental = round(440 * 0.2)
    assert spectrum[fundamental * 2 :].sum() < 1e-4 * spectrum.sum()


def test_the_portions_do_not_matter():
    random = np.random.default_rng(1)
    samples = (random.normal(size=(30_000, 2)) * np.linspace(0, 1, 30_000)[:, None]).astype(np.float32)
    np.testing.assert_array_equal(_limited(samples, 777), _limited(samples, 16_384))
