"""Exact lengths and velocities: scores keep written values, performances use all values of a class."""

from typing import Any

import numpy as np
import pytest
from euterpe_music.note_events.exact_values import exact_lengths, exact_velocities
from euterpe_music.note_events.piece import NOTE
from euterpe_music.note_events.spec import LENGTHS, VELOCITY_STEP, length_class
from numpy.typing import NDArray


def performance(count: int = 400) -> NDArray[Any]:
    """Return notes of uneven lengths and changing velocities in two parts."""
    generator = np.random.default_rng(1)
    notes = np.zeros(count, NOTE)
    notes["bar"], notes["position"] = np.arange(count) // 12, np.arange(count) % 12 * 8
    notes["part"], notes["pitch"] = np.arange(count) % 2, generator.integers(40, 80, count)
    notes["length"] = generator.integers(4, 40, count)
    notes["velocity"] = generator.integers(10, 30, count)
    return notes


def score(count: int = 400) -> NDArray[Any]:
    """Return quarters, halves and triplets, loud and soft by turns of sixteen notes."""
    notes = performance(count)
    notes["length"] = length_class(np.array([24, 48, 8, 12, 36, 96])[np.arange(count) % 6])
    notes["velocity"] = np.where(np.arange(count) // 16 % 2, 24, 16)
    return notes


@pytest.mark.parametrize("notes", [performance(), score()], ids=["performance", "score"])
def test_values_are_of_their_classes(notes: NDArray[Any]) -> None:
    assert (length_class(exact_lengths(notes)) == notes["length"]).all()
    assert (exact_velocities(notes) // VELOCITY_STEP == notes["velocity"]).all()


def test_a_score_keeps_written_lengths_and_one_velocity_per_class() -> None:
    notes = score()
    assert (exact_lengths(notes) == LENGTHS[notes["length"]]).all()
    assert len(np.unique(exact_velocities(notes))) == 2


def test_a_performance_has_all_lengths_and_velocities_of_its_classes() -> None:
    """As in POP909, where .37 of the lengths above half a quarter are not those of their classes."""
    notes = performance()
    lengths, velocities = exact_lengths(notes), exact_velocities(notes)
    is_long = lengths > 12
    assert 0.3 < np.mean(lengths != LENGTHS[notes["length"]], where=is_long) < 0.7
    assert len(np.unique(velocities)) > 3 * len(np.unique(notes["velocity"]))
    assert set(np.unique(velocities % VELOCITY_STEP)) == set(range(VELOCITY_STEP))


def test_a_value_depends_on_the_notes_before_it_alone() -> None:
    notes = performance()
    for count in (1, 2, 50, 399):
        assert (exact_lengths(notes[:count]) == exact_lengths(notes)[:count]).all()
        assert (exact_velocities(notes[:count]) == exact_velocities(notes)[:count]).all()


def test_no_notes_have_no_values() -> None:
    notes = performance(0)
    assert not len(exact_lengths(notes))
    assert not len(exact_velocities(notes))
