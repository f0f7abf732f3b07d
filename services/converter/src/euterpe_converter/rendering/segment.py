"""pydub and ffmpeg: the one module that knows them. It makes what has no quicker way, and the way that others are
measured against.

pydub holds the whole piece in memory and writes it into a named temporary file for ffmpeg, so nothing can leave before
all is synthesised (ADR 0006). It is for formats that are seldom asked for: Ogg Vorbis.
"""

import io
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydub import AudioSegment

from euterpe_converter.domain.audio import Encoding, Tags

_VORBIS_QUALITY = "5"
_KEYS = {"TITLE": "title", "ARTIST": "artist", "SEED": "seed", "ENCODER": "software"}


class SegmentEncoder:
    """Ogg Vorbis of about 160 kbit/s; the file is complete at the end, tags included."""

    def __init__(self, encoding: Encoding, tags: Tags, ffmpeg: str = "ffmpeg") -> None:
        self._encoding, self._tags = encoding, tags
        self._held = bytearray()
        AudioSegment.converter = ffmpeg

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Nothing yet."""
        self._held += (np.clip(samples, -1, 1) * np.float32(32767)).round().astype("<i2").tobytes()
        return b""

    def finish(self) -> bytes:
        """The whole file."""
        segment = AudioSegment(
            data=bytes(self._held),
            sample_width=2,
            frame_rate=self._encoding.sample_rate,
            channels=self._encoding.channels,
        )
        self._held.clear()
        target = io.BytesIO()
        segment.export(
            target,
            format="ogg",
            codec="libvorbis",
            tags={_KEYS[name]: text for name, text in self._tags.fields()},
            # Without it, ffmpeg gives each stream a random number.
            parameters=["-q:a", _VORBIS_QUALITY, "-fflags", "+bitexact", "-flags:a", "+bitexact", "-threads", "1"],
        )
        return target.getvalue()


def plain_conversion(midi: Path, soundfont: Path, audio_format: str, fluidsynth: str = "fluidsynth") -> bytes:
    """FluidSynth's command line into a temporary WAV, then pydub: how the platform's forerunners did it.

    The yardstick of `make bench-audio`. Raises CalledProcessError.
    """
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        command = [fluidsynth, "-ni", "-q", "-r", "44100", "-F", wav.name, str(soundfont), str(midi)]
        subprocess.run(command, check=True, capture_output=True)
        target = io.BytesIO()
        AudioSegment.from_wav(wav.name).export(target, format=audio_format)
        return target.getvalue()
