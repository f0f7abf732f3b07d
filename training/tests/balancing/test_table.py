from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_training.balancing.classifier import FitOptions
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.sources import Source
from euterpe_training.balancing.table import Table, read_cells
from euterpe_training.balancing.table_plan import Scale, plan
from euterpe_training.balancing.table_report import table_report
from euterpe_training.errors import TrainingError
from rich.console import Console

TINY = FitOptions(network="small", epochs=1, steps_per_round=2, batch_size=8)
SCALE = Scale(
    full=100, quarter=200, seeds=2, many_seeds=2, networks=("small",), networks_at_full=("small",), recipe="smoke",
    wide={"mnist": "smoke"}, fit=TINY, fit_small=TINY,
)  # fmt: skip


def test_the_plan_has_the_blocks_of_the_table_in_order() -> None:
    blocks = plan(["mnist", "fashion"], Scale())
    assert list(blocks) == ["networks", "full", "methods", "ratios", "variants", "validation", "width"]
    # Five networks, two sets, three methods, three seeds; two networks at the full counts.
    assert len(blocks["networks"]) == 5 * 2 * 3 * 3
    assert len(blocks["full"]) == 2 * 2 * 3 * 3
    # Not balancing, ten resamplers, seven losses, and two mixed ones with five weights.
    names = {cell.method for cell in blocks["methods"]}
    assert len([name for name in names if not name.startswith("loss:")]) == 11
    assert {"loss:bilinear-mix-0.1", "loss:log-bilinear-mix-0.9", "loss:weighted"} <= names
    assert len(blocks["methods"]) == len(names) * 2 * 5
    assert {(cell.method, cell.ratio) for cell in blocks["ratios"]} == {
        ("unbalanced", 1.0), *((name, ratio) for name in ("random-over", "smote", "deepsmote")
                               for ratio in (0.1, 0.3, 0.5, 1.0)),
    }  # fmt: skip
    # A table that is stopped early has every row with fewer seeds.
    assert [cell.seed for cell in blocks["networks"]] == sorted(cell.seed for cell in blocks["networks"])
    keys = {cell.key for cells in blocks.values() for cell in cells}
    assert len(keys) == len({cell for cells in blocks.values() for cell in cells})


@pytest.fixture
def table(make_bars: Callable[..., ImageSet], tmp_path: Path) -> Callable[[], Table]:
    sets = [make_bars([40] * 10), make_bars([12] * 10, seed=1)]
    source = Source(*sets)

    def make() -> Table:
        found = Table({"mnist": source}, SCALE, tmp_path / "table", torch.device("cpu"), Console(quiet=True))
        kept = {"networks": 3, "methods": 2, "variants": 4, "validation": 2}
        found.blocks = {name: cells[: kept.get(name, 0)] for name, cells in found.blocks.items()}
        return found

    return make


def test_a_table_stops_at_its_budget_continues_and_lists_what_was_not_run(
    table: Callable[[], Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "table"
    first = table()
    estimates = first.estimate()
    assert estimates["networks"] > 0
    assert estimates["full"] == 0
    first.run(0)
    assert read_cells(out) == []
    text = table_report(out).read_text()
    assert "| Networks of the thesis, a quarter of its counts | 3 |" in text
    assert "| mnist | 1/200 | small | 0 | – | not run |" in text
    # Every cell takes a minute: the budget suffices for two.
    monkeypatch.setattr(Table, "seconds", lambda _self, _cell, _trained: 60.0)
    monkeypatch.setattr("euterpe_training.balancing.table.time.perf_counter", iter(range(0, 60 * 99, 60)).__next__)
    table().run(2 / 60)
    assert [one["cell"].method for one in read_cells(out)] == ["deepsmote", "unbalanced"]
    monkeypatch.undo()
    stamps = {path: path.stat().st_mtime_ns for path in (out / "cells").iterdir()}
    table().run(10)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    cells = read_cells(out)
    assert len(cells) == 3 + 2 + 4 + 2
    assert {len(one["outcome"]["predictions"]) for one in cells} == {len(cells[0]["outcome"]["predictions"])}
    text = table_report(out).read_text()
    assert "Nothing: all cells have results." in text
    assert "| mnist | 1/200 | unbalanced | small | 1 |" in text
    assert "bagan-gp (game=bce)" in text
    assert "random-over (validation after balancing)" in text
    assert text.count("undecidable with this n") + text.count("confirmed") + text.count("refuted") == 1
    assert table_report(out).read_text() == text


def test_the_test_set_is_not_divided_and_validation_after_balancing_has_synthetic_images(
    table: Callable[[], Table],
) -> None:
    made = table()
    full, quarter = (made._repetition("mnist", share, 0) for share in (100, 200))
    assert np.array_equal(full.test.counts, quarter.test.counts)
    assert full.train.counts.sum() > quarter.train.counts.sum()
    assert set(full.balanced_test.counts) == {12}


def test_other_settings_and_unknown_sets_are_refused(table: Callable[[], Table], tmp_path: Path) -> None:
    made = table()
    made._store_plan()
    with pytest.raises(TrainingError, match="other settings"):
        Table(made.sources, Scale(), tmp_path / "table", torch.device("cpu"), Console(quiet=True))
