"""The table of audio formats. A new format is one member of `AudioFormat`, plus its container and encoder.

Media types, file extensions, option checks, the OpenAPI document, and through it the clients, follow from this table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from euterpe_converter.domain.audio import DEFAULT_SAMPLE_RATE, Encoding, Tags
from euterpe_converter.domain.containers import flac, mp3, ogg, opaque, wav

_PCM_RATES = (22_050, 32_000, 44_100, 48_000, 96_000)
_PCM_DEPTHS = (16, 24)
_ENCODERS = "euterpe_converter.rendering.encoders"


class Container(Protocol):
    """A module of `domain.containers`."""

    def preamble(self, encoding: Encoding, frames: int, tags: Tags, /) -> bytes:
        """Return the part of the file before the body."""

    def body_bytes(self, encoding: Encoding, frames: int, /) -> int | None:
        """Return the size of the body, or None where it depends on the music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatSpec:
    """Properties of a format.

    `sample_rates` are those that both FluidSynth and the format support. `bit_rates` are constant bit rates in kbit/s;
    the first sample rate, bit depth and bit rate of `default_*` apply where a request names none. `encoder` is the
    `module:class` of its `Encoder`, imported in the render process only, because it loads numpy. A `writes_whole_file`
    encoder includes the tags and needs a temporary file. With `parallel_synthesis`, encoding is so fast that two
    processes synthesise.
    """

    content_type: str
    container: Container
    encoder: str
    sample_rates: tuple[int, ...]
    bit_depths: tuple[int, ...] = ()
    bit_rates: tuple[int, ...] = ()
    default_bit_rate: int = 0
    variable_bit_rate: bool = False
    parallel_synthesis: bool = False
    writes_whole_file: bool = False


class AudioFormat(StrEnum):
    """Audio formats; the value is the file extension."""

    spec: FormatSpec

    def __new__(cls, suffix: str, spec: FormatSpec) -> Self:
        """Create a member whose value is the file extension."""
        member = str.__new__(cls, suffix)
        member._value_ = suffix
        member.spec = spec
        return member

    WAV = (
        "wav",
        FormatSpec(
            content_type="audio/wav",
            container=wav,
            encoder=f"{_ENCODERS}:PcmEncoder",
            sample_rates=_PCM_RATES,
            bit_depths=_PCM_DEPTHS,
            parallel_synthesis=True,
        ),
    )
    #: RFC 3003. MPEG-1 only: the lower rates of MPEG-2 use another frame size. The default of 192 kbit/s is
    #: explained in `rendering.encoders`.
    MP3 = (
        "mp3",
        FormatSpec(
            content_type="audio/mpeg",
            container=mp3,
            encoder=f"{_ENCODERS}:Mp3Encoder",
            sample_rates=(32_000, 44_100, 48_000),
            bit_rates=(96, 128, 160, 192, 224, 256, 320),
            default_bit_rate=192,
            variable_bit_rate=True,
        ),
    )
    #: RFC 9639.
    FLAC = (
        "flac",
        FormatSpec(
            content_type="audio/flac",
            container=flac,
            encoder=f"{_ENCODERS}:FlacEncoder",
            sample_rates=_PCM_RATES,
            bit_depths=_PCM_DEPTHS,
            parallel_synthesis=True,
        ),
    )
    #: RFC 7845. The bit rates make packets of whole bytes.
    OPUS = (
        "opus",
        FormatSpec(
            content_type="audio/ogg; codecs=opus",
            container=ogg,
            encoder=f"{_ENCODERS}:OggOpusEncoder",
            sample_rates=(48_000,),
            bit_rates=(64, 96, 128, 160, 192, 256),
            default_bit_rate=128,
        ),
    )
    #: RFC 5334.
    OGG = (
        "ogg",
        FormatSpec(
            content_type="audio/ogg; codecs=vorbis",
            container=opaque,
            encoder="euterpe_converter.rendering.segment:SegmentEncoder",
            sample_rates=(22_050, 32_000, 44_100, 48_000),
            writes_whole_file=True,
        ),
    )


class InvalidOption(ValueError):
    """An option value that the format does not support; `option` is its name, `allowed` lists the supported values."""

    def __init__(self, option: str, message: str, allowed: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.option = option
        self.allowed = ", ".join(map(str, allowed))


def choose_encoding(
    audio_format: AudioFormat,
    *,
    sample_rate: int | None = None,
    channels: int = 2,
    bit_depth: int | None = None,
    bitrate: int | None = None,
    vbr: int | None = None,
) -> Encoding:
    """Return the requested encoding, with the format's defaults for options that are None. Raises InvalidOption."""
    name, spec = audio_format.value, audio_format.spec
    if sample_rate is not None and sample_rate not in spec.sample_rates:
        message = f"{name} does not support {sample_rate} Hz: use {_or(spec.sample_rates)}"
        raise InvalidOption("sample_rate", message, spec.sample_rates)
    if bit_depth is not None and bit_depth not in spec.bit_depths:
        supporting = _or(kind.value for kind in AudioFormat if kind.spec.bit_depths)
        raise InvalidOption("bit_depth", f"bit_depth must be {_or(_PCM_DEPTHS)}, with {supporting} only", _PCM_DEPTHS)
    if bitrate is not None and bitrate not in spec.bit_rates:
        supported = f"use {_or(spec.bit_rates)}" if spec.bit_rates else "it has no constant bit rate"
        raise InvalidOption("bitrate", f"{name} does not support {bitrate} kbit/s: {supported}", spec.bit_rates)
    if vbr is not None and not spec.variable_bit_rate:
        supporting = _or(kind.value for kind in AudioFormat if kind.spec.variable_bit_rate)
        raise InvalidOption("vbr", f"{name} does not support vbr: it is for {supporting}")
    if vbr is not None and bitrate is not None:
        raise InvalidOption("vbr", "vbr and bitrate cannot be combined: remove one of them")
    return Encoding(
        audio_format,
        sample_rate or (DEFAULT_SAMPLE_RATE if DEFAULT_SAMPLE_RATE in spec.sample_rates else spec.sample_rates[-1]),
        channels,
        bit_depth or 16,
        0 if vbr is not None else bitrate or spec.default_bit_rate,
        vbr,
    )


def _or(values: Iterable[object]) -> str:
    *first, last = map(str, values)
    return f"{', '.join(first)} or {last}" if first else last
