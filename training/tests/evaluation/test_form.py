"""Self-similarity, clashes, keys and meters."""

from collections.abc import Callable

import numpy as np
import pytest
from euterpe_music.key_signature import KeySignature
from euterpe_music.meter import Meter
from euterpe_training.evaluation.clashes import clash_share
from euterpe_training.evaluation.key_agreement import key_relation, score_key
from euterpe_training.evaluation.meter_agreement import estimate_meter_class, meter_class
from euterpe_training.evaluation.scores import Score, bar_lines, key_name, ticks_per_beat
from euterpe_training.evaluation.self_similarity import bar_similarity, rhythm_similarity

Make = Callable[..., Score]

WALTZ, JIG, REEL = Meter(3, 4), Meter(6, 8), Meter(4, 4)


def repeated(meter: Meter, pattern: list[list[int]], times: int) -> list[tuple[float, float, int]]:
    """Bars of even notes, bar after bar of the pattern, over and over."""
    length = meter.beats * 4 / meter.unit
    return [
        (length * (number + len(pattern) * turn) + at * length / len(bar), length / len(bar), pitch)
        for turn in range(times)
        for number, bar in enumerate(pattern)
        for at, pitch in enumerate(bar)
    ]


@pytest.mark.parametrize("meter", [WALTZ, JIG, REEL])
def test_bars_return_after_as_many_bars_as_the_pattern_has(meter: Meter, score: Make) -> None:
    pattern = [[60, 62, 64], [65, 67, 69], [71, 72, 74], [76, 77, 79]]
    found = bar_similarity(score(repeated(meter, pattern, 4), meter))
    assert found == {1: 0.0, 2: 0.0, 4: 1.0, 8: 1.0}
    assert rhythm_similarity(score(repeated(meter, pattern, 4), meter)) == {1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0}


def test_the_wrong_meter_does_not_see_the_repetition(score: Make) -> None:
    pattern = [[60, 62, 64], [65, 67, 69]]
    notes = repeated(WALTZ, pattern, 8)
    assert bar_similarity(score(notes, WALTZ))[2] == 1.0
    assert bar_similarity(score(notes, REEL))[2] < 0.5
    assert bar_similarity(score(notes)) == {}


def test_half_equal_bars_are_half_similar(score: Make) -> None:
    notes = repeated(REEL, [[60, 62, 64, 65], [60, 62, 67, 69]], 1)
    assert bar_similarity(score(notes, REEL)) == {1: 0.5}


def test_clashes_are_minor_seconds_and_ninths_that_sound_together(score: Make) -> None:
    assert clash_share(score([(0, 1, 60), (1, 1, 61)])) == 0
    assert clash_share(score([(0, 2, 60), (1, 1, 61)])) == pytest.approx(0.5)
    assert clash_share(score([(0, 2, 60), (1, 1, 73)])) == pytest.approx(0.5)
    assert clash_share(score([(0, 2, 60), (0, 2, 62), (0, 2, 71)])) == 0


def test_keys_and_their_relations(score: Make) -> None:
    scale = [(float(at), 1.0, pitch) for at, pitch in enumerate([62, 64, 66, 67, 69, 71, 73, 74, 69, 66, 62, 57, 62])]
    assert score_key(score(scale)) == "D major"
    for found, asked, relation in (
        ("D major", "D major", "same"), ("B minor", "D major", "relative"), ("D major", "B minor", "relative"),
        ("A major", "D major", "fifth"), ("D minor", "D major", "parallel"), ("E major", "D major", "other"),
    ):  # fmt: skip
        assert key_relation(found, asked) == relation
    names = [key_name(KeySignature(sharps, is_minor)) for sharps, is_minor in ((2, False), (-3, True), (4, True))]
    assert names == ["D major", "C minor", "Db minor"]


@pytest.mark.parametrize(
    ("meter", "bass_beats", "name"), [(REEL, [0, 2], "duple"), (WALTZ, [0], "triple"), (JIG, [0, 1.5], "compound")]
)
def test_meters_are_told_by_their_accents(meter: Meter, bass_beats: list[float], name: str, score: Make) -> None:
    random = np.random.default_rng(0)
    length = meter.beats * 4 / meter.unit
    step = 0.5 if meter is JIG else 1.0
    notes: list[tuple[float, float, int]] = []
    for bar in range(24):
        notes += [(bar * length + beat, 1.0, 43) for beat in bass_beats]
        inner = np.arange(0, length, step)
        notes += [(bar * length + at, step, int(random.choice([67, 69, 71, 72]))) for at in inner]
    assert meter_class(meter) == name
    assert estimate_meter_class(score(notes, meter)) == name


def test_beats_and_bar_lines_follow_time_signatures() -> None:
    assert [meter.is_compound for meter in (JIG, WALTZ, REEL, Meter(3, 8))] == [True, False, False, False]
    assert [ticks_per_beat(meter) for meter in (JIG, WALTZ, Meter(2, 2))] == [36, 24, 48]
    bars, meters = bar_lines([(0, WALTZ), (144, JIG), (216, REEL)], 400)
    assert bars.tolist() == [0, 72, 144, 216, 312]
    assert meters == (WALTZ, JIG, REEL)
    assert bar_lines([], 400)[1] == ()
