"""Pieces that are made up by seed: several parts, meters and lengths, with drums."""

from collections.abc import Callable

import numpy as np
import pytest
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_music.note_events.spec import DRUM_KEYS, LENGTH_COUNT, METER_TICKS, NO_CHORD, UNKNOWN_KEY


def _make_piece(seed: int, bar_count: int = 20, notes_per_bar: int = 8) -> NotePiece:
    generator = np.random.default_rng(seed)
    bars = np.zeros(bar_count, dtype=BAR_INFO)
    bars["meter"] = np.repeat(generator.choice([2, 3, 14], 4), bar_count // 4 + 1)[:bar_count]
    bars["tempo"] = 30
    bars["key"], bars["chord"] = UNKNOWN_KEY, NO_CHORD
    count = bar_count * notes_per_bar
    notes = np.zeros(count, dtype=NOTE)
    # Every fourth bar repeats the one four bars before, so that echoes have something to find.
    notes["bar"] = generator.integers(0, bar_count, count)
    notes["position"] = generator.integers(0, METER_TICKS[bars["meter"]][notes["bar"]] // 6) * 6
    notes["part"] = generator.choice([1, 40, 50, DRUM_PART], count)
    drum = notes["part"] == DRUM_PART
    notes["pitch"] = np.where(
        drum, generator.integers(DRUM_KEYS.start, DRUM_KEYS.stop, count), generator.integers(30, 90, count)
    )
    notes["length"] = generator.integers(0, LENGTH_COUNT - 8, count)
    notes["velocity"] = generator.integers(5, 30, count)
    repeated = notes[notes["bar"] < bar_count - 4].copy()
    repeated["bar"] += 4
    repeated = repeated[repeated["bar"] % 4 == 0]
    fits = repeated["position"] < METER_TICKS[bars["meter"]][repeated["bar"]]
    return NotePiece(canonical(np.concatenate([notes[notes["bar"] % 4 != 0], repeated[fits]])), bars)


@pytest.fixture
def make_piece() -> Callable[..., NotePiece]:
    """Return a function that makes up the piece of a seed."""
    return _make_piece
