"""Conditioning features: a network's inputs besides its previous token, such as position, style and melody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_music.meter import Meter
from euterpe_music.tokens.meter import METERS
from euterpe_music.tokens.quantized_track import QuantizedTrack

Name = Literal["style", "mode", "meter", "position", "phrase", "section", "remaining", "melody", "echo"]

#: Number of values of each feature. Styles depend on the bundle; `echo` has one value for each token.
#: Manifests of released bundles contain the names, so the bar-lag token keeps the name `echo`.
POSITIONS: Final = 24
PHRASE_BARS: Final = 8
SECTIONS: Final = 4
REMAINING_BARS: Final = 8
_MELODY_STATES: Final = 257
#: Values of `mode`: not known, major, minor (natural minor on white keys), and another mode of the white keys.
MODE_COUNT: Final = 4
UNKNOWN_MODE, MAJOR, MINOR, OTHER_MODE = range(MODE_COUNT)
SIZES: Final[dict[str, int]] = {
    "mode": MODE_COUNT,
    "meter": len(METERS),
    "position": POSITIONS,
    "phrase": PHRASE_BARS,
    "section": SECTIONS,
    "remaining": REMAINING_BARS + 1,
    "melody": _MELODY_STATES,
}


@dataclass(frozen=True)
class ConditioningFeature:
    """One conditioning feature: a column of a network's conditions.

    `style` is the index of the style, `mode` one of the constants of this module, `meter` the index into METERS,
    `position` the sixteenth of the bar, `phrase` the bar within eight, `section` the index of the eight bars within
    thirty-two, `remaining` the number of bars after this one, at most 8. `melody` is the melody's state `offset` steps
    later: 0 for a rest or after its end, 1 + pitch where a note begins, 129 + pitch while it is held; the highest note
    of a chord counts. `echo` is the bar-lag token: the part's own token at this position `offset` bars before, 0 where
    there is none.
    """

    name: Name
    size: int
    offset: int = 0


@dataclass(frozen=True)
class Form:
    """The frame of a piece: its length in steps (sixteenths), meter, style, mode, and steps before the first full bar.

    `bars`, for songs whose bars differ in length, are the steps at which bars begin; `pickup` is then ignored.
    """

    steps: int
    meter: Meter = METERS[0]
    style: int = 0
    pickup: int = 0
    bars: tuple[int, ...] = ()
    mode: int = UNKNOWN_MODE


def conditioning_table(
    columns: Sequence[ConditioningFeature], form: Form, melody: QuantizedTrack | None = None
) -> NDArray[np.int64]:
    """Return the conditions [steps, features] of a whole piece, as far as they are known before its first step.

    A column `echo` holds 1 + the step of its token, 0 for none; `fill_bar_lag_tokens` replaces the step by the token.

    Raises ValueError when a feature needs a melody and none is given, or for a style outside its feature's size.
    """
    table = np.zeros((form.steps, len(columns)), np.int64)
    for number, column in enumerate(columns):
        if column.name == "melody":
            if melody is None:
                raise ValueError("the network is conditioned on a melody, and none was given")
            table[:, number] = _melody(melody, form.steps, column.offset)
        elif column.name == "style":
            if not 0 <= form.style < column.size:
                raise ValueError(f"style must be 0 to {column.size - 1}, got {form.style}")
            table[:, number] = form.style
        elif column.name == "echo":
            table[:, number] = _echo(form, column.offset)
        else:
            table[:, number] = np.minimum(_place(column.name, form), column.size - 1)
    return table


def fill_bar_lag_tokens(
    conditions: NDArray[np.int64], echoes: Sequence[int], past: NDArray[np.int64], rows: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return `conditions` [n, features], each one step of a piece, with tokens for steps in the columns `echoes`.

    `past` [rows, steps] are the tokens so far; rows[i] is the row of conditions[i], row i where `rows` is None.
    """
    filled = conditions.copy()
    own_rows = np.arange(len(filled)) if rows is None else rows
    for column in echoes:
        step = filled[:, column]
        tokens = past[own_rows, np.maximum(step - 1, 0)] if past.shape[1] else np.zeros_like(step)
        filled[:, column] = np.where(step > 0, tokens, 0)
    return filled


def bar_lag_features(columns: Sequence[ConditioningFeature]) -> tuple[int, ...]:
    """Return the columns that `fill_bar_lag_tokens` has to fill."""
    return tuple(number for number, column in enumerate(columns) if column.name == "echo")


def _place(name: Name, form: Form) -> NDArray[np.int64]:
    if name == "meter":
        number = METERS.index(form.meter) if form.meter in METERS else 0
        return np.full(form.steps, number, np.int64)
    if name == "mode":
        return np.full(form.steps, form.mode, np.int64)
    _, bar, position = _bars(form)
    if name == "position":
        return position % POSITIONS
    if name == "phrase":
        return np.asarray((bar - 1) % PHRASE_BARS, np.int64)
    if name == "section":
        return np.asarray(np.maximum(bar - 1, 0) // PHRASE_BARS % SECTIONS, np.int64)
    return np.asarray(np.minimum(bar[-1] - bar, REMAINING_BARS), np.int64)


def _bars(form: Form) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps at which bars begin, the pickup's included; the bar of each step, and its position in it."""
    steps = np.arange(form.steps, dtype=np.int64)
    length = max(form.meter.bar, 1)
    begins = np.array(form.bars or np.arange(form.pickup % length, form.steps + length, length), np.int64)
    begins = np.append(begins[0] - length, begins)
    bar = np.asarray(np.searchsorted(begins, steps, side="right") - 1, np.int64)
    return begins, bar, steps - begins[bar]


def _echo(form: Form, offset: int) -> NDArray[np.int64]:
    begins, bar, position = _bars(form)
    source = np.maximum(bar - offset, 0)
    step = begins[source] + position
    # A shorter bar has no token at this position.
    exists = (bar >= offset) & (step >= 0) & (step < np.append(begins, form.steps)[source + 1])
    return np.asarray(np.where(exists, step + 1, 0), np.int64)


def _melody(melody: QuantizedTrack, steps: int, offset: int) -> NDArray[np.int64]:
    states = np.zeros(max(melody.end, steps) + abs(offset) + 1, np.int64)
    for onset, length, pitches in zip(melody.onsets, melody.lengths, melody.pitches, strict=True):
        states[onset] = 1 + pitches[-1]
        states[onset + 1 : onset + length] = 129 + pitches[-1]
    at = np.arange(steps) + offset
    return np.asarray(np.where(at >= 0, states[np.maximum(at, 0)], 0), np.int64)
