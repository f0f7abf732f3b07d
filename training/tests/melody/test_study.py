"""A study that is stopped by its budget and continued, seed by seed and corpus by corpus, and its report."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from euterpe_training.errors import TrainingError
from euterpe_training.melody import study
from euterpe_training.melody.run_queue import CorpusChoice, PlannedRun, RunQueue, read_results
from euterpe_training.melody.study_report import study_report

TINY = study.Scale(units=0.016, epochs=3, songs=0, seeds=2, rate=0.01, batch=8)
_ALL = study.plan


def thesis_plan(corpora: list[CorpusChoice], scale: study.Scale, *, variants: bool = False) -> Iterator[PlannedRun]:
    """Yield the melody's runs 1 and 2 of both models, and both kinds of targets."""
    for run in _ALL(corpora, scale, variants=variants):
        if run.config.part == "melody" and run.name not in ("run3", "run4"):
            yield run


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(study, "plan", thesis_plan)


def test_the_plan_has_the_thesis_runs_as_stated() -> None:
    planned = list(_ALL([CorpusChoice(Path("reels"))], study.Scale(), variants=True))
    assert len({run.directory for run in planned}) == len(planned)
    thesis = [run for run in planned if run.group in ("Model 1", "Model 2")]
    assert len(thesis) == 2 * 4 * 2 * 3
    sizes = {run.name: (run.config.cell, run.config.layers, run.config.units) for run in thesis}
    assert sizes == {
        "run1": ("lstm", 1, 512),
        "run2": ("lstm", 3, 512),
        "run3": ("lstm", 3, 1024),
        "run4": ("gru", 3, 512),
    }
    for run in thesis:
        config = run.config
        assert (config.window, config.epochs, config.patience, config.dropout, config.songs) == (32, 50, 0, 0.2, 62)
        assert config.has_one_hot_inputs == (config.encoding == 1)
        assert config.has_dense_layer == (config.encoding == 2)
        assert (config.precision, config.targets, config.keys) == ("bfloat16", "all", "as written")
    assert {run.config.targets for run in planned if run.group == "Targets per window"} == {"all", "last"}
    beyond = [run.config for run in planned if run.group == "Beyond the thesis"]
    assert any(config.echoes for config in beyond)
    assert any(config.cell == "transformer" for config in beyond)


def test_a_budget_stops_a_study_and_the_same_command_continues_it(two_folders: Path, tmp_path: Path) -> None:
    corpora = [CorpusChoice(two_folders, "jigs")]
    scale = replace(TINY, seeds=1)
    planned = list(thesis_plan(corpora, scale))
    ticks = iter(range(10_000))
    log: list[str] = []
    queue = RunQueue(planned[:2], tmp_path / "a", budget_minutes=4 / 60, log=log.append, clock=lambda: next(ticks))
    assert not queue.execute()
    assert "0 of 2 runs are complete" in log[-1]
    assert [path.name for path in (tmp_path / "a").rglob("*.*")] == ["melody.pt"]
    again = RunQueue(planned[:2], tmp_path / "a", log=log.append)
    assert again.estimate_seconds() > 0
    assert "2 of 2 runs to do" in log[-1]
    assert again.execute()
    assert not list((tmp_path / "a").rglob("*.pt"))
    assert RunQueue(planned[:2], tmp_path / "b").execute()
    stopped, straight = (read_results(tmp_path / name) for name in "ab")
    assert [row.epochs for row in stopped] == [row.epochs for row in straight]
    assert [row.test_best for row in stopped] == [row.test_best for row in straight]
    with pytest.raises(TrainingError, match="other settings"):
        RunQueue([replace(planned[0], config=replace(planned[0].config, epochs=9))], tmp_path / "a")


def test_the_report_is_written_from_results_and_states_its_scale_first(two_folders: Path, tmp_path: Path) -> None:
    corpora = [CorpusChoice(two_folders)]
    log: list[str] = []
    assert study.run_study(corpora, tmp_path, TINY, log.append)
    assert "10 of 10 runs to do" in log[0]
    page = (tmp_path / "README.md").read_text()
    assert page.splitlines()[0].startswith("# Melody networks at 0.016 × the thesis' units, 3 epochs")
    assert "not with the thesis' results" in " ".join(page.split())
    assert ".957" not in page
    results = read_results(tmp_path / "runs")
    for row in results:
        assert [len(epoch[part]["accuracy"]) for epoch in row.epochs for part in ("train", "validation")] == (
            [row.config["encoding"]] * 6
        )
        assert (tmp_path / f"curves-{two_folders.name}.png").is_file()
    assert "| Model 2 | three layers instead of one | melody | 2 |" in page
    (tmp_path / "README.md").unlink()
    assert study.run_study(corpora, tmp_path, TINY, log.append)
    assert (tmp_path / "README.md").read_text() == page
    with pytest.raises(TrainingError, match="other epochs"):
        study.run_study(corpora, tmp_path, replace(TINY, epochs=2), log.append)
    full = [replace(row, scale={**row.scale, "units": 1.0, "epochs": 50}) for row in results]
    assert study_report(full).startswith("# Melody networks at the thesis' size, 50 epochs")
    assert ".957" in study_report(full)


def test_a_style_that_the_corpus_lacks_is_named_with_those_that_it_has(two_folders: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no style 'polkas'; its styles are: jigs, reels"):
        study.run_study([CorpusChoice.parse(f"{two_folders}=polkas")], tmp_path, TINY, print)
