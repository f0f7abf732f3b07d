"""Positions of everything in a piano roll, in pixels: time from left to right, pitch from bottom to top."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from euterpe_music.piece import Piece
from numpy.typing import NDArray

from euterpe_converter.domain.picture import Picture

#: Minimum share of the piece's highest velocity, and the opacity of notes with at least that share.
STRENGTHS = ((0.75, 1.0), (0.5, 0.8), (0.25, 0.62), (0.0, 0.45))
_MIN_ROWS = 24
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)
_MIN_STEP_PIXELS = 70
#: About as many notes as can be distinguished. With more, notes that would cover each other are drawn once.
_MAX_DISTINCT_NOTES = 20_000
_MIN_NOTE_WIDTH = 1.5


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Group:
    """Notes of one track and one opacity: rows of left, top, right, bottom; `track` is None for drums."""

    track: int | None
    strength: float
    boxes: NDArray[np.float64]


class Layout:
    """Maps a piece onto a frame."""

    def __init__(self, piece: Piece, picture: Picture) -> None:
        self.frame = _frame(picture)
        self.seconds = max(piece.duration_seconds, 1.0)
        low, high = (int(piece.notes["pitch"].min()), int(piece.notes["pitch"].max())) if len(piece.notes) else (60, 60)
        missing = max(2, _MIN_ROWS - (high - low + 1))
        self._low, self._high = max(0, low - missing // 2), min(127, high + (missing + 1) // 2)
        self.row = (self.frame.bottom - self.frame.top) / (self._high - self._low + 1)
        self._piece = piece

    def x(self, seconds: float) -> float:
        """Return the position of a time."""
        return self.frame.left + seconds / self.seconds * (self.frame.right - self.frame.left)

    def black_rows(self) -> Iterator[tuple[float, float]]:
        """Yield top and bottom of the rows of black keys."""
        for pitch in range(self._low, self._high + 1):
            if pitch % 12 in _BLACK_KEYS:
                yield self._top(pitch), self._top(pitch) + self.row

    def octaves(self) -> Iterator[tuple[float, str]]:
        """Yield the lower edge and name of each C."""
        for pitch in range(self._low, self._high + 1):
            if pitch % 12 == 0:
                yield self._top(pitch) + self.row, f"C{pitch // 12 - 1}"

    def times(self) -> Iterator[tuple[float, str]]:
        """Yield positions and labels of time lines, as many as fit."""
        room = self.seconds / (self.frame.right - self.frame.left) * _MIN_STEP_PIXELS
        step = next((step for step in _STEPS if step >= room), _STEPS[-1])
        for second in range(0, int(self.seconds) + 1, step):
            yield self.x(second), f"{second // 60}:{second % 60:02}"

    def groups(self) -> Iterator[Group]:
        """Yield the notes, quiet ones first, so that loud ones cover them."""
        notes, tracks = self._piece.notes, self._piece.tracks
        boxes, loudest = self._boxes(), max(1, int(notes["velocity"].max(initial=1)))
        upper = 2.0
        limits = []
        for least, strength in STRENGTHS:
            limits.append((least, upper, strength))
            upper = least
        relative = notes["velocity"] / loudest
        sounding = {track for track in range(len(tracks)) if (notes["track"] == track).any()}
        colours = {track: number for number, track in enumerate(t for t in sorted(sounding) if not tracks[t].is_drum)}
        for least, below, strength in reversed(limits):
            loud = (relative >= least) & (relative < below)
            for track in sorted(sounding):
                found = boxes[loud & (notes["track"] == track)]
                if len(found):
                    yield Group(colours.get(track), strength, _thinned(found, len(notes)))

    def _boxes(self) -> NDArray[np.float64]:
        notes = self._piece.notes
        scale = (self.frame.right - self.frame.left) / self.seconds
        left = self.frame.left + self._piece.seconds(notes["onset"]) * scale
        right = self.frame.left + self._piece.seconds(self._piece.sounding_ends) * scale
        # A small gap between consecutive notes.
        right = np.minimum(np.maximum(right - 0.6, left + _MIN_NOTE_WIDTH), self.frame.right)
        top = self.frame.top + (self._high - notes["pitch"].astype(np.int64)) * self.row
        return np.stack([left, top + self.row * 0.06, right, top + self.row * 0.94], axis=1)

    def _top(self, pitch: int) -> float:
        return self.frame.top + (self._high - pitch) * self.row


def _thinned(boxes: NDArray[np.float64], total: int) -> NDArray[np.float64]:
    rounded = np.round(boxes, 2)
    return np.asarray(np.unique(np.round(rounded, 0), axis=0) if total > _MAX_DISTINCT_NOTES else rounded)


def _frame(picture: Picture) -> Box:
    """Return the area of the notes, without octave and time labels."""
    if picture.card:
        return Box(64, 210, picture.width - 64, picture.height - 84)
    labels = picture.height >= 160 and picture.width >= 320
    left, bottom = (34, 22) if labels else (0, 0)
    return Box(left, 4, picture.width - (6 if labels else 0), picture.height - max(bottom, 4))
