"""Everything that determines a rendition besides its music: encoding, synthesis and tags."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from euterpe_converter.domain.formats import AudioFormat

#: In LUFS.
MIN_LOUDNESS, MAX_LOUDNESS = -40.0, -5.0
#: FluidSynth's `synth.gain`.
DEFAULT_GAIN = 0.8
DEFAULT_SAMPLE_RATE = 44_100
SOFTWARE = "Euterpe"
_MAX_TAG_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Encoding:
    """How samples are encoded.

    `kilobits` is 0 where the format has no constant bit rate. `vbr` is MP3's variable quality, 0 (best) to 9, and None
    for a constant bit rate.
    """

    format: "AudioFormat"
    sample_rate: int = DEFAULT_SAMPLE_RATE
    channels: int = 2
    bit_depth: int = 16
    kilobits: int = 0
    vbr: int | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame of PCM."""
        return self.channels * self.bit_depth // 8


@dataclass(frozen=True, slots=True)
class Synthesis:
    """How MIDI is synthesised.

    The audio lasts as long as the music plus `tail_seconds` for releases and reverb; the last `fade_seconds` of it are
    faded out. `gain` is four times FluidSynth's default, which renders piano music at -30 to -42 LUFS; a limiter keeps
    peaks below full scale (ADR 0009). `loudness` (LUFS, EBU R128) normalises the piece instead. `trim` removes silence
    at the end. `programs` are pairs of a channel of the file (0 to 15) and the General MIDI program (0 to 127) that
    replaces its own. `reverb` and `chorus` are levels, by default FluidSynth 2.3's; 0 is off.
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
        """Whether the whole piece must be synthesised before the first byte is known."""
        return self.trim or self.loudness is not None

    def frames(self, music_seconds: float, sample_rate: int) -> int:
        """Return the frames of the audio for music of this duration, before trimming."""
        return round((music_seconds + self.tail_seconds) * sample_rate)


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """The options of a rendition. Without `soundfont`, the default one is used."""

    encoding: Encoding
    synthesis: Synthesis = field(default_factory=Synthesis)
    soundfont: str | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """Metadata written into the file. Empty fields are omitted."""

    title: str = ""
    artist: str = ""
    seed: str = ""

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return name and text of each tag in a fixed order, with the names of Vorbis comments."""
        given = (("TITLE", self.title), ("ARTIST", self.artist), ("SEED", self.seed), ("ENCODER", SOFTWARE))
        return tuple((name, _clean(text)) for name, text in given if text)


def _clean(text: str) -> str:
    # Control characters end fields in some formats; lone surrogates cannot be encoded in UTF-8.
    printable = "".join(character for character in text if character.isprintable())
    return printable[:_MAX_TAG_LENGTH]
