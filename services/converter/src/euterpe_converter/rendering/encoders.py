"""Samples → the body of a file in one of the formats: everything after the preamble of `containers`.

MP3: constant 192 kbit/s, so that positions can be computed. Over six pieces of the corpus, LAME's level 7 in plain
stereo has 24.1 dB signal to noise and 2.22 dB log-spectral distance (up to 16 kHz) to the WAV, and makes 240 seconds
a second; joint stereo 24.1, 2.17 and 190. The 128 kbit/s that are pydub's default have 18.0 dB and 3.48 dB.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.domain.audio import AudioFormat, Encoding, Tags
from euterpe_converter.domain.containers import flac, mp3, ogg
from euterpe_converter.rendering.native.lame import LameEncoder
from euterpe_converter.rendering.native.opus import OpusEncoder

Samples = NDArray[np.float32]

LAME_EFFORT = 7
FLAC_LEVEL = 0.5


class Encoder(Protocol):
    """Takes samples of shape (frames, channels), full scale 1, in order."""

    def encode(self, samples: Samples) -> bytes:
        """Bytes that are complete with these samples; may be none."""

    def finish(self) -> bytes:
        """The rest."""


def encoder_for(encoding: Encoding, frames: int, tags: Tags, ffmpeg: str) -> Encoder:
    """An encoder for audio of `frames` frames. Raises LibraryMissing."""
    match encoding.format:
        case AudioFormat.WAV:
            return PcmEncoder(encoding)
        case AudioFormat.FLAC:
            return FlacEncoder(encoding)
        case AudioFormat.MP3:
            return Mp3Encoder(encoding)
        case AudioFormat.OPUS:
            return OpusBody(encoding, frames)
        case AudioFormat.OGG:
            # Here, because pydub takes a tenth of a second to load and no other format needs it.
            from euterpe_converter.rendering.segment import SegmentEncoder

            return SegmentEncoder(encoding, tags, ffmpeg)


def to_integers(samples: Samples, bit_depth: int) -> NDArray[np.int16] | NDArray[np.int32]:
    """Samples as integers, clipped; those of 24 bit lie in the upper bytes of 32."""
    full = 2 ** (bit_depth - 1) - 1
    # 24 bit are more than a float's fraction holds, once scaled.
    scaled = samples * np.float32(full) if bit_depth == 16 else samples.astype(np.float64) * full
    np.rint(scaled, out=scaled)
    np.clip(scaled, -full - 1, full, out=scaled)
    return scaled.astype(np.int16) if bit_depth == 16 else scaled.astype(np.int32) << 8


class PcmEncoder:
    """Little-endian PCM."""

    def __init__(self, encoding: Encoding) -> None:
        self._depth = encoding.bit_depth

    def encode(self, samples: Samples) -> bytes:
        """All of them at once."""
        values = to_integers(samples, self._depth)
        if self._depth == 16:
            return values.astype("<i2", copy=False).tobytes()
        return values.astype("<i4", copy=False).reshape(-1, 1).view(np.uint8)[:, 1:].tobytes()

    def finish(self) -> bytes:
        """Nothing."""
        return b""


class FlacEncoder:
    """FLAC frames by libsndfile, whose headers are cut off."""

    def __init__(self, encoding: Encoding) -> None:
        import soundfile  # type: ignore[import-untyped]

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
        self._begun = False

    def encode(self, samples: Samples) -> bytes:
        """Frames that are complete."""
        self._file.write(to_integers(samples, self._depth))
        return self._body()

    def finish(self) -> bytes:
        """The last frame."""
        self._file.close()
        return self._body()

    def _body(self) -> bytes:
        data = self._sink.take()
        if data and not self._begun:
            self._begun = True
            return flac.skip_headers(data)
        return data


class _Sink:
    """A file that only grows: libsndfile goes back to complete the headers, which are not used."""

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
    """LAME. A variable bit rate is given out at the end, because its first frame is the seek table."""

    def __init__(self, encoding: Encoding) -> None:
        self._lame = LameEncoder(
            sample_rate=encoding.sample_rate,
            channels=encoding.channels,
            quality=LAME_EFFORT,
            kilobits=encoding.kilobits,
            variable_quality=None if encoding.vbr is None else float(encoding.vbr),
            joint=mp3.shares_channels(encoding),
        )
        self._variable = encoding.vbr is not None
        self._held: list[bytes] = []

    @property
    def version(self) -> str:
        """LAME's."""
        return self._lame.version

    def encode(self, samples: Samples) -> bytes:
        """Frames that are complete."""
        data = self._lame.encode(samples)
        if not self._variable:
            return data
        self._held.append(data)
        return b""

    def finish(self) -> bytes:
        """The last frames, or all of them."""
        data = self._lame.flush()
        if self._variable:
            header = self._lame.header_frame()
            data = header + b"".join([*self._held, data])[len(header) :]
        self._lame.close()
        return data


class OpusBody:
    """Opus packets on Ogg pages."""

    def __init__(self, encoding: Encoding, frames: int) -> None:
        size = ogg.packet_bytes(encoding)
        self._opus = OpusEncoder(
            channels=encoding.channels, bits_per_second=encoding.kilobits * 1000, packet_bytes=size
        )
        if self._opus.lookahead != ogg.PRE_SKIP:
            raise ValueError(f"this libopus looks {self._opus.lookahead} frames ahead, not {ogg.PRE_SKIP}")
        self._pages = ogg.OpusPages(frames)
        self._rest = np.empty((0, encoding.channels), np.float32)
        self._left = ogg.packets(frames)

    @property
    def version(self) -> str:
        """The library's."""
        return self._opus.version

    def encode(self, samples: Samples) -> bytes:
        """Pages that are full."""
        rest = np.concatenate([self._rest, samples])
        count = min(len(rest) // ogg.PACKET_FRAMES, self._left)
        whole, self._rest = np.split(rest, [count * ogg.PACKET_FRAMES])
        self._left -= count
        return b"".join(self._pages.add(self._opus.encode(part)) for part in np.split(whole, count)) if count else b""

    def finish(self) -> bytes:
        """The last page."""
        missing = self._left * ogg.PACKET_FRAMES - len(self._rest)
        data = self.encode(np.zeros((missing, self._rest.shape[1]), np.float32))
        self._opus.close()
        return data
