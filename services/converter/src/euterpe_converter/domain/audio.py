"""Audio formats, and how a rendition is made from a MIDI file."""

from dataclasses import dataclass
from enum import StrEnum


class AudioFormat(StrEnum):
    """The formats in which audio is answered; the value is the file extension."""

    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"

    @property
    def content_type(self) -> str:
        """The media type: RFC 3003 for MP3, RFC 9639 for FLAC."""
        return {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac"}[self.value]


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """How MIDI becomes sound: 16 bit stereo, with FluidSynth's reverb and chorus.

    The audio lasts as long as the music plus `tail_seconds`, in which releases and reverb die away; the last
    `fade_seconds` of them are faded out. `gain` is FluidSynth's own default, at which none of 24 pieces of the
    corpus clipped (their peaks were -1 to -29 dBFS).
    """

    sample_rate: int = 44_100
    gain: float = 0.2
    tail_seconds: float = 2.0
    fade_seconds: float = 0.5

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame: two channels of 16 bit."""
        return 4

    def frames(self, music_seconds: float) -> int:
        """Frames of the audio for music of this length."""
        return round((music_seconds + self.tail_seconds) * self.sample_rate)


@dataclass(frozen=True, slots=True)
class Rendition:
    """Finished audio in the object store."""

    key: str
    size_bytes: int
    format: AudioFormat
    #: File name without extension, as given by a listener: any text.
    title: str

    @property
    def digest(self) -> str:
        """The part of the key that says what decided the bytes; it serves as entity tag."""
        return self.key.rpartition("/")[2].partition(".")[0]
