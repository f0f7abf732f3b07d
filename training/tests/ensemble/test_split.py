from pathlib import Path

import numpy as np
import pytest
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.corpora.fingerprints import clusters, sketch
from euterpe_training.ensemble.corpora.sources import SOURCES
from euterpe_training.ensemble.corpora.split import SPLITS, load_split, make_split


def _melody(seed: int, shift: int = 0, count: int = 200) -> NotePiece:
    generator = np.random.default_rng(seed)
    notes = np.zeros(count, dtype=NOTE)
    notes["bar"], notes["position"] = np.arange(count) // 8, np.arange(count) % 8 * 12
    notes["part"] = 50
    notes["pitch"] = 60 + shift + np.clip(np.cumsum(generator.integers(-4, 5, count)), -30, 30)
    bars = np.zeros(count // 8 + 1, dtype=BAR_INFO)
    bars["meter"] = 3
    return NotePiece(canonical(notes), bars)


def test_a_transposed_copy_under_another_name_is_recognised() -> None:
    sketches = [sketch(_melody(1)), sketch(_melody(2)), sketch(_melody(1, shift=5)), sketch(_melody(3))]
    groups = clusters(sketches, ["a", "b", "c", "d"])
    assert groups[0] == groups[2]
    assert len(set(groups.tolist())) == 3


def test_movements_of_a_work_stay_together() -> None:
    groups = clusters([sketch(_melody(seed)) for seed in range(3)], ["op1", "op2", "op1"])
    assert groups[0] == groups[2] != groups[1]


def test_the_split_keeps_clusters_whole_and_takes_its_shares_of_each_source() -> None:
    names = [f"{number:03d}" for number in range(300)]
    sources = ["a"] * 200 + ["b"] * 100
    groups = np.array([number // 2 * 2 for number in range(300)])
    sides = make_split(names, sources, groups)
    for first in range(0, 300, 2):
        assert sides.get(names[first]) == sides.get(names[first + 1])
    for source, total in (("a", 200), ("b", 100)):
        held = [sides.get(name) for name, item in zip(names, sources, strict=True) if item == source]
        assert held.count("test") == pytest.approx(0.06 * total, abs=1)
        assert held.count("validation") == pytest.approx(0.04 * total, abs=1)


def test_the_split_depends_on_nothing_but_names_and_clusters() -> None:
    names = [f"{number:03d}" for number in range(100)]
    first = make_split(names, ["a"] * 100, np.arange(100))
    second = make_split(names, ["a"] * 100, np.arange(100))
    assert first == second


def test_the_committed_lists_name_files_of_every_source_once() -> None:
    lists = {side: (SPLITS / f"{side}.txt").read_text(encoding="utf-8").splitlines() for side in ("validation", "test")}
    assert not set(lists["validation"]) & set(lists["test"])
    for names in lists.values():
        assert names == sorted(set(names))
        for source in SOURCES:
            folder = source.pattern.split("*")[0]
            assert any(name.startswith(folder) for name in names), source.name
    assert len(load_split()) == sum(len(names) for names in lists.values())


@pytest.mark.parametrize(
    ("source", "first", "second"),
    [
        (
            "classical",
            "schubert/1256d894m2.mid",
            "schubert/1255d894m1.mid",
        ),
        (
            "music21_quartets",
            "mozart/k155_movement1.mid",
            "mozart/k155_movement2.mid",
        ),
    ],
)
def test_file_names_of_one_work_are_recognised(source: str, first: str, second: str) -> None:
    found = next(item for item in SOURCES if item.name == source)
    assert found.work_of(Path(first)) == found.work_of(Path(second))


def test_only_free_sources_enter_the_free_recipe() -> None:
    free = {source.name for source in SOURCES if source.is_free}
    assert set(recipe("ensemble-free").sources) == free == {"lieder", "quartets"}
