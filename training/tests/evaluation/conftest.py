"""Music that is made up, for tests of the evaluation: tunes with chords, whose answer to every measure is known."""

from collections.abc import Callable

import numpy as np
import pytest
from euterpe_music.meter import Meter
from euterpe_training.evaluation.scores import GRID, Score, make_score, ticks_per_bar

MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
FOUR_FOUR = Meter(4, 4)


def _score(notes: list[tuple[float, float, int]], meter: Meter | None = None, **details: object) -> Score:
    """A score of (onset, duration, pitch) in quarters, with bars from tick 0 on where a meter is given."""
    onset, duration, pitch = np.array(notes, float).T
    if meter is not None:
        details |= {"meters": (meter,), "bars": np.arange(0, round(onset.max() * GRID) + 1, ticks_per_bar(meter))}
    return make_score(np.rint(onset * GRID), np.rint(duration * GRID), pitch, **details)


def _tune(seed: int, bars: int = 24, style: str = "") -> Score:
    """A melody of repeated two-bar figures in eighths and quarters over bass and chords, in a key of its own."""
    random = np.random.default_rng(seed)
    tonic = int(random.integers(-5, 7))
    figures = [_figure(random) for _ in range(4)]
    roots = random.choice([0, 3, 4, 5], (4, 2))
    onset: list[float] = []
    duration: list[float] = []
    pitch: list[int] = []
    for pair in range(bars // 2):
        number = (0, 1, 0, 2, 0, 1, 3, 0)[pair % 8]
        starts, lengths, degrees = figures[number]
        onset += [8 * pair + start for start in starts]
        duration += lengths
        pitch += [72 + tonic + 12 * (degree // 7) + int(MAJOR[degree % 7]) for degree in degrees]
        for bar, root in enumerate(roots[number].tolist()):
            for tone, octave, at in ((root, 3, 0.0), (root + 2, 4, 1.0), (root + 4, 4, 1.0), (root + 4, 3, 2.0)):
                onset.append(8 * pair + 4 * bar + at)
                duration.append(1.0)
                pitch.append(tonic + 12 * octave + 12 * (tone // 7) + int(MAJOR[tone % 7]))
    velocity = random.integers(60, 90, len(onset))
    columns = (np.array(onset) * GRID, np.array(duration) * GRID, pitch, velocity)
    bar_lines = np.arange(bars) * 4 * GRID
    return make_score(
        *columns, bars=bar_lines, meters=(FOUR_FOUR,), name=f"tune {seed}", work=f"tune {seed}", style=style
    )


def _shuffled(original: Score, seed: int = 0) -> Score:
    """The same onsets, durations and pitches, but every pitch at another note's place."""
    pitch = np.random.default_rng(seed).permutation(original.pitch)
    return make_score(original.onset, original.duration, pitch, original.velocity, work=original.work)


def _figure(random: np.random.Generator) -> tuple[list[float], list[float], list[int]]:
    starts: list[float] = []
    at = 0.0
    while at < 8:
        starts.append(at)
        at += float(random.choice([0.5, 0.5, 1.0, 1.0, 2.0]))
    lengths = np.diff([*starts, 8.0]).tolist()
    degrees = np.clip(7 + np.cumsum(random.choice([-2, -1, -1, 0, 1, 1, 2], len(starts))), 2, 13).tolist()
    return starts, lengths, degrees


@pytest.fixture(scope="session")
def score() -> Callable[..., Score]:
    return _score


@pytest.fixture(scope="session")
def tune() -> Callable[..., Score]:
    return _tune


@pytest.fixture(scope="session")
def shuffled() -> Callable[..., Score]:
    return _shuffled
