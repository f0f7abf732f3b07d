"""The loudness meter compared with ffmpeg's."""

import re
import subprocess

import numpy as np
import pytest
from euterpe_converter.rendering.loudness import LoudnessMeter


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_meter_agrees_with_ffmpeg(rate):
    random = np.random.default_rng(3)
    time = np.arange(12 * rate) / rate
    quiet_then_loud = np.where(time < 6, 0.02, 0.3)
    left = quiet_then_loud * (np.sin(2 * np.pi * 220 * time) + 0.3 * random.normal(size=len(time)))
    samples = np.stack([left, 0.5 * left], axis=1).astype(np.float32).clip(-1, 1)
    samples[4 * rate : 5 * rate] = 0
    meter = LoudnessMeter(rate)
    for start in range(0, len(samples), 7001):
        meter.add(samples[start : start + 7001])
    source = ["-f", "f32le", "-ar", str(rate), "-ac", "2", "-i", "-"]
    command = ["ffmpeg", "-hide_banner", *source, "-af", "ebur128", "-f", "null", "-"]
    output = subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True).stderr.decode()
    reference = float(re.findall(r"I:\s+(-[\d.]+) LUFS", output)[-1])
    assert meter.integrated() == pytest.approx(reference, abs=0.15)
    assert meter.peak == pytest.approx(float(np.abs(samples).max()))


def test_silence_has_no_loudness():
    meter = LoudnessMeter(44_100)
    meter.add(np.zeros((44_100, 2), np.float32))
    assert meter.integrated() == float("-inf")
