"""A composed piece as a MIDI file with its measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from euterpe_music.midi.write import WRITER_VERSION
from euterpe_service_kit.midi_artifacts import midi_key


@dataclass(frozen=True, slots=True)
class RenderedPiece:
    """What is stored of a finished generation: in S3, in the library and in its row."""

    midi: bytes = field(repr=False)
    sha256: str
    #: Events of the network that it was decoded from.
    steps: int
    note_count: int
    duration_seconds: float
    measures: Mapping[str, float]
    tempo_bpm: float
    #: MIDI programs in ascending order; 128 is the drum kit.
    programs: Sequence[int]
    key: str | None = None
    meter: str | None = None
    style: str | None = None
    writer_version: int = WRITER_VERSION

    @property
    def midi_key(self) -> str:
        """The S3 key of the MIDI file."""
        return midi_key(self.sha256)
