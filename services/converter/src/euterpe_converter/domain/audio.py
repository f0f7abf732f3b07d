"""Audio formats, and everything that may be asked of a rendition beside its music."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class AudioFormat(StrEnum):
    """The formats in which audio is answered; the value is the file extension."""

    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    OPUS = "opus"
    OGG = "ogg"

    @property
    def content_type(self) -> str:
        """The media type: RFC 3003 for MP3, RFC 9639 for FLAC, RFC 7845 for Opus, RFC 5334 for Ogg."""
        return {
            "wav": "audio/wav",
            "mp3": "audio/mpeg",
            "flac": "audio/flac",
            "opus": "audio/ogg; codecs=opus",
            "ogg": "audio/ogg; codecs=vorbis",
        }[self.value]


#: Frames per second that FluidSynth and the format both know.
SAMPLE_RATES: dict[AudioFormat, tuple[int, ...]] = {
    AudioFormat.WAV: (22_050, 32_000, 44_100, 48_000, 96_000),
    # MPEG-1: the lower rates of MPEG-2 have frames of another size, and nobody asks for them.
    AudioFormat.MP3: (32_000, 44_100, 48_000),
    AudioFormat.FLAC: (22_050, 32_000, 44_100, 48_000, 96_000),
    AudioFormat.OPUS: (48_000,),
    AudioFormat.OGG: (22_050, 32_000, 44_100, 48_000),
}
#: Constant bit rates in kbit/s. Those of Opus make packets of whole bytes.
BIT_RATES: dict[AudioFormat, tuple[int, ...]] = {
    AudioFormat.MP3: (96, 128, 160, 192, 224, 256, 320),
    AudioFormat.OPUS: (64, 96, 128, 160, 192, 256),
}
BIT_DEPTHS = (16, 24)
#: In LUFS.
LEAST_LOUDNESS, MOST_LOUDNESS = -40.0, -5.0
#: FluidSynth's `synth.gain`.
DEFAULT_GAIN = 0.8

_DEFAULT_RATE = 44_100
# MP3: 192 kbit/s instead of the 128 that are pydub's default: see `rendering.encoders`.
_DEFAULT_KILOBITS = {AudioFormat.MP3: 192, AudioFormat.OPUS: 128}
_BIT_DEPTH_FORMATS = (AudioFormat.WAV, AudioFormat.FLAC)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How samples become bytes. `kilobits` is 0 where the format has no constant bit rate; `vbr` is MP3's variable
    quality, 0 (best) to 9, and None for a constant rate.
    """

    format: AudioFormat
    sample_rate: int = _DEFAULT_RATE
    channels: int = 2
    bit_depth: int = 16
    kilobits: int = 0
    vbr: int | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame of PCM."""
        return self.channels * self.bit_depth // 8


class OptionRefused(ValueError):
    """An option has a value that its format does not know; `option` is its name, `allowed` what there is."""

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
    """The encoding asked for, with the format's defaults where nothing was. Raises OptionRefused."""
    name, rates = audio_format.value, SAMPLE_RATES[audio_format]
    if sample_rate is not None and sample_rate not in rates:
        raise OptionRefused("sample_rate", f"{name} is made at {_or(rates)} frames per second", rates)
    if bit_depth is not None and (audio_format not in _BIT_DEPTH_FORMATS or bit_depth not in BIT_DEPTHS):
        raise OptionRefused("bit_depth", f"only wav and flac have a bit depth, which is {_or(BIT_DEPTHS)}", BIT_DEPTHS)
    known = BIT_RATES.get(audio_format, ())
    if bitrate is not None and bitrate not in known:
        words = f"{name} is made at {_or(known)} kbit/s" if known else f"{name} has no constant bit rate"
        raise OptionRefused("bitrate", words, known)
    if vbr is not None and (audio_format is not AudioFormat.MP3 or bitrate is not None):
        raise OptionRefused("vbr", "only mp3 has it, and not together with a bitrate")
    return Encoding(
        audio_format,
        sample_rate or (_DEFAULT_RATE if _DEFAULT_RATE in rates else rates[-1]),
        channels,
        bit_depth or 16,
        0 if vbr is not None else bitrate or _DEFAULT_KILOBITS.get(audio_format, 0),
        vbr,
    )


@dataclass(frozen=True, slots=True)
class Synthesis:
    """How MIDI becomes sound.

    The audio lasts as long as the music plus `tail_seconds`, in which releases and reverb die away; the last
    `fade_seconds` of them are faded out. `gain` is four times FluidSynth's own default, which leaves piano music at -30
    to -42 LUFS; what would be louder than full scale is turned down (ADR 0009). `loudness` (LUFS, EBU R128) makes all
    pieces equally loud instead.
    `trim` cuts silence at the end off. `programs` are pairs of a MIDI channel (0 to 15) and a General MIDI program
    (0 to 127) that replaces the file's own. `reverb` and `chorus` are levels, by default
    those of FluidSynth 2.3; 0 is off.
    """

    gain: float = DEFAULT_GAIN
    reverb: float = 0.9
    chorus: float = 2.0
    tail_seconds: float = 2.0
    fade_seconds: float = 0.5
    loudness: float | None = None
    trim: bool = False
    programs: tuple[tuple[int, int], ...] = ()

    @property
    def needs_analysis(self) -> bool:
        """Whether the whole piece must be heard before the first byte can be told."""
        return self.trim or self.loudness is not None

    def frames(self, music_seconds: float, sample_rate: int) -> int:
        """Frames of the audio for music of this length, before it is trimmed."""
        return round((music_seconds + self.tail_seconds) * sample_rate)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a listener asks for beside the music. No `soundfont` means the default one."""

    encoding: Encoding
    synthesis: Synthesis = field(default_factory=Synthesis)
    soundfont: str | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """What is written into the file for its listener. Empty texts are left out."""

    title: str = ""
    artist: str = ""
    seed: str = ""

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Name and text of each, in a fixed order, those of Vorbis comments."""
        given = (("TITLE", self.title), ("ARTIST", self.artist), ("SEED", self.seed), ("ENCODER", SOFTWARE))
        return tuple((name, _clean(text)) for name, text in given if text)


SOFTWARE = "Euterpe"
_LONGEST_TAG = 500


def _clean(text: str) -> str:
    # Control characters end fields in some formats; lone surrogates have no UTF-8.
    shown = "".join(character for character in text if character.isprintable())
    return shown[:_LONGEST_TAG]


def _or(values: Sequence[object]) -> str:
    *first, last = map(str, values)
    return f"{', '.join(first)} or {last}" if first else last
