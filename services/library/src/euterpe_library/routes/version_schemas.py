"""Versions and notes of songs as requests and responses of the HTTP API."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from euterpe_library.domain.titles import without_controls
from euterpe_library.domain.version import MAX_LABEL_LENGTH, Version
from euterpe_library.routes.schemas import SongAnswer
from euterpe_library.services.edited_notes import EditedNotes, EditedTrack, WrittenNotes
from euterpe_library.services.versions import Edit, SavedVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from euterpe_music.chord_estimation import ChordMark
    from euterpe_music.piece import Piece

MAX_TRACKS = 256
MAX_CHANGES = 10_000

Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_LABEL_LENGTH),
    AfterValidator(without_controls),
]
Tick = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True, examples=[1920], description="Ticks from the beginning.")]
#: Onset, duration, pitch, velocity, track.
NoteRow = Annotated[list[int], Field(min_length=5, max_length=5)]


class VersionAnswer(BaseModel):
    """A version of a song's notes."""

    number: int = Field(examples=[2], description="1 is the original; the newest version is the current one.")
    base_number: int | None = Field(examples=[1], description="The version that was edited or restored.")
    origin: Literal["original", "edited", "restored"]
    label: str = Field(examples=["slower ending"])
    is_current: bool = Field(description="Whether it is the version that is played and downloaded.")
    created_at: datetime
    duration_seconds: float = Field(examples=[31.4])
    note_count: int = Field(examples=[100])
    key: str | None = Field(examples=["A minor"])
    meter: str | None = Field(examples=["6/8"])
    tempo_bpm: float | None = Field(examples=[96.0])
    instruments: list[str] = Field(examples=[["Violin", "Cello"]])
    midi_url: str = Field(examples=["/api/v1/songs/0199d3c1-5a70-7cc3-98c4-dc0c0c07398f/versions/2/midi"])
    midi_sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    midi_size_bytes: int = Field(examples=[931])

    @classmethod
    def of(cls, version: Version) -> "VersionAnswer":
        """Convert a version."""
        own = {name: getattr(version, name) for name in ("number", "base_number", "label", "is_current", "created_at")}
        shared = {name: getattr(version.file, name) for name in _FILE_FIELDS}
        url = f"/api/v1/songs/{version.song_id}/versions/{version.number}/midi"
        return cls(**own, **shared, origin=version.origin, midi_url=url)


_FILE_FIELDS = (
    "duration_seconds", "note_count", "key", "meter", "tempo_bpm", "instruments", "midi_sha256", "midi_size_bytes",
)  # fmt: skip


class VersionList(BaseModel):
    """All versions of a song, the newest first."""

    items: list[VersionAnswer]


class SavedVersionAnswer(BaseModel):
    """A saved version."""

    version: VersionAnswer
    song: SongAnswer
    saved_meanwhile: list[int] = Field(
        examples=[[2]],
        description="Versions that were saved elsewhere after the one that was edited. They are kept, too.",
    )

    @classmethod
    def of(cls, saved: SavedVersion) -> "SavedVersionAnswer":
        """Convert a saved version."""
        return cls.model_construct(
            version=VersionAnswer.of(saved.version),
            song=SongAnswer.of(saved.song),
            saved_meanwhile=list(saved.saved_meanwhile),
        )


