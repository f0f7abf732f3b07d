"""Voices: chords of one staff, distributed so that within a voice nothing overlaps."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

#: More voices cannot be read; further notes shorten the voice that ends first.
MAX_VOICES: Final = 4


@dataclass(slots=True)
class Chord:
    """Notes that begin and end together; `velocity` is that of the loudest."""

    start: int
    end: int
    pitches: list[int]
    velocity: int


Note = tuple[int, int, int, int]


def chords_of(notes: Iterable[Note]) -> list[Chord]:
    """Group notes (start, end, pitch, velocity) that begin and end together, by start and then from high to low."""
    grouped: dict[tuple[int, int], Chord] = {}
    for start, end, pitch, velocity in notes:
        chord = grouped.setdefault((start, end), Chord(start, end, [], 0))
        chord.pitches.append(pitch)
        chord.velocity = max(chord.velocity, velocity)
    return sorted(grouped.values(), key=lambda chord: (chord.start, -max(chord.pitches)))


def voices_of(chords: list[Chord]) -> list[list[Chord]]:
    """Distribute chords among voices, the first voice first."""
    voices: list[list[Chord]] = []
    for chord in chords:
        free = next((voice for voice in voices if voice[-1].end <= chord.start), None)
        if free is not None:
            free.append(chord)
        elif len(voices) < MAX_VOICES:
            voices.append([chord])
        else:
            _append_shortening(min(voices, key=lambda voice: voice[-1].end), chord)
    return voices


def _append_shortening(voice: list[Chord], chord: Chord) -> None:
    last = voice[-1]
    if last.start == chord.start:
        last.pitches = sorted({*last.pitches, *chord.pitches})
        last.end = max(last.end, chord.end)
        return
    last.end = chord.start
    voice.append(chord)


def in_free_time(notes: list[Note], tolerance: int) -> list[Note]:
    """Return notes whose ends differ by chance as chords and lines instead of as voices.

    Notes that begin together and end within `tolerance` units of each other end together, and a note that overlaps the
    next one by at most that ends when it begins.
    """
    ends_at: dict[int, list[int]] = {}
    for start, end, _, _ in notes:
        ends_at.setdefault(start, []).append(end)
    starts = sorted(ends_at)
    following = dict(pairwise(starts))
    found = []
    for start, given_end, pitch, velocity in notes:
        end = max(each for each in ends_at[start] if each - given_end <= tolerance)
        next_start = following.get(start, end)
        found.append((start, next_start if 0 < end - next_start <= tolerance else end, pitch, velocity))
    return found


def as_drums(notes: list[Note], beat: int) -> list[Note]:
    """Return strokes that last until the next one or the end of their beat, as percussion is written."""
    starts = sorted({start for start, _, _, _ in notes})
    following = dict(pairwise(starts))
    found = {(start, pitch): velocity for start, _, pitch, velocity in notes}
    ends = {start: min(following.get(start, start + beat), (start // beat + 1) * beat) for start in starts}
    return [(start, ends[start], pitch, velocity) for (start, pitch), velocity in found.items()]
