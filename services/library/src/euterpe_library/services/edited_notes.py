"""Edited notes of a song: from a MIDI file to plain rows, and back to the file as the product writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from euterpe_music.general_midi import DRUM_KIT, instrument_names
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.midi_artifacts import midi_digest, midi_key

from euterpe_library.domain.details import MAX_TEMPO
from euterpe_library.domain.version import MidiFile
from euterpe_library.services.imports import MAX_BYTES, MAX_NOTES, MAX_SECONDS

if TYPE_CHECKING:
    from euterpe_music.chord_estimation import ChordMark
    from euterpe_music.piece import Piece

#: Ticks beyond this are no music.
_MAX_TICK: Final = 2**31 - 1
_COLUMNS: Final = ("onset", "duration", "pitch", "velocity", "track")


@dataclass(frozen=True, slots=True)
class EditedTrack:
    """A track; `source` is the track of the base version whose controllers (pedal, volume, bends) it keeps."""

    program: int
    is_drum: bool
    name: str
    source: int | None = None


@dataclass(frozen=True, slots=True)
class EditedNotes:
    """Notes as rows of onset and duration in ticks, pitch, velocity and track; changes by their ticks."""

    tracks: Sequence[EditedTrack]
    notes: Sequence[Sequence[int]]
    tempos: Sequence[tuple[int, float]]
    meters: Sequence[tuple[int, str]]
    keys: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class WrittenNotes:
    """The file of edited notes, and what is known of its music."""

    content: bytes
    file: MidiFile
    chords: "Sequence[ChordMark]"


# The functions import their modules when they run: they take 40 MB, and most processes never edit a song.


def read_notes(content: bytes) -> "tuple[Piece, Sequence[ChordMark]]":
    """Return the piece of a song's file, and its estimated chords."""
    from euterpe_music.chord_estimation import chord_marks
    from euterpe_music.midi import read_midi

    piece = read_midi(content)
    return piece, chord_marks(piece)


def write_notes(base: bytes, edited: EditedNotes, base_key: str | None) -> WrittenNotes:
    """Return the file of edited notes. Title, resolution and controllers are those of the file `base`.

    `base_key` is the key of the song, which is kept unless the file states one or the notes moved to another.

    Raises Unprocessable for notes, tracks or changes that a file cannot hold, and beyond the limits of imports.
    """
    from euterpe_music.chord_estimation import chord_marks
    from euterpe_music.key import estimate_key
    from euterpe_music.measures import measure
    from euterpe_music.midi import MidiError, MidiLimits, read_midi, write_midi

    original = read_midi(base)
    try:
        limits = MidiLimits(max_bytes=MAX_BYTES, max_notes=MAX_NOTES, max_seconds=MAX_SECONDS)
        # Read back, so that a version is what its file means: without empty tracks, and with notes that can be played.
        canonical = write_midi(read_midi(write_midi(_piece(original, edited)), limits))
        piece = read_midi(canonical, limits)
    except MidiError as error:
        raise _problem("notes", str(error)) from None
    measures, digest, tempo = measure(piece), midi_digest(canonical), piece.tempos[0].bpm
    estimated = estimate_key(piece)
    kept_key = base_key if base_key is not None and estimated == estimate_key(original) else estimated
    programs = sorted({DRUM_KIT.number if track.is_drum else track.program for track in piece.tracks})
    file = MidiFile(
        midi_key=midi_key(digest),
        midi_sha256=digest,
        midi_size_bytes=len(canonical),
        duration_seconds=measures.duration_seconds,
        note_count=measures.notes,
        measures=measures.flat(),
        key=str(piece.keys[0].key) if piece.keys else kept_key,
        meter=str(piece.meters[0].meter) if piece.meters else None,
        tempo_bpm=round(tempo, 3) if 0.001 <= tempo <= MAX_TEMPO else None,
        instruments=instrument_names(programs),
    )
    return WrittenNotes(canonical, file, chord_marks(piece))


def _piece(original: "Piece", edited: EditedNotes) -> "Piece":
    import numpy as np
    from euterpe_music.controls import no_controls, shifted
    from euterpe_music.key_signature import KeyChange, KeySignature
    from euterpe_music.meter import Meter, MeterChange
    from euterpe_music.piece import Piece, Tempo, Track, make_notes

    rows = np.array(edited.notes, np.int64).reshape(-1, len(_COLUMNS))
    if not len(rows):
        raise _problem("notes", "must have at least one note, got none")
    _check_rows(rows, len(edited.tracks))
    kept = [no_controls()]
    for number, track in enumerate(edited.tracks):
        if track.source is not None:
            if track.source >= len(original.tracks):
                highest = len(original.tracks) - 1
                raise _problem(f"tracks.{number}.source", f"must be at most {highest}, got {track.source}")
            mine = original.controls[original.controls["track"] == track.source]
            kept.append(shifted(mine, track=number))
    try:
        return Piece(
            original.ticks_per_quarter,
            make_notes(*rows.T),
            tuple(Track(track.program, track.is_drum, track.name) for track in edited.tracks),
            tuple(Tempo(tick, bpm) for tick, bpm in edited.tempos),
            tuple(MeterChange(tick, Meter.parse(meter)) for tick, meter in edited.meters),
            tuple(KeyChange(tick, KeySignature.parse(key)) for tick, key in edited.keys),
            np.concatenate(kept),
            original.title,
        )
    except ValueError as error:
        raise _problem("notes", str(error)) from None


def _check_rows(rows: "object", tracks: int) -> None:
    import numpy as np

    columns = np.asarray(rows)
    limits = {
        "onset": (0, _MAX_TICK), "duration": (1, _MAX_TICK), "pitch": (0, 127), "velocity": (1, 127),
        "track": (0, tracks - 1),
    }  # fmt: skip
    for column, (name, (low, high)) in zip(columns.T, limits.items(), strict=True):
        wrong = np.flatnonzero((column < low) | (column > high))
        if len(wrong):
            number = int(wrong[0])
            raise _problem(f"notes.{number}", f"{name} must be from {low} to {high}, got {int(column[number])}")


def _problem(field: str, message: str) -> Unprocessable:
    message = message[:1].upper() + message[1:]
    return Unprocessable(f"body.{field}: {message}", fields=[FieldProblem(f"body.{field}", message)])
