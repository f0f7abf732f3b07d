"""Quantise MIDI scores into pieces."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
from symusic.core import ScoreTick, TrackTick

from euterpe_music.note_events.bars import BarGrid, bar_grid
from euterpe_music.note_events.instruments import (
    DRUM_PART,
    INSTRUMENTS,
    instrument_of_program,
    part_number,
)
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical, repeat_gaps
from euterpe_music.note_events.spec import (
    DRUM_KEYS,
    METER_TICKS,
    NO_CHORD,
    TICKS_PER_QUARTER,
    UNKNOWN_KEY,
    VELOCITY_COUNT,
    VELOCITY_STEP,
    length_class,
    length_class_at_most,
    tempo_class,
)

_DEFAULT_TEMPO = 120.0
# A file whose onsets miss the 1/24 grid more often than this was played or swung: the 1/12 grid suffices for it.
_FINE_GRID_SHARE = 0.9
_FINE_GRID_TOLERANCE = 0.125

_TRACK_NOTE = np.dtype([*NOTE.descr, ("track", "<u2")])

InstrumentOf = Callable[[TrackTick], int | None]


def encode(score: ScoreTick, *, pickup_ticks: int = 0, instrument_of: InstrumentOf | None = None) -> NotePiece:
    """Quantise a score: bars, parts, positions, lengths, velocities and tempi. Keys and chords stay unknown.

    `instrument_of` names the instrument of a track (see `INSTRUMENTS`), or None to leave the track out; by default its
    MIDI program does. Leading bars without notes are removed. Raises ValueError for a score without notes.
    """
    piece, _ = encode_tracks(score, pickup_ticks=pickup_ticks, instrument_of=instrument_of)
    notes = piece.notes
    first, last = notes["bar"].min(), notes["bar"].max()
    notes["bar"] -= first
    return NotePiece(notes, piece.bars[first : last + 1], piece.has_dynamics)


def encode_tracks(
    score: ScoreTick, *, pickup_ticks: int = 0, instrument_of: InstrumentOf | None = None
) -> tuple[NotePiece, np.ndarray]:
    """Quantise a score as `encode` does, but keep leading bars; also return the number of the track of each note."""
    grid = bar_grid(score, pickup_ticks)
    tracks = _assign_parts(score, instrument_of or default_instrument)
    columns = [_track_notes(score.tracks[number], part, score.ticks_per_quarter) for number, part in tracks]
    if not any(len(column) for column in columns):
        raise ValueError("the score holds no notes")
    rows = np.concatenate(columns)
    notes = np.zeros(len(rows), dtype=_TRACK_NOTE)
    notes["bar"], notes["position"] = place_onsets(rows[:, 0], grid)
    notes["part"], notes["pitch"] = rows[:, 3], rows[:, 2]
    notes["length"] = length_class(np.rint(rows[:, 1]))
    notes["velocity"] = np.clip(rows[:, 4] // VELOCITY_STEP, 0, VELOCITY_COUNT - 1)
    notes["track"] = np.repeat([number for number, _ in tracks], [len(column) for column in columns])
    bars = np.zeros(len(grid.starts), dtype=BAR_INFO)
    bars["meter"], bars["key"], bars["chord"] = grid.meters, UNKNOWN_KEY, NO_CHORD
    bars["tempo"] = tempo_class(_tempi(score, grid))
    found = _without_overlaps(canonical(notes), bars)
    plain = np.zeros(len(found), dtype=NOTE)
    for name in NOTE.names or ():
        plain[name] = found[name]
    return NotePiece(plain, bars, len(np.unique(plain["velocity"])) > 2), np.asarray(found["track"])


def track_parts(score: ScoreTick) -> dict[int, int]:
    """Return the part of each track that has notes and an instrument, by the track's number."""
    return dict(_assign_parts(score, default_instrument))


def place_onsets(onsets: np.ndarray, grid: BarGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return bar and position of onsets (in 1/24 quarter), on the grid that the music keeps."""
    return _place(onsets if is_on_fine_grid(onsets) else np.rint(onsets / 2) * 2, grid)


def default_instrument(track: TrackTick) -> int | None:
    """Return the instrument of a track's MIDI program."""
    return len(INSTRUMENTS) - 1 if track.is_drum else instrument_of_program(track.program)


def is_on_fine_grid(onsets: np.ndarray) -> bool:
    """Return whether onsets (in 1/24 quarter) lie on the 1/24 grid, as those of engraved music do."""
    return bool(np.mean(np.abs(onsets - np.rint(onsets)) < _FINE_GRID_TOLERANCE) >= _FINE_GRID_SHARE)


def metric_alignment(score: ScoreTick) -> float:
    """Return the share of onsets within 1/50 quarter of a sixteenth or a triplet eighth; about .24 if unrelated."""
    onsets = [track.notes.numpy()["time"] for track in score.tracks if len(track.notes)]
    if not onsets:
        return 0.0
    phase = np.concatenate(onsets) / score.ticks_per_quarter % 1.0
    points = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])
    return float(np.mean(np.abs(phase[:, None] - points).min(axis=1) < 0.02))


