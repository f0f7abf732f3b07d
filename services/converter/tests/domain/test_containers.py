"""Size, duration and seek positions that are announced before rendering are exact afterwards."""

import json
import subprocess

import numpy as np
import pytest
from euterpe_converter.domain import containers
from euterpe_converter.domain.audio import Tags
from euterpe_converter.domain.formats import AudioFormat, choose_encoding
from euterpe_converter.rendering.encoders import EncoderInput, create_encoder

TAGS = Tags("Étude in A", "Clara", "42")
CASES = [
    ("wav", {}),
    ("wav", {"bit_depth": 24, "channels": 1}),
    ("flac", {}),
    ("flac", {"bit_depth": 24, "channels": 1, "sample_rate": 96_000}),
    ("mp3", {}),
    ("mp3", {"channels": 1, "bitrate": 128}),
    ("mp3", {"sample_rate": 32_000, "bitrate": 320}),
    ("mp3", {"sample_rate": 48_000, "bitrate": 96}),
    ("mp3", {"vbr": 2}),
    ("opus", {}),
    ("opus", {"channels": 1, "bitrate": 256}),
    ("ogg", {}),
]


def _sound(frames: int, encoding) -> np.ndarray:
    time = np.arange(frames) / encoding.sample_rate
    both = np.stack([0.3 * np.sin(2 * np.pi * 440 * time), 0.2 * np.sin(2 * np.pi * 550 * time)], axis=1)
    return both[:, : encoding.channels].astype(np.float32)


def _encode(samples: np.ndarray, encoding) -> bytes:
    encoder = create_encoder(EncoderInput(encoding, len(samples), TAGS))
    parts = [encoder.encode(samples[start : start + 5000]) for start in range(0, len(samples), 5000)]
    return b"".join([*parts, encoder.finish()])


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("frames", [44_100, 100_001, 1152 * 40 - 576, 1152 * 40 - 575])
def test_announced_size_and_duration_are_exact(tmp_path, name, options, frames):
    encoding = choose_encoding(AudioFormat(name), **options)
    samples = _sound(frames, encoding)
    body = _encode(samples, encoding)
    assert containers.body_bytes(encoding, frames) in (None, len(body))
    assert (containers.body_bytes(encoding, frames) is None) == (name in ("flac", "ogg") or "vbr" in options)
    path = tmp_path / f"sound.{name}"
    path.write_bytes(containers.preamble(encoding, frames, TAGS) + body)
    raw = ["-f", "f32le", "-ar", str(encoding.sample_rate), "-"]
    done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", path, *raw], capture_output=True, check=True)
    decoded = np.frombuffer(done.stdout, "<f4").reshape(-1, encoding.channels)
    assert done.stderr == b""
    # ffmpeg's Vorbis decoder rounds to blocks of 128.
    assert abs(len(decoded) - frames) <= (128 if name == "ogg" else 0)
    # Samples are aligned: a shift by one would give an error of -25 dB.
    common = min(len(decoded), frames)
    error = np.sqrt(np.square(decoded[:common] - samples[:common]).mean())
    assert 20 * np.log10(error) < (-90 if name in ("wav", "flac") else -30)


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "opus", "ogg"])
def test_players_read_tags_and_duration(tmp_path, name):
    encoding = choose_encoding(AudioFormat(name))
    frames = 3 * encoding.sample_rate
    path = tmp_path / f"sound.{name}"
    path.write_bytes(containers.preamble(encoding, frames, TAGS) + _encode(_sound(frames, encoding), encoding))
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path]
    probed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    tags = probed["format"].get("tags", {}) | probed["streams"][0].get("tags", {})
    tags = {key.lower(): value for key, value in tags.items()}
    assert (tags["title"], tags["artist"]) == ("Étude in A", "Clara")
    assert "42" in tags.get("seed", tags.get("comment", ""))
    assert float(probed["format"]["duration"]) == pytest.approx(3.0, abs=0.05)
