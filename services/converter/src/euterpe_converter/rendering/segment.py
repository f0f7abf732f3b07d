"""pydub and ffmpeg; the only module that uses them. For formats without a streaming encoder, and for the benchmark.

pydub holds the whole piece in memory and passes it to ffmpeg in a named temporary file, so no byte is available before
everything is synthesised (ADR 0006). Used for a rarely requested format: Ogg Vorbis.
"""

import io
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydub import AudioSegment

from euterpe_converter.domain.audio import Encoding
from euterpe_converter.rendering.encoders import EncoderInput

_VORBIS_QUALITY = "5"
_KEYS = {"TITLE": "title", "ARTIST": "artist", "SEED": "seed", "ENCODER": "software"}


class SegmentEncoder:
    """Ogg Vorbis of about 160 kbit/s; the whole file, tags included, is available at the end."""

    def __init__(self, given: EncoderInput) -> None:
        self._encoding: Encoding = given.encoding
        self._tags = given.tags
        self._pending = bytearray()
        AudioSegment.converter = given.ffmpeg

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Return nothing yet."""
        self._pending += (np.clip(samples, -1, 1) * np.float32(32767)).round().astype("<i2").tobytes()
        return b""

    def finish(self) -> bytes:
        """Return the whole file."""
        segment = AudioSegment(
            data=bytes(self._pending),
            sample_width=2,
            frame_rate=self._encoding.sample_rate,
            channels=self._encoding.channels,
        )
        self._pending.clear()
        target = io.BytesIO()
        segment.export(
            target,
            format="ogg",
            codec="libvorbis",
            tags={_KEYS[name]: text for name, text in self._tags.fields()},
            # Otherwise ffmpeg gives each stream a random serial number.
            parameters=["-q:a", _VORBIS_QUALITY, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-threads", "1"],
        )
        return target.getvalue()


def plain_conversion(midi: Path, soundfont: Path, audio_format: str, fluidsynth: str = "fluidsynth") -> bytes:
    """Convert with FluidSynth's command line into a temporary WAV and then pydub: the baseline of `make bench-audio`.

    Raises CalledProcessError.
    """
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        command = [fluidsynth, "-ni", "-q", "-r", "44100", "-F", wav.name, str(soundfont), str(midi)]
        subprocess.run(command, check=True, capture_output=True)
        target = io.BytesIO()
        AudioSegment.from_wav(wav.name).export(target, format=audio_format)
        return target.getvalue()
