"""Figures that a part played before become likelier, on any degree."""

import numpy as np
import pytest
from euterpe_music.note_events.figure_memory import FigureMemory
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.spec import BAR, PART_OFFSET, PITCH_OFFSET
from numpy.typing import NDArray

PIANO, FLUTE = 5, 9


def note(pitch: int, part: int = PIANO) -> NDArray[np.int64]:
    return np.array([[0, part, PITCH_OFFSET + pitch, 1, 1]])


def expected(memory: FigureMemory, part: int = PIANO, row: int = 0) -> dict[int, float]:
    """Return the pitches that are likelier than before, and by how many nats, at a strength of 2."""
    bias = memory.bias(np.full(row + 1, part), np.full(row + 1, 2.0))[row]
    return {place - PITCH_OFFSET: pytest.approx(float(bias[place])) for place in np.flatnonzero(bias).tolist()}


def play(memory: FigureMemory, *pitches: int, part: int = PIANO) -> None:
    for pitch in pitches:
        memory.add(note(pitch, part))


def test_a_figure_may_return_on_another_degree() -> None:
    memory = FigureMemory(1)
    play(memory, 60, 62, 64, 67)
    assert expected(memory) == {}
    play(memory, 65, 67, 69)
    assert expected(memory) == {72: 1.0}
    play(memory, 72, 60, 62, 64)
    assert expected(memory) == {67: 2 * 2 / 3}


def test_what_followed_most_often_is_likeliest() -> None:
    memory = FigureMemory(1)
    for last in (67, 67, 60):
        play(memory, 60, 62, 64, last)
    play(memory, 60, 62, 64)
    assert expected(memory) == {67: 2 * 2 / 4, 60: 2 * 1 / 4}


def test_parts_have_figures_of_their_own_and_drums_have_none() -> None:
    memory = FigureMemory(1)
    play(memory, 60, 62, 64, 67)
    play(memory, 60, 62, 64, part=FLUTE)
    assert expected(memory, FLUTE) == {}
    play(memory, 40, 42, 40, 42, 40, 42, part=PART_OFFSET + DRUM_PART)
    assert expected(memory, PART_OFFSET + DRUM_PART) == {}
    memory.add(np.array([[BAR, PIANO, 3, 0, 0]]))
    play(memory, 60, 62, 64)
    assert expected(memory) == {67: 1.0}


def test_a_repeated_note_is_no_figure() -> None:
    memory = FigureMemory(1)
    play(memory, 60, 60, 60, 60, 60)
    assert expected(memory) == {}


def test_a_strength_of_nothing_changes_nothing() -> None:
    memory = FigureMemory(1)
    play(memory, 60, 62, 64, 67, 60, 62, 64)
    assert not memory.bias(np.array([PIANO]), np.zeros(1)).any()


def test_pieces_move_with_their_figures_and_return_to_a_saved_state() -> None:
    memory = FigureMemory(2)
    play(memory, 60, 62, 64, 67, 60, 62, 64)
    saved = memory.save(0)
    play(memory, 60)
    memory.restore(0, saved)
    assert expected(memory) == {67: 1.0}
    memory.move(0, 1)
    assert expected(memory) == {}
    assert expected(memory, row=1) == {67: 1.0}
    memory.reset(1)
    assert expected(memory, row=1) == {}