class TrackMark(BaseModel):
    """A track of a piece."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"program": 40, "name": "Violin"}]})

    program: int = Field(ge=0, le=127, strict=True, description="Program of General MIDI, from 0.")
    is_drum: bool = Field(default=False, strict=True, description="Whether it is a drum kit.")
    name: Annotated[str, StringConstraints(max_length=200), AfterValidator(without_controls)] = ""


class EditedTrackMark(TrackMark):
    """A track of edited notes."""

    source: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="The track of the edited version, from 0, whose controllers (pedal, volume, bends) it keeps.",
    )


class TempoMark(BaseModel):
    """A tempo."""

    model_config = ConfigDict(extra="forbid")

    tick: Tick
    bpm: float = Field(ge=4, le=1000, allow_inf_nan=False, examples=[96.0], description="Quarters per minute.")


class MeterMark(BaseModel):
    """A meter; a bar begins here."""

    model_config = ConfigDict(extra="forbid")

    tick: Tick
    meter: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]?/(1|2|4|8|16)$")] = Field(examples=["6/8"])


class KeyMark(BaseModel):
    """A key signature."""

    model_config = ConfigDict(extra="forbid")

    tick: Tick
    key: Annotated[str, StringConstraints(pattern=r"^[A-G][#b]? (major|minor)$")] = Field(examples=["D minor"])


class ChordAnswer(BaseModel):
    """An estimated chord, which holds until the next one."""

    tick: int = Field(examples=[1920])
    symbol: str | None = Field(examples=["Am7"], description="Null where no chord explains the notes.")


class NotesAnswer(BaseModel):
    """The notes of a version, as the product reads its MIDI file."""

    version: int = Field(examples=[1])
    title: str = Field(examples=["Nocturne"], description="The title in the file.")
    ticks_per_quarter: int = Field(examples=[480])
    tracks: list[TrackMark]
    notes: list[NoteRow] = Field(
        examples=[[[0, 480, 60, 80, 0]]], description="Onset and duration in ticks, pitch, velocity, track from 0."
    )
    tempos: list[TempoMark]
    meters: list[MeterMark] = Field(description="Before the first one, the meter is 4/4.")
    keys: list[KeyMark]
    chords: list[ChordAnswer] = Field(description="Estimated for each half bar.")

    @classmethod
    def of(cls, version: Version, piece: "Piece", chords: "Sequence[ChordMark]") -> "NotesAnswer":
        """Convert a piece."""
        rows = zip(*(piece.notes[name].tolist() for name in _NOTE_COLUMNS), strict=True)
        return cls.model_construct(
            version=version.number,
            title=piece.title,
            ticks_per_quarter=piece.ticks_per_quarter,
            tracks=[
                TrackMark(program=track.program, is_drum=track.is_drum, name=track.name[:200]) for track in piece.tracks
            ],
            notes=[list(row) for row in rows],
            tempos=[TempoMark.model_construct(tick=each.tick, bpm=round(each.bpm, 6)) for each in piece.tempos],
            meters=[MeterMark.model_construct(tick=each.tick, meter=str(each.meter)) for each in piece.meters],
            keys=[KeyMark.model_construct(tick=each.tick, key=str(each.key)) for each in piece.keys],
            chords=_chords(chords),
        )


_NOTE_COLUMNS = ("onset", "duration", "pitch", "velocity", "track")


class NotesRequest(BaseModel):
    """Edited notes. Title, ticks per quarter and the controllers of tracks are those of the edited version."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "base_number": 1,
                    "label": "slower ending",
                    "tracks": [{"program": 40, "name": "Violin", "source": 0}],
                    "notes": [[0, 480, 69, 80, 0], [480, 480, 72, 80, 0]],
                    "tempos": [{"tick": 0, "bpm": 96.0}],
                    "meters": [{"tick": 0, "meter": "3/4"}],
                }
            ]
        },
    )

    base_number: int = Field(ge=1, strict=True, description="The version that was edited.")
    source_number: int | None = Field(
        default=None,
        ge=1,
        strict=True,
        description="The version whose tracks `source` counts; by default `base_number`. Editors that save repeatedly "
        "keep the number of the version that they read.",
    )
    label: Label = Field(default="", description="A name for the version.")
    tracks: list[EditedTrackMark] = Field(min_length=1, max_length=MAX_TRACKS)
    notes: list[NoteRow] = Field(description="Onset and duration in ticks, pitch, velocity, track from 0.")
    tempos: list[TempoMark] = Field(default=[], max_length=MAX_CHANGES)
    meters: list[MeterMark] = Field(default=[], max_length=MAX_CHANGES)
    keys: list[KeyMark] = Field(default=[], max_length=MAX_CHANGES)

    def to_domain(self) -> Edit:
        """Convert to the type of the use case."""
        notes = EditedNotes(
            [EditedTrack(track.program, track.is_drum, track.name, track.source) for track in self.tracks],
            self.notes,
            [(each.tick, each.bpm) for each in self.tempos],
            [(each.tick, each.meter) for each in self.meters],
            [(each.tick, each.key) for each in self.keys],
        )
        return Edit(self.base_number, self.source_number or self.base_number, notes, self.label)


class NotesPreview(BaseModel):
    """Edited notes as a file, which is not saved."""

    midi: str = Field(examples=["TVRoZAAAAAYAAQACAeA="], description="The MIDI file in Base64, such as for a prompt.")
    duration_seconds: float = Field(examples=[31.4])
    note_count: int = Field(examples=[100])
    key: str | None = Field(examples=["A minor"])
    chords: list[ChordAnswer] = Field(description="Estimated for each half bar.")

    @classmethod
    def of(cls, written: WrittenNotes, midi: str) -> "NotesPreview":
        """Convert written notes; `midi` is their file in Base64."""
        file = written.file
        return cls(
            midi=midi,
            duration_seconds=file.duration_seconds,
            note_count=file.note_count,
            key=file.key,
            chords=_chords(written.chords),
        )


def _chords(chords: "Sequence[ChordMark]") -> list[ChordAnswer]:
    return [ChordAnswer.model_construct(tick=each.tick, symbol=each.symbol) for each in chords]
