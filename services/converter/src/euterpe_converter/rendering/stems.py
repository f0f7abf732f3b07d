"""Division of a piece into files of one track each, inside the process that reads MIDI files."""

from dataclasses import replace

from euterpe_music.controls import shifted
from euterpe_music.general_midi import DRUM_KIT, INSTRUMENTS
from euterpe_music.midi import MidiLimits, read_midi, write_midi
from euterpe_music.titles import clean_title

_MAX_NAME_LENGTH = 80


def stem_files(midi: bytes, limits: MidiLimits) -> tuple[float, list[tuple[str, bytes]]]:
    """Return the duration of a piece in seconds, and name and MIDI file of each track that has notes. Raises MidiError.

    All files have the piece's meters, keys and tempos, begin with its first bar and end at its last bar line.
    """
    piece = read_midi(midi, limits).playable()
    end = int(piece.bar_starts[-1])
    files = []
    for number in sorted(set(piece.notes["track"].tolist())):
        track = piece.tracks[number]
        notes = piece.notes[piece.notes["track"] == number].copy()
        controls = piece.controls[piece.controls["track"] == number]
        notes["track"] = 0
        own = replace(piece, notes=notes, tracks=(track,), controls=shifted(controls, track=0))
        name = clean_title(track.name) or (DRUM_KIT if track.is_drum else INSTRUMENTS[track.program]).name
        files.append((name[:_MAX_NAME_LENGTH], write_midi(own, end_tick=end)))
    return piece.duration_seconds, files
