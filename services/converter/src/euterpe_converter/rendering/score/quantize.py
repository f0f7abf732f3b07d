"""Quantization: from ticks to the grid of a score.

In each beat of each track, the coarsest grid is used on which all notes begin and end: sixteenths, triplet eighths,
32nds or triplet sixteenths. In tracks in free time, whose notes begin on no grid, the nearer one of sixteenths and
triplet eighths is used.
"""

from typing import Any

import numpy as np
from euterpe_music.piece import Piece, make_notes
from numpy.typing import NDArray

from euterpe_converter.rendering.score.bars import QUARTER, Bar, beat_units

#: Units of the grids, coarse ones first: sixteenths, triplet eighths, 32nds, triplet sixteenths, 64ths.
_GRIDS = (12, 16, 6, 8, 3)
_SIXTEENTH, _TRIPLET = 0, 1
_TRIPLETS = (1, 3)
#: Units by which a note may miss a grid and still be on it.
_TOLERANCE = 0.6
#: Units by which triplets must be nearer than sixteenths in free time.
_TRIPLET_PENALTY = 1.5
#: Share of a track's notes that begin on a grid unless it is in free time.
_ON_GRID = 0.9


def quantized(piece: Piece, bars: list[Bar], ticks: NDArray[Any]) -> tuple[Piece, frozenset[int]]:
    """Return the piece with `QUARTER` ticks per quarter and notes on the grid, and the tracks in free time.

    Args:
        piece: Any piece with notes.
        bars: Its bars.
        ticks: Where they begin [bars].
    """
    notes = piece.notes
    onsets, ends = notes["onset"], notes["onset"] + notes["duration"]
    grids = _Grids(piece, bars, ticks)
    track = notes["track"].astype(np.int64)
    begin = grids.place(onsets, track, on_line=True)
    # An end on a bar line belongs to the bar that it closes.
    end = grids.place(ends, track, on_line=False)
    grids.choose(begin, end)
    first, step = grids.snapped(begin)
    last, _ = grids.snapped(end)
    duration = np.maximum(last - first, step)
    placed = make_notes(first, duration, notes["pitch"], notes["velocity"], track)
    return Piece(QUARTER, placed, piece.tracks, title=piece.title).playable(), grids.free_tracks


class _Grids:
    def __init__(self, piece: Piece, bars: list[Bar], ticks: NDArray[Any]) -> None:
        self._ticks = ticks
        self._scale = QUARTER / piece.ticks_per_quarter
        self._tolerance = max(_TOLERANCE, 0.51 * self._scale)
        self._starts = np.array([bar.start for bar in bars])
        self._lengths = np.array([bar.length for bar in bars])
        compound = np.array([bar.meter.unit == 8 and beat_units(bar.meter) > QUARTER for bar in bars])
        self._beats = np.where(compound, QUARTER * 3 // 2, QUARTER)
        self._triplets = np.array([bar.has_triplets for bar in bars])
        self._sixty_fourths = np.array([bar.meter.unit == 64 for bar in bars])
        # More beats than any bar has, so that bar and beat make one number.
        self._stride = int(self._lengths.max()) // QUARTER + 2
        self._tracks = len(piece.tracks)
        self.free_tracks: frozenset[int] = frozenset()

    def place(self, at: NDArray[Any], track: NDArray[Any], *, on_line: bool) -> dict[str, NDArray[Any]]:
        """Return bar, position in its units, and number of beat and track of ticks [notes]."""
        side = "right" if on_line else "left"
        bar = np.clip(np.searchsorted(self._ticks, at, side=side) - 1, 0, None)  # type: ignore[call-overload]
        position = np.minimum((at - self._ticks[bar]) * self._scale, self._lengths[bar])
        beat = np.floor(position / self._beats[bar] + (1e-6 if on_line else -1e-6)).astype(np.int64)
        beat = np.maximum(beat, 0)
        within = position - beat * self._beats[bar]
        # Bar starts need not be multiples of a grid, so grids are counted from the beat.
        return {"bar": bar, "beat": beat, "within": within, "track": track}

    def choose(self, begin: dict[str, NDArray[Any]], end: dict[str, NDArray[Any]]) -> None:
        """Choose the grid of each beat of each track."""
        errors_begin, errors_end = self._errors(begin), self._errors(end)
        fits = (errors_begin[:, _GRIDS.index(6)] <= self._tolerance) | (errors_begin[:, 3] <= self._tolerance)
        total = np.maximum(np.bincount(begin["track"], minlength=self._tracks), 1)
        exact_tracks = np.bincount(begin["track"], weights=fits, minlength=self._tracks) / total >= _ON_GRID
        self.free_tracks = frozenset(np.flatnonzero(~exact_tracks).tolist())
        keys, inverse = np.unique(np.concatenate([self._key(begin), self._key(end)]), return_inverse=True)
        count = len(errors_begin)
        worst_all = np.zeros((len(keys), len(_GRIDS)))
        np.maximum.at(worst_all, inverse, np.concatenate([errors_begin, errors_end]))
        worst, mean = np.zeros_like(worst_all), np.zeros_like(worst_all)
        np.maximum.at(worst, inverse[:count], errors_begin)
        np.add.at(mean, inverse[:count], errors_begin)
        mean /= np.maximum(np.bincount(inverse[:count], minlength=len(keys)), 1)[:, None]
        mean[:, _TRIPLET] += _TRIPLET_PENALTY
        exact = exact_tracks[keys % self._tracks]
        chosen = np.where(mean[:, _TRIPLET] < mean[:, _SIXTEENTH], _TRIPLET, _SIXTEENTH)
        for table in (worst, worst_all):
            ok = table <= self._tolerance
            chosen = np.where(exact & ok.any(axis=1), ok.argmax(axis=1), chosen)
        self._keys, self._chosen = keys, chosen

    def snapped(self, placed: dict[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the positions in the score, and the grids' units [notes]."""
        step = np.array(_GRIDS)[self._chosen[np.searchsorted(self._keys, self._key(placed))]]
        at = placed["beat"] * self._beats[placed["bar"]] + np.rint(placed["within"] / step) * step
        at = np.minimum(at, self._lengths[placed["bar"]])
        return (self._starts[placed["bar"]] + at).astype(np.int64), step

    def _key(self, placed: dict[str, NDArray[Any]]) -> NDArray[Any]:
        return np.asarray((placed["bar"] * self._stride + placed["beat"]) * self._tracks + placed["track"])

    def _errors(self, placed: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Return the distances to the nearest point of each grid [notes, grids]; infinite where it is not used."""
        grids = np.array(_GRIDS)
        points = np.rint(placed["within"][:, None] / grids) * grids
        errors = np.abs(placed["within"][:, None] - points)
        errors[np.ix_(~self._triplets[placed["bar"]], _TRIPLETS)] = np.inf
        errors[~self._sixty_fourths[placed["bar"]], _GRIDS.index(3)] = np.inf
        return np.asarray(errors, np.float64)
