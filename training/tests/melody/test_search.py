"""The exploration of the thesis' table 1: planned as stated, continued, and reported."""

from pathlib import Path

import pytest
import torch
from euterpe_training.errors import TrainingError
from euterpe_training.melody.run_queue import CorpusChoice, read_results
from euterpe_training.melody.search import SearchPlan, parse_values, run_search


def test_single_settings_are_varied_around_a_run_and_a_grid_has_all() -> None:
    corpus = CorpusChoice(Path("reels"))
    runs = [run.config for run in SearchPlan(corpus).runs()]
    base = runs[0]
    assert (base.units, base.layers, base.window, base.batch_size, base.dropout) == (512, 3, 32, 64, 0.2)
    assert len(runs) == 1 + 4 + 3 + 1 + 2 + 2
    assert {run.units for run in runs} == {50, 128, 256, 512, 1024}
    for run in runs[1:]:
        assert sum(base.to_dict()[name] != value for name, value in run.to_dict().items()) == 1
    grid = SearchPlan(corpus, order="grid").runs()
    assert len({run.directory for run in grid}) == len(grid) == 5 * 4 * 2 * 3 * 3
    assert SearchPlan(corpus, order="grid", trials=7).runs() == grid[:7]


def test_a_search_continues_and_writes_its_table(two_folders: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    log: list[str] = []
    values = parse_values(["units=8,16", "layers=1,2"])

    def plan(trials: int, songs: int = 0) -> SearchPlan:
        return SearchPlan(CorpusChoice(two_folders), values=values, order="grid", trials=trials, epochs=2, songs=songs)

    assert not run_search(plan(1), tmp_path, log.append, estimate_only=True)
    assert not list(tmp_path.rglob("results.json"))
    assert run_search(plan(1), tmp_path, log.append)
    assert run_search(plan(4), tmp_path, log.append)
    assert "3 of 4 runs to do" in log[-4]
    results = read_results(tmp_path / "trials")
    page = (tmp_path / "README.md").read_text()
    assert "Model 1, melody, 2 epochs, 13 songs" in page.splitlines()[0]
    best = min(epoch["validation"]["loss"] for row in results for epoch in row.epochs)
    assert f"validation loss {best:.3f}." in page
    assert "| units | 8 | 2 |" in page
    assert "| layers | 2 | 2 |" in page
    assert len([line for line in page.splitlines() if line.startswith(("| 8 |", "| 16 |"))]) == 4
    with pytest.raises(TrainingError, match="another --out"):
        run_search(plan(4, songs=8), tmp_path, log.append)


def test_values_are_checked() -> None:
    with pytest.raises(TrainingError, match="does not name a setting"):
        parse_values(["cell=gru"])
    with pytest.raises(TrainingError, match="has no values"):
        parse_values(["units="])
