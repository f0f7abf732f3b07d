"""A search for settings: evaluated, resumed and reported on a synthetic corpus."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from euterpe_music.midi import Piece, write_midi
from euterpe_training.crnngan.adversarial.card import training_notes
from euterpe_training.crnngan.adversarial.config import AdversarialConfig
from euterpe_training.crnngan.adversarial.evaluation import EvaluationSize, Measures
from euterpe_training.crnngan.adversarial.report import write_report
from euterpe_training.crnngan.adversarial.search import Search, SearchPlan, Trial
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import recipe
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError

BASE = AdversarialConfig(steps=1, batch=4, events=16, shortest_window=8, critic_warmup=1)
VERDICT = Measures(0.97, 0.96, 0.98, 0.98, 0.05, 1.0, 1.0, 0.1, 6.0)


def search(plan: SearchPlan, corpus: Corpus, music: Path, out: Path, budget: float = 0.0) -> tuple[Search, list[str]]:
    lines: list[str] = []
    return Search(plan, corpus, music, out, torch.device("cpu"), lines.append, budget), lines


def store(out: Path, name: str, part: str, after: Measures, error: str = "") -> None:
    directory = out / "trials" / name
    directory.mkdir(parents=True)
    trial = Trial(name, {"method": "policy", "kl": 0.5}, part, VERDICT, after, 9.0, error)
    (directory / "result.json").write_text(trial.to_json())


def test_more_trials_only_append_and_settings_fit_each_other() -> None:
    few, many = (SearchPlan((), count, BASE, EvaluationSize()).configurations() for count in (5, 40))
    assert many[:5] == few
    assert many[0] == BASE
    assert {one.method for one in many} == {"policy", "relaxed"}
    assert all(one.shortest_window <= one.events == BASE.events for one in many)
    assert len(set(many)) > 35


def test_the_best_trial_keeps_to_the_limits(corpus: Corpus, midi_directory: Path, tmp_path: Path) -> None:
    found, _ = search(SearchPlan((tmp_path,), 4, BASE, EvaluationSize()), corpus, midi_directory, tmp_path)
    assert found.best() is None
    store(tmp_path, "000", "validation", replace(VERDICT, accuracy=0.95))
    store(tmp_path, "001", "validation", replace(VERDICT, accuracy=0.60, copied=0.5))
    store(tmp_path, "002", "validation", replace(VERDICT, accuracy=0.90))
    store(tmp_path, "003", "validation", replace(VERDICT, accuracy=0.50), "a loss is not a number")
    best = found.best()
    assert best is not None
    assert best.name == "002"
    for start in range(3):
        store(tmp_path, f"002-start-{start}", "test", replace(VERDICT, accuracy=0.89))
    page = write_report(found, tmp_path / "report").read_text()
    assert "3 reach an accuracy of 0.90 or less: the goal is met" in page
    assert "copying" in page
    assert len(json.loads((tmp_path / "report" / "results.json").read_text())) == 7


def test_a_search_cannot_change_its_settings(corpus: Corpus, midi_directory: Path, tmp_path: Path) -> None:
    search(SearchPlan((tmp_path,), 4, BASE, EvaluationSize()), corpus, midi_directory, tmp_path)
    with pytest.raises(TrainingError, match="other settings"):
        search(SearchPlan((tmp_path,), 4, replace(BASE, steps=2), EvaluationSize()), corpus, midi_directory, tmp_path)


@pytest.mark.slow
def test_a_trial_is_evaluated_stored_and_reported_by_the_card(
    make_tune: Callable[[int], Piece], tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for seed in range(40):
        (music / f"{seed:02}.mid").write_bytes(write_midi(make_tune(seed)))
    config = replace(
        recipe("smoke"), spec=recipe("euterpe").spec, outputs="categorical", pretraining_epochs=1, max_epoch=0,
        select_validation_percentage=30, select_test_percentage=30,
    )  # fmt: skip
    corpus = load_corpus(music, config.spec, config.corpus)
    trainer = Trainer(config, corpus)
    list(trainer.epochs())
    trainer.save(tmp_path / "start")
    plan = SearchPlan((tmp_path / "start",), 1, BASE, EvaluationSize(20, 20, 32))
    stopped, lines = search(plan, corpus, music, tmp_path / "out", 1e-9)
    assert not stopped.run()
    assert "the budget is spent" in lines[0]
    assert not stopped.trials()
    found, lines = search(plan, corpus, music, tmp_path / "out")
    assert found.run()
    [trial] = [one for one in found.trials() if one.part == "validation"]
    assert trial.start.accuracy > 0.9
    assert trial.end.loss > 0
    assert f"{trial.end.accuracy:.3f}" in lines[0]
    assert f"→ {trial.end.accuracy:.3f}" in training_notes(tmp_path / "out" / "trials" / "000")
    again, lines = search(plan, corpus, music, tmp_path / "out")
    assert again.estimate() >= 0
    assert again.run()
    assert [one.to_json() for one in again.trials()] == [one.to_json() for one in found.trials()]
