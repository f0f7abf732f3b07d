"""Versions of a song's notes. The history only grows: nothing that was saved is lost."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

#: Most versions of one song.
MAX_VERSIONS: Final = 500
MAX_LABEL_LENGTH: Final = 100

Origin = Literal["original", "edited", "restored"]


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A stored MIDI file, and what is known of its music."""

    midi_key: str
    midi_sha256: str
    midi_size_bytes: int
    duration_seconds: float
    note_count: int
    measures: Mapping[str, float]
    key: str | None
    meter: str | None
    tempo_bpm: float | None
    instruments: Sequence[str]

    def columns(self) -> dict[str, Any]:
        """Return the values by column; songs and versions have the same names."""
        return {name: getattr(self, name) for name in FILE_COLUMNS}


FILE_COLUMNS: Final = tuple(MidiFile.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Version:
    """A version: number 1 is the original; `base_number` is the version that was edited or restored."""

    song_id: uuid.UUID
    number: int
    base_number: int | None
    origin: Origin
    label: str
    is_current: bool
    file: MidiFile
    created_at: datetime
