"""Pieces as the evaluation reads them: pitched notes on one grid, with bar lines where a meter is stated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from euterpe_music.key_signature import KeySignature, pitch_class
from euterpe_music.meter import Meter
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.piece import Piece
from euterpe_music.tonics import TONICS
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Ticks per quarter of the grid on which real and composed notes are laid alike. Holds 32nds and triplets of 16ths.
GRID: Final = 24
#: A POP909 song states its beats and downbeats in this file; its ticks follow neither.
BEATS_FILE: Final = "beat_midi.txt"
_NO_BARS: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Score:
    """Pitched notes of a piece in order of onset, then pitch. Times are ticks, GRID per quarter.

    Drums are left out; of notes with equal onset and pitch the longest stays. `bars` are the ticks at which bars
    begin, empty where no meter is known; `meters` names the different meters in order of appearance. `key` is the
    stated or requested key, such as "D major"; None where there is none.
    """

    onset: Ints
    duration: Ints
    pitch: Ints
    velocity: Ints
    bars: Ints = field(default_factory=lambda: _NO_BARS)
    meters: tuple[Meter, ...] = ()
    key: str | None = None
    is_key_requested: bool = False
    name: str = ""
    work: str = ""
    style: str = ""

    def __len__(self) -> int:
        return len(self.onset)

    @property
    def end(self) -> Ints:
        """Ticks at which notes end."""
        return self.onset + self.duration

    def window(self, start: int, notes: int) -> "Score":
        """Return `notes` notes from index `start` on, without bars; the first onset becomes tick 0."""
        part = slice(start, start + notes)
        shift = self.onset[start]
        return Score(
            self.onset[part] - shift, self.duration[part], self.pitch[part], self.velocity[part],
            name=self.name, work=self.work, style=self.style,
        )  # fmt: skip


def make_score(onset: Any, duration: Any, pitch: Any, velocity: Any = 80, **details: Any) -> Score:
    """Return a score of notes in ticks, in any order. Columns broadcast; `details` are other fields of Score."""
    columns = [np.asarray(column) for column in np.broadcast_arrays(onset, duration, pitch, velocity)]
    onset, duration, pitch, velocity = (column.astype(np.int64).ravel() for column in columns)
    order = np.lexsort((-duration, pitch, onset))
    onset, duration, pitch, velocity = (column[order] for column in (onset, duration, pitch, velocity))
    unison = np.zeros(len(onset), bool)
    unison[1:] = (onset[1:] == onset[:-1]) & (pitch[1:] == pitch[:-1])
    kept = ~unison
    return Score(onset[kept], duration[kept], pitch[kept], velocity[kept], **details)


def from_piece(piece: Piece, meter: Meter | None = None, **details: Any) -> Score:
    """Return the score of a piece. `meter` replaces the piece's own meters, with bars from tick 0 on."""
    drums = np.array([track.is_drum for track in piece.tracks], bool)
    notes = piece.notes[~drums[piece.notes["track"]]]
    scale = GRID / piece.ticks_per_quarter
    onset = np.rint(notes["onset"] * scale)
    # Both ends are rounded, so that notes that met still meet.
    end = np.rint((notes["onset"] + notes["duration"]) * scale)
    changes = [(0, meter)] if meter else [(round(change.tick * scale), change.meter) for change in piece.meters]
    bars, meters = bar_lines(changes, int(onset.max()) + 1 if len(onset) else 1)
    details = {"bars": bars, "meters": meters} | details
    return make_score(onset, np.maximum(end - onset, 1), notes["pitch"], notes["velocity"], **details)


def read_score(path: Path, name: str = "", work: str = "", style: str = "") -> Score:
    """Return the score in a MIDI file, with its meters and key; beats in a file of its folder (POP909) replace ticks.

    Raises MidiError for what cannot be read or holds no pitched notes.
    """
    piece = read_midi(path)
    details: dict[str, Any] = {"name": name or path.name, "work": work or name or path.name, "style": style}
    beats = path.parent / BEATS_FILE
    score = _on_beats(piece, beats, details) if beats.is_file() else _as_written(piece, details)
    if not len(score):
        raise MidiError("no-notes", "the file holds no notes but drums")
    return score


def ticks_per_bar(meter: Meter) -> int:
    """Return ticks of a bar, at least one."""
    return max(meter.beats * 4 * GRID // meter.unit, 1)


def ticks_per_beat(meter: Meter) -> int:
    """Return ticks of a felt beat: three units in compound meters such as 6/8, otherwise one."""
    return max(round(meter.beat_quarters * GRID), 1)


def _as_written(piece: Piece, details: dict[str, Any]) -> Score:
    keys = {key_name(change.key) for change in piece.keys}
    # A file that only states C major states MIDI's default more often than its key.
    key = keys.pop() if len(keys) == 1 and keys != {"C major"} else None
    return from_piece(piece, **{"key": key} | details)


def key_name(key: KeySignature) -> str:
    """Return the name of a key as estimates spell it, e.g. "Db minor"."""
    return f"{TONICS[pitch_class(key.tonic)]} {'minor' if key.is_minor else 'major'}"


def bar_lines(signatures: Sequence[tuple[int, Meter]], end: int) -> tuple[Ints, tuple[Meter, ...]]:
    """Return ticks of all bar lines before `end`, and the meters; none where no time signature is given.

    A time signature begins a bar, as in notation. Of several at one tick the last counts.
    """
    if not signatures:
        return _NO_BARS, ()
    last = dict(sorted(signatures, key=lambda each: each[0]))
    ticks = list(last)
    ticks[0] = 0
    ends = [*ticks[1:], max(end, ticks[-1] + 1)]
    meters = list(last.values())
    spans = zip(ticks, ends, meters, strict=True)
    bars = [np.arange(start, stop, ticks_per_bar(meter)) for start, stop, meter in spans]
    return np.concatenate(bars).astype(np.int64), tuple(dict.fromkeys(meters))


def _on_beats(piece: Piece, path: Path, details: dict[str, Any]) -> Score:
    """Return notes by annotated beats: a beat is a quarter, downbeats begin bars."""
    beats = np.loadtxt(path, ndmin=2)
    if len(beats) < 3 or beats.shape[1] < 3:
        raise MidiError("invalid", f"{path.name} beside the file holds no beats")
    times, down = beats[:, 0], np.flatnonzero(beats[:, 2] == 1)
    # Beats go on evenly before the first annotated one and after the last.
    before = times[0] - np.arange(16, 0, -1) * (times[1] - times[0])
    after = times[-1] + np.arange(1, 17) * (times[-1] - times[-2])
    numbers = np.arange(-16, len(times) + 16) * GRID
    grid = np.concatenate([before, times, after])
    drums = np.array([track.is_drum for track in piece.tracks], bool)
    notes = piece.notes[~drums[piece.notes["track"]]]
    onset, end = (np.rint(np.interp(piece.seconds(ticks), grid, numbers)).astype(np.int64)
                  for ticks in (notes["onset"], notes["onset"] + notes["duration"]))  # fmt: skip
    shift = min(int(onset.min()), 0) if len(onset) else 0
    meter = Meter(int(np.median(np.diff(down))) if len(down) > 1 else 4, 4)
    columns = (onset - shift, np.maximum(end - onset, 1), notes["pitch"], notes["velocity"])
    return make_score(*columns, bars=down.astype(np.int64) * GRID - shift, meters=(meter,), **details)
