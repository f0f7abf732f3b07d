"""Encoders: samples to the body of a file, everything after the preamble of `domain.containers`.

MP3 uses a constant 192 kbit/s, so that seek positions can be computed. Over six pieces of the corpus, LAME's level 7 in
plain stereo has 24.1 dB signal-to-noise ratio and 2.22 dB log-spectral distance (up to 16 kHz) to the WAV, and encodes
240 seconds per second; joint stereo 24.1 dB, 2.17 dB and 190. pydub's default of 128 kbit/s has 18.0 dB and 3.48 dB.
"""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.domain.audio import Encoding, Tags
from euterpe_converter.domain.containers import flac, mp3, ogg
from euterpe_converter.rendering.native.lame import LameEncoder
from euterpe_converter.rendering.native.opus import OpusEncoder

Samples = NDArray[np.float32]

LAME_EFFORT = 7
_FFMPEG = "ffmpeg"
FLAC_LEVEL = 0.5


@dataclass(frozen=True, slots=True)
class EncoderInput:
    """What an encoder is created for: `frames` frames of audio in this encoding.

    Only encoders that write the whole file use the tags and the ffmpeg command.
    """

    encoding: Encoding
    frames: int
    tags: Tags = field(default_factory=Tags)
    ffmpeg: str = _FFMPEG


class Encoder(Protocol):
    """Takes samples of shape (frames, channels), full scale 1, in order."""

    def __init__(self, given: EncoderInput) -> None:
        """Raise LibraryMissing when a shared library is not installed."""

    def encode(self, samples: Samples) -> bytes:
        """Return the bytes that these samples complete; may be empty."""

    def finish(self) -> bytes:
        """Return the remaining bytes."""


def create_encoder(given: EncoderInput) -> Encoder:
    """Create the encoder of the format. Raises LibraryMissing."""
    # Imported by name: soundfile and pydub take a tenth of a second to load, and each serves one format.
    module, name = given.encoding.format.spec.encoder.split(":")
    encoder = cast("type[Encoder]", getattr(import_module(module), name))
    return encoder(given)


def to_integers(samples: Samples, bit_depth: int) -> NDArray[np.int16] | NDArray[np.int32]:
    """Convert to clipped integers; 24-bit values are in the upper three bytes of 32 bits."""
    full = 2 ** (bit_depth - 1) - 1
    # A float32's fraction is too short for scaled 24-bit samples.
    scaled = samples * np.float32(full) if bit_depth == 16 else samples.astype(np.float64) * full
    np.rint(scaled, out=scaled)
    np.clip(scaled, -full - 1, full, out=scaled)
    return scaled.astype(np.int16) if bit_depth == 16 else scaled.astype(np.int32) << 8


class PcmEncoder:
    """Little-endian PCM."""

    def __init__(self, given: EncoderInput) -> None:
        self._depth = given.encoding.bit_depth

    def encode(self, samples: Samples) -> bytes:
        """Return all samples at once."""
        values = to_integers(samples, self._depth)
        if self._depth == 16:
            return values.astype("<i2", copy=False).tobytes()
        return values.astype("<i4", copy=False).reshape(-1, 1).view(np.uint8)[:, 1:].tobytes()

    def finish(self) -> bytes:
        """Return nothing."""
        return b""


class FlacEncoder:
    """FLAC frames by libsndfile, without its headers."""

    def __init__(self, given: EncoderInput) -> None:
        import soundfile  # type: ignore[import-untyped]

        encoding = given.encoding
        self._depth = encoding.bit_depth
        self._sink = _Sink()
        self._file = soundfile.SoundFile(
            self._sink,
            "w",
            samplerate=encoding.sample_rate,
            channels=encoding.channels,
            format="FLAC",
            subtype=f"PCM_{encoding.bit_depth}",
            compression_level=FLAC_LEVEL,
        )
        self._headers_skipped = False

    def encode(self, samples: Samples) -> bytes:
        """Return the frames that are complete."""
        self._file.write(to_integers(samples, self._depth))
        return self._body()

    def finish(self) -> bytes:
        """Return the last frame."""
        self._file.close()
        return self._body()

    def _body(self) -> bytes:
        data = self._sink.take()
        if data and not self._headers_skipped:
            self._headers_skipped = True
            return flac.skip_headers(data)
        return data


class _Sink:
    """An append-only file. libsndfile seeks back to complete the headers, which are not used."""

    def __init__(self) -> None:
        self._new = bytearray()
        self._size = self._position = 0

    def write(self, data: bytes) -> int:
        if self._position == self._size:
            self._new += data
            self._size += len(data)
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, _: int = -1) -> bytes:
        return b""

    def take(self) -> bytes:
        data = bytes(self._new)
        self._new.clear()
        return data


class Mp3Encoder:
    """LAME. With a variable bit rate, everything is returned at the end, because its first frame is the seek table."""

    def __init__(self, given: EncoderInput) -> None:
        encoding = given.encoding
        self._lame = LameEncoder(
            sample_rate=encoding.sample_rate,
            channels=encoding.channels,
            quality=LAME_EFFORT,
            kilobits=encoding.kilobits,
            variable_quality=None if encoding.vbr is None else float(encoding.vbr),
            joint=mp3.uses_joint_stereo(encoding),
        )
        self._variable = encoding.vbr is not None
        self._pending: list[bytes] = []

    @property
    def version(self) -> str:
        """LAME's version."""
        return self._lame.version

    def encode(self, samples: Samples) -> bytes:
        """Return the frames that are complete; none with a variable bit rate."""
        data = self._lame.encode(samples)
        if not self._variable:
            return data
        self._pending.append(data)
        return b""

    def finish(self) -> bytes:
        """Return the last frames; with a variable bit rate, all of them."""
        data = self._lame.flush()
        if self._variable:
            header = self._lame.header_frame()
            data = header + b"".join([*self._pending, data])[len(header) :]
        self._lame.close()
        return data


class OggOpusEncoder:
    """Opus packets in Ogg pages."""

    def __init__(self, given: EncoderInput) -> None:
        encoding, frames = given.encoding, given.frames
        size = ogg.packet_bytes(encoding)
        self._opus = OpusEncoder(
            channels=encoding.channels, bits_per_second=encoding.kilobits * 1000, packet_bytes=size
        )
        if self._opus.lookahead != ogg.PRE_SKIP:
            raise ValueError(f"libopus has a lookahead of {self._opus.lookahead} frames; {ogg.PRE_SKIP} are required")
        self._pages = ogg.OpusPages(frames)
        self._rest = np.empty((0, encoding.channels), np.float32)
        self._left = ogg.packets(frames)

    @property
    def version(self) -> str:
        """libopus's version."""
        return self._opus.version

    def encode(self, samples: Samples) -> bytes:
        """Return the pages that are full."""
        rest = np.concatenate([self._rest, samples])
        count = min(len(rest) // ogg.PACKET_FRAMES, self._left)
        whole, self._rest = np.split(rest, [count * ogg.PACKET_FRAMES])
        self._left -= count
        return b"".join(self._pages.add(self._opus.encode(part)) for part in np.split(whole, count)) if count else b""

    def finish(self) -> bytes:
        """Return the last page."""
        missing = self._left * ogg.PACKET_FRAMES - len(self._rest)
        data = self.encode(np.zeros((missing, self._rest.shape[1]), np.float32))
        self._opus.close()
        return data
