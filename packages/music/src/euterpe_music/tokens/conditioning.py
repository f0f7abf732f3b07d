"""What a network is told at each step beside its own last token: place in the bar, style, the melody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_music.meter import Meter
from euterpe_music.tokens.meter import METERS
from euterpe_music.tokens.quantized_track import QuantizedTrack

Name = Literal["style", "meter", "position", "phrase", "section", "remaining", "melody", "echo"]

#: Numbers that each condition can have; styles are the bundle's own, echoes as many as there are words.
POSITIONS: Final = 24
PHRASE_BARS: Final = 8
SECTIONS: Final = 4
REMAINING_BARS: Final = 8
_MELODY_STATES: Final = 257
SIZES: Final[dict[str, int]] = {
    "meter": len(METERS),
    "position": POSITIONS,
    "phrase": PHRASE_BARS,
    "section": SECTIONS,
    "remaining": REMAINING_BARS + 1,
    "melody": _MELODY_STATES,
}


@dataclass(frozen=True)
class ConditioningFeature:
    """One column of a network's conditions.

    `style` is the number of the style. `meter` is the place in METERS, `position` the sixteenth of the bar, `phrase`
    the bar of its eight, `section` which eight of thirty-two bars, `remaining` how many bars come after this one, 8 for
    more. `melody` is what the melody does `offset` steps later: 0 for a rest or after its end, 1 + pitch where a note
    begins, 129 + pitch while it is held; of a chord the highest note counts. `echo` is the part's own word at this
    place `offset` bars ago, 0 where there was none: what a tune that repeats itself goes on with.
    """

    name: Name
    size: int
    offset: int = 0


@dataclass(frozen=True)
class Form:
    """The frame of a piece: steps (sixteenths) in all, its meter, its style, and steps before the first full bar.

    `bars`, for songs whose bars differ in length, are the steps at which bars begin; `pickup` is then not looked at.
    """

    steps: int
    meter: Meter = METERS[0]
    style: int = 0
    pickup: int = 0
    bars: tuple[int, ...] = ()


def conditioning_table(
    columns: Sequence[ConditioningFeature], form: Form, melody: QuantizedTrack | None = None
) -> NDArray[np.int64]:
    """The conditions [steps, columns] of a whole piece, as far as they are known before its first step.

    A column `echo` holds 1 + the step of its token, 0 for none; `fill_bar_lag_tokens` replaces the step by the token.

    Raises ValueError when a column wants a melody and none is given, or a style is outside its column's size.
    """
    table = np.zeros((form.steps, len(columns)), np.int64)
    for number, column in enumerate(columns):
        if column.name == "melody":
            if melody is None:
                raise ValueError("the network goes by a melody, and none was given")
            table[:, number] = _melody(melody, form.steps, column.offset)
        elif column.name == "style":
            if not 0 <= form.style < column.size:
                raise ValueError(f"style {form.style} is not one of the {column.size} styles")
            table[:, number] = form.style
        elif column.name == "echo":
            table[:, number] = _echo(form, column.offset)
        else:
            table[:, number] = np.minimum(_place(column.name, form), column.size - 1)
    return table


def fill_bar_lag_tokens(
    conditions: NDArray[np.int64], echoes: Sequence[int], past: NDArray[np.int64], rows: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """`conditions` [n, columns], each one step of a piece, with words instead of steps in the columns `echoes`.

    `past` [rows, steps] are words so far; rows[i] is that of conditions[i], row i where `rows` is None.
    """
    told = conditions.copy()
    mine = np.arange(len(told)) if rows is None else rows
    for column in echoes:
        step = told[:, column]
        words = past[mine, np.maximum(step - 1, 0)] if past.shape[1] else np.zeros_like(step)
        told[:, column] = np.where(step > 0, words, 0)
    return told


def bar_lag_features(columns: Sequence[ConditioningFeature]) -> tuple[int, ...]:
    """Which of the columns `fill_bar_lag_tokens` has to fill in."""
    return tuple(number for number, column in enumerate(columns) if column.name == "echo")


def _place(name: Name, form: Form) -> NDArray[np.int64]:
    if name == "meter":
        number = METERS.index(form.meter) if form.meter in METERS else 0
        return np.full(form.steps, number, np.int64)
    _, bar, position = _bars(form)
    if name == "position":
        return position % POSITIONS
    if name == "phrase":
        return np.asarray((bar - 1) % PHRASE_BARS, np.int64)
    if name == "section":
        return np.asarray(np.maximum(bar - 1, 0) // PHRASE_BARS % SECTIONS, np.int64)
    return np.asarray(np.minimum(bar[-1] - bar, REMAINING_BARS), np.int64)


def _bars(form: Form) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where bars begin, the pickup's included; the bar of each step, and its place in it."""
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
    # A shorter bar has nothing there that this one could repeat.
    there = (bar >= offset) & (step >= 0) & (step < np.append(begins, form.steps)[source + 1])
    return np.asarray(np.where(there, step + 1, 0), np.int64)


def _melody(melody: QuantizedTrack, steps: int, offset: int) -> NDArray[np.int64]:
    states = np.zeros(max(melody.end, steps) + abs(offset) + 1, np.int64)
    for onset, length, pitches in zip(melody.onsets, melody.lengths, melody.pitches, strict=True):
        states[onset] = 1 + pitches[-1]
        states[onset + 1 : onset + length] = 129 + pitches[-1]
    at = np.arange(steps) + offset
    return np.asarray(np.where(at >= 0, states[np.maximum(at, 0)], 0), np.int64)
