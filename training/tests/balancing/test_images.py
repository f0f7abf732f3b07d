from dataclasses import replace

import numpy as np
import pytest
from euterpe_training.balancing.counts import THESIS_COUNTS, missing, parse_counts, unbalance
from euterpe_training.balancing.images import ImageSet, counts_of_same_ratios, cut, split
from euterpe_training.errors import TrainingError


def test_a_cut_has_the_counts_that_were_asked_for_and_is_the_same_for_a_seed(unbalanced: ImageSet) -> None:
    small = cut(unbalanced, [10, 5, 2], seed=3)
    assert small.counts.tolist() == [10, 5, 2]
    assert np.array_equal(small.images, cut(unbalanced, [10, 5, 2], seed=3).images)
    assert len(np.unique(small.groups)) == 17
    for image, group in zip(small.images, small.groups, strict=True):
        assert np.array_equal(image, unbalanced.images[group])


@pytest.mark.parametrize(
    ("counts", "words"), [([61, 5, 2], "class c0 of bars has 60"), ([5, 5, 0], "class c2"), ([5, 5], "3 classes")]
)
def test_impossible_counts_name_the_class(unbalanced: ImageSet, counts: list[int], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        cut(unbalanced, counts)


def test_the_test_set_is_real_disjoint_and_of_the_same_ratios(make_bars: object) -> None:
    train, test = make_bars([80, 80, 80]), make_bars([40, 40, 40], seed=1)  # type: ignore[operator]
    task = unbalance(train, test, [80, 40, 10])
    assert task.test.counts.tolist() == [40, 20, 5]
    originals = {image.tobytes() for image in test.images}
    assert {image.tobytes() for image in task.test.images} <= originals
    assert not originals & {image.tobytes() for image in task.train.images}


def test_same_ratios_use_all_that_is_there_and_never_more() -> None:
    assert counts_of_same_ratios([980, 1135, 1032], [4000, 2000, 40]) == [980, 490, 9]
    assert counts_of_same_ratios([10, 10], [1000, 1]) == [10, 1]
    assert counts_of_same_ratios([500, 500], [10, 5]) == [500, 250]


def test_a_split_keeps_groups_whole_and_every_class_on_both_sides(unbalanced: ImageSet) -> None:
    grouped = replace(unbalanced, groups=np.arange(len(unbalanced)) // 4)
    rest, held_out = split(grouped, 0.2, seed=1)
    assert not set(rest.groups) & set(held_out.groups)
    assert len(rest) + len(held_out) == len(grouped)
    assert (rest.counts > 0).all()
    assert held_out.counts.tolist() == [12, 4, 4]
    with pytest.raises(TrainingError, match="c2 of bars has one member"):
        split(grouped.take(np.flatnonzero((grouped.labels != 2) | (grouped.groups == grouped.groups[-1]))), 0.2)


def test_counts_by_name_by_part_and_by_list(unbalanced: ImageSet) -> None:
    assert parse_counts("cifar10", unbalanced) == list(THESIS_COUNTS["cifar10"])
    assert parse_counts("mnist/4", unbalanced) == [1000, 500, 250, 188, 125, 88, 50, 25, 15, 10]
    assert parse_counts("9, 5,2", unbalanced) == [9, 5, 2]
    assert parse_counts("all", unbalanced) == [60, 24, 8]
    for wrong in ("many", "mnist/0.5", "1,x"):
        with pytest.raises(TrainingError, match="must be one of mnist"):
            parse_counts(wrong, unbalanced)


def test_filling_up_stops_at_the_ratio() -> None:
    counts = np.array([100, 60, 7])
    assert missing(counts).tolist() == [0, 40, 93]
    assert missing(counts, 0.5).tolist() == [0, 0, 43]
    for ratio in (0.0, 1.01, float("nan"), -1):
        with pytest.raises(TrainingError, match=r"must be in \(0, 1\]"):
            missing(counts, ratio)
    with pytest.raises(TrainingError, match="only one class"):
        missing(np.array([100, 0]))