def _assign_parts(score: ScoreTick, instrument_of: InstrumentOf) -> list[tuple[int, int]]:
    """Give every track, by its number, a part; those of an instrument with several take them from high to low."""
    groups: dict[int, list[int]] = defaultdict(list)
    heights: dict[int, float] = {}
    for number, track in enumerate(score.tracks):
        if len(track.notes):
            instrument = instrument_of(track)
            if instrument is not None:
                groups[instrument].append(number)
                heights[number] = float(np.mean(track.notes.numpy()["pitch"]))
    assigned = []
    for instrument, tracks in groups.items():
        tracks.sort(key=lambda number: -heights[number])
        slots = INSTRUMENTS[instrument].parts
        for place, number in enumerate(tracks):
            index = place if len(tracks) <= slots else place * slots // len(tracks)
            assigned.append((number, part_number(instrument, index)))
    return assigned


def _track_notes(track: TrackTick, part: int, ticks_per_quarter: int) -> np.ndarray:
    """Return rows of onset and length (1/24 quarter), pitch, part, velocity."""
    columns = track.notes.numpy()
    scale = TICKS_PER_QUARTER / ticks_per_quarter
    rows = np.stack(
        [
            columns["time"] * scale,
            columns["duration"] * scale,
            columns["pitch"],
            np.full(len(columns["time"]), part),
            columns["velocity"],
        ],
        axis=1,
    ).astype(np.float64)
    kept = (rows[:, 4] > 0) & (rows[:, 2] >= 0) & (rows[:, 2] < 128) & (rows[:, 0] >= 0)
    if part == DRUM_PART:
        kept &= (rows[:, 2] >= DRUM_KEYS.start) & (rows[:, 2] < DRUM_KEYS.stop)
    return rows[kept]


def _place(onsets: np.ndarray, grid: BarGrid) -> tuple[np.ndarray, np.ndarray]:
    bar = np.searchsorted(grid.starts, np.rint(onsets) + 1e-6, side="right") - 1
    position = np.rint(onsets - grid.starts[bar] + grid.offsets[bar]).astype(np.int64)
    late = position >= METER_TICKS[grid.meters[bar]]
    moved = late & (bar + 1 < len(grid.starts))
    bar = bar + moved
    position = np.where(moved, 0, np.minimum(position, METER_TICKS[grid.meters[bar]] - 1))
    return bar, position


def _tempi(score: ScoreTick, grid: BarGrid) -> np.ndarray:
    """Return the mean tempo of each bar, in quarters a minute."""
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    changes = sorted((tempo.time * scale, tempo.qpm) for tempo in score.tempos)
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0.0, changes[0][1] if changes else _DEFAULT_TEMPO))
    times = np.array([time for time, _ in changes])
    seconds_per_tick = 60.0 / (np.array([max(qpm, 4.0) for _, qpm in changes]) * TICKS_PER_QUARTER)
    clock = np.concatenate([[0.0], np.cumsum(np.diff(times) * seconds_per_tick[:-1])])

    def seconds(ticks: np.ndarray) -> np.ndarray:
        index = np.maximum(np.searchsorted(times, ticks, side="right") - 1, 0)
        return np.asarray(clock[index] + (ticks - times[index]) * seconds_per_tick[index])

    elapsed = seconds(grid.starts + grid.lengths) - seconds(grid.starts)
    return np.asarray(grid.lengths / TICKS_PER_QUARTER * 60.0 / np.maximum(elapsed, 1e-6))


def _without_overlaps(notes: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Shorten notes that would sound into the next note of their part and pitch."""
    starts = np.concatenate([[0], np.cumsum(METER_TICKS[bars["meter"]])])
    onsets = starts[notes["bar"]] + notes["position"]
    notes["length"] = np.minimum(notes["length"], length_class_at_most(repeat_gaps(notes, onsets)))
    return notes
