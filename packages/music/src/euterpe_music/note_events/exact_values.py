"""Exact lengths and velocities of composed notes, of which a network chooses only the classes.

A class covers several lengths or velocities. Scores hold a few of them (the quarter, the half note), performances all.
In 200 files each of POP909 and of the classical and jazz corpora, lengths above half a quarter are spread evenly over
their classes where more than .3 of a piece's lengths are uneven (`_is_even`), and lie on the classes' own lengths where
less than .1 are. Velocities of one class differ where more than two thirds of neighbours differ in their class.

A value depends on the notes before it alone, so that notes do not change while a piece is composed, and equal notes
have equal values.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.note_events.spec import LENGTH_COUNT, LENGTHS, VELOCITY_STEP, length_class

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Shares of uneven lengths up to which a piece is a score, and from which on it is a performance.
_SCORE_LENGTHS: Final = 0.1
_PERFORMED_LENGTHS: Final = 0.3
#: Notes before the first one that count as even.
_ASSUMED_EVEN: Final = 8
#: Shares of neighbours with equal classes of velocity, from a performance to a score.
_PERFORMED_VELOCITIES: Final = 0.35
_SCORE_VELOCITIES: Final = 0.6
#: Pairs of neighbours before the first one that count as equal, and as all.
_ASSUMED_EQUAL: Final = (3, 4)
#: How often a performance repeats the latest velocity of a class.
_REPEATED_VELOCITIES: Final = 0.15

_CLASSES: Final = length_class(np.arange(int(LENGTHS[-1]) + 1))
_SHORTEST: Final = np.searchsorted(_CLASSES[1:], np.arange(LENGTH_COUNT)) + 1
_LONGEST: Final = np.searchsorted(_CLASSES[1:], np.arange(LENGTH_COUNT), side="right")


def exact_lengths(notes: NDArray[np.void]) -> Integers:
    """Return the lengths of notes (`NOTE`, in canonical order) in 1/24 quarter [n]."""
    classes = notes["length"].astype(np.int64)
    uneven = _share_before(~_is_even(LENGTHS[classes]), 0, _ASSUMED_EVEN)
    performed = np.clip((uneven - _SCORE_LENGTHS) / (_PERFORMED_LENGTHS - _SCORE_LENGTHS), 0, 1)
    shortest, longest = _SHORTEST[classes], _LONGEST[classes]
    spread = shortest + (_uniforms(notes, 0) * (longest - shortest + 1)).astype(np.int64)
    return np.where(_uniforms(notes, 1) < performed, spread, LENGTHS[classes])


def exact_velocities(notes: NDArray[np.void]) -> Integers:
    """Return the MIDI velocities of notes (`NOTE`, in canonical order) [n]."""
    velocities = np.zeros(len(notes), np.int64)
    for part in np.unique(notes["part"]).tolist():
        chosen = notes["part"] == part
        velocities[chosen] = _part_velocities(notes[chosen])
    return velocities


def _part_velocities(notes: NDArray[np.void]) -> Integers:
    """Return velocities: a class has its mean, or the one before, until a performance draws another."""
    classes = notes["velocity"].astype(np.int64)
    is_equal = np.concatenate([[True], classes[1:] == classes[:-1]])
    equal = _share_before(is_equal, *_ASSUMED_EQUAL)
    performed = np.clip((_SCORE_VELOCITIES - equal) / (_SCORE_VELOCITIES - _PERFORMED_VELOCITIES), 0, 1)
    is_drawn = _uniforms(notes, 2) < performed * (1 - _REPEATED_VELOCITIES)
    drawn = np.where(is_drawn, (_uniforms(notes, 3) * VELOCITY_STEP).astype(np.int64), VELOCITY_STEP // 2)
    return np.maximum(classes * VELOCITY_STEP + drawn[_latest(is_drawn, classes)], 1)


def _latest(is_drawn: NDArray[np.bool_], classes: Integers) -> Integers:
    """Return for each note the latest one of its class up to it that is drawn, or the first one of the class [n]."""
    order = np.argsort(classes, kind="stable")
    is_first = np.concatenate([[True], np.diff(classes[order]) != 0])
    places = np.where(is_drawn[order] | is_first, np.arange(len(order)), 0)
    latest = np.zeros(len(order), np.int64)
    latest[order] = order[np.maximum.accumulate(places)]
    return latest


def _is_even(lengths: Integers) -> NDArray[np.bool_]:
    """Return whether lengths are those of written notes: also triplets and dotted notes, and short ones."""
    return np.asarray((lengths % 6 == 0) | (lengths % 8 == 0) | np.isin(lengths, (2, 3, 4, 9)))


def _share_before(is_counted: NDArray[np.bool_], counted: int, assumed: int) -> Floats:
    """Return the share that is counted of the notes before each, with `counted` of `assumed` ones before the first."""
    before = np.concatenate([[0], np.cumsum(is_counted[:-1])])[: len(is_counted)]
    return np.asarray(before + counted) / (np.arange(len(is_counted)) + assumed)


def _uniforms(notes: NDArray[np.void], salt: int) -> Floats:
    """Return numbers from 0 to 1 that depend on the note and its number [n] (the mixing steps of SplitMix64)."""
    state = np.zeros(len(notes), np.uint64)
    for column in (np.arange(len(notes)), *(notes[name] for name in notes.dtype.names or ()), np.uint64(salt)):
        state = (state ^ np.asarray(column).astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53
