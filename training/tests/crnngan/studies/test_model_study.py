import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from euterpe_music.midi import Piece, write_midi
from euterpe_music.piece import make_notes
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import RECIPES, CrnnganConfig, recipe
from euterpe_training.crnngan.studies.adversarial import Confusion, measure_epoch
from euterpe_training.crnngan.studies.model_plan import PlannedRun, changes, plan, preprocessing, steps
from euterpe_training.crnngan.studies.model_report import write_study
from euterpe_training.crnngan.studies.model_study import Outcome, Scale, Study
from euterpe_training.crnngan.studies.model_tables import claims, comparison_sections, shares
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError
from rich.console import Console

SCALE = Scale(songs=11, epochs=2, windows=8)
NO_TIME = 1e-9


def study(out: Path, music: Path, scale: Scale = SCALE) -> Study:
    return Study({"classical": music, "jazz": None}, out, scale, Console(quiet=True))


def runs(*recipes: str) -> list[PlannedRun]:
    return [PlannedRun("models", name) for name in recipes]


def without_times(outcome: Outcome) -> list[dict[str, object]]:
    rows = [row.to_dict() for row in outcome.rows]
    return [{**row, "load": 0, "epoch": {**row["epoch"], "seconds": 0}} for row in rows]


def test_a_continued_study_equals_an_uninterrupted_one(midi_directory: Path, tmp_path: Path) -> None:
    [whole] = study(tmp_path / "whole", midi_directory).run(runs("smoke"), 10)
    [stopped] = study(tmp_path / "parts", midi_directory).run(runs("smoke"), NO_TIME)
    assert len(stopped.rows) == 1
    assert not stopped.is_trained
    [resumed] = study(tmp_path / "parts", midi_directory).run(runs("smoke"), 10)
    assert without_times(resumed) == without_times(whole)
    assert [row.epoch.phase for row in resumed.rows] == 2 * ["pretraining"] + 2 * ["adversarial"]
    assert list((tmp_path / "parts/smoke/tensorboard").iterdir())


def test_a_study_out_of_time_trains_an_epoch_of_the_next_run_only(
    midi_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("begun", "missing"):
        monkeypatch.setitem(RECIPES, name, lambda name=name: replace(recipe("smoke"), recipe=name))
    study(tmp_path, midi_directory).run(runs("begun"), NO_TIME)
    study(tmp_path, midi_directory).run(runs("smoke"), 10)
    outcomes = study(tmp_path, midi_directory).run(runs("smoke", "missing", "begun"), NO_TIME)
    assert [(outcome.name, len(outcome.rows)) for outcome in outcomes] == [("smoke", 4), ("missing", 1), ("begun", 1)]


def test_measuring_does_not_change_the_training(midi_directory: Path, tmp_path: Path) -> None:
    [examined] = study(tmp_path, midi_directory).run(runs("smoke"), 10)
    config = recipe("smoke")
    alone = Trainer(config, load_corpus(midi_directory, config.spec, config.corpus).subset(SCALE.songs))
    assert [epoch.g_loss for epoch in alone.epochs()] == [row.epoch.g_loss for row in examined.rows]


@pytest.mark.slow
def test_finished_runs_are_evaluated_against_held_out_songs(tmp_path: Path) -> None:
    music, random = tmp_path / "music", np.random.default_rng(0)
    music.mkdir()
    for number in range(48):
        notes = make_notes(np.arange(120) * 120, 110, random.integers(50, 80, 120), 80)
        (music / f"{number}.mid").write_bytes(write_midi(Piece(480, notes)))
    scale = Scale(songs=0, epochs=1, windows=8)
    outcomes = study(tmp_path / "study", music, scale).run(runs("smoke"), 10)
    page = write_study(outcomes, runs("smoke"), scale, tmp_path / "report").read_text()
    rows = outcomes[0].evaluation["rows"]
    assert set(rows) == {"generated", "held out", "3-gram, parts apart", "3-gram, whole events"}
    assert rows["held out"]["overlap_area"] > rows["generated"]["overlap_area"]
    assert "Evaluation against held-out songs" in page
    assert study(tmp_path / "study", music, scale).run(runs("smoke"), NO_TIME)[0].evaluation == outcomes[0].evaluation


def test_the_report_has_every_epoch_and_states_its_scale(midi_directory: Path, tmp_path: Path) -> None:
    outcomes = study(tmp_path, midi_directory).run(runs("smoke"), 10)
    page = write_study(outcomes, runs("smoke", "model6"), SCALE, tmp_path).read_text()
    readme = (tmp_path / "README.md").read_text()
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert page.count("data:image/png;base64,") == len(pictures) == 14
    assert "http" not in page
    assert all(name in readme for name in pictures)
    assert "reduced scale" in page
    assert "Not finished: model6" in page
    assert "Hyperparameters" in page
    rows = list(csv.DictReader((tmp_path / "epochs.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["train_d_loss"] == ""
    assert float(rows[-1]["test_events_f1"]) == pytest.approx(outcomes[0].rows[-1].test.events.f1, rel=1e-4)
    [kept] = json.loads((tmp_path / "results.json").read_text())["runs"]
    assert (kept["name"], kept["epochs"], kept["complete"]) == ("smoke", 4, True)
    assert kept["real_music"]["polyphony_score"] == pytest.approx(0.5, abs=0.1)


def test_a_model_that_diverges_is_reported_and_not_trained_again(
    midi_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild, step = replace(recipe("smoke"), recipe="wild"), Trainer._train_adversarially

    def diverge(trainer: Trainer, songs: Any, length: int) -> dict[str, torch.Tensor]:
        losses = step(trainer, songs, length)
        return {name: loss * float("nan") if trainer.config.recipe == "wild" else loss for name, loss in losses.items()}

    monkeypatch.setattr(Trainer, "_train_adversarially", diverge)
    monkeypatch.setitem(RECIPES, "wild", lambda: wild)
    for _ in range(2):
        broken, sound = study(tmp_path, midi_directory).run(runs("wild", "smoke"), 10)
        assert "not a number" in broken.ended
        assert broken.is_complete
        assert len(broken.rows) == 2
        assert len(sound.rows) == 4
    write_study([broken, sound], runs("wild", "smoke"), SCALE, tmp_path)
    assert "wild ended early: a loss is not a number" in (tmp_path / "README.md").read_text()


def test_a_study_cannot_change_its_scale(midi_directory: Path, tmp_path: Path) -> None:
    study(tmp_path, midi_directory)
    with pytest.raises(TrainingError, match="started with epochs=2, not 3"):
        study(tmp_path, midi_directory, replace(SCALE, epochs=3))


def test_jazz_needs_its_directory() -> None:
    with pytest.raises(TrainingError, match="--jazz"):
        plan(["model10-jazz"], jazz=False)


def test_generated_is_positive() -> None:
    found = Confusion.of(real=torch.tensor([0.9, 0.8, 0.4]), fake=torch.tensor([0.1, 0.6, 0.2]))
    assert (found.true_positive, found.false_negative, found.false_positive, found.true_negative) == (2, 1, 1, 2)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert Confusion.of(torch.ones(3), torch.ones(3)).f1 == 0
    counts = torch.tensor([1, 0, 2]), torch.tensor([0, 5, 0])
    by_note = Confusion.of(torch.tensor([0.9, 0.8, 0.4]), torch.tensor([0.1, 0.6, 0.2]), counts)
    assert (by_note.generated, by_note.real, by_note.false_positive, by_note.false_negative) == (5, 3, 2, 5)


def test_silent_pieces_have_events_but_no_notes(corpus: Corpus, config: CrnnganConfig) -> None:
    trainer = Trainer(config, corpus)
    with torch.no_grad():
        trainer.g.output.weight.zero_()
        trainer.g.output.bias.copy_(torch.tensor([0.0, -1.0, 0.0, -1.0]))
    found = measure_epoch(trainer, "validation", 8)
    assert found.music["silent"] == 1
    assert found.events.generated == found.events.real == 8 * config.songlength
    assert (found.notes.generated, found.notes.real) == (0, found.events.real)
    assert shares(found.notes) == ["–"] * 4


def test_validation_and_test_have_noise_of_their_own(corpus: Corpus, config: CrnnganConfig) -> None:
    trainer = Trainer(replace(config, init_scale=1.0), corpus)
    trainer.songs["test"] = trainer.songs["validation"]
    validation, test = (measure_epoch(trainer, part, 8) for part in ("validation", "test"))
    assert validation.g_loss != test.g_loss
    assert validation == measure_epoch(trainer, "validation", 8)


def test_the_plan_begins_with_the_models_of_the_thesis_and_has_each_run_once() -> None:
    planned = plan()
    names = [run.name for run in planned]
    assert len(names) == len(set(names))
    assert names[:5] == ["model10", "model10-jazz", "model6", "model8", "model12"]
    assert {"model10_seed-2", "model10-jazz_seed-2"} < set(names)
    assert {run.name for run in (*steps(), *changes(), *preprocessing())} < set(names)
    last = steps()[-1].config(3)
    assert (last.spec.representation, last.anchor, last.max_epoch) == ("normalised", 1.0, 3)
    assert not [run for run in plan(jazz=False) if run.recipe == "model10-jazz"]


def test_the_remaining_time_falls_as_runs_are_completed(midi_directory: Path, tmp_path: Path) -> None:
    first = study(tmp_path, midi_directory)
    before = first.estimate(runs("smoke"))
    first.run(runs("smoke"), NO_TIME)
    partly = study(tmp_path, midi_directory).estimate(runs("smoke"))
    first.run(runs("smoke"), 10)
    assert before > partly > study(tmp_path, midi_directory).estimate(runs("smoke")) == 0


def test_tables_say_what_collapsed(midi_directory: Path, tmp_path: Path) -> None:
    [outcome] = study(tmp_path, midi_directory).run(runs("smoke"), 10)
    row = outcome.rows[-1]
    real = outcome.real
    dense = {**real, "notes_per_quarter": 100.0}
    rows = {}
    for name, music in (("silent", {**real, "silent": 1.0}), ("dense", dense), ("lively", real)):
        last = replace(row, test=replace(row.test, music=music))
        base = replace(outcome, run=PlannedRun("models", "model10"), rows=[last])
        first = replace(outcome, run=steps()[0], rows=[last])
        [section] = comparison_sections([base, first])[-1:]
        rows[name] = section.tables[0].rows
    assert [row[1] for row in rows["silent"]] == [row[1] for row in rows["dense"]] == ["yes", "yes"]
    assert [row[:2] for row in rows["lively"]] == [["model10", "no"], ["learning_rate=0.001", "no"]]


def test_a_subset_of_a_corpus_keeps_copies_together(corpus: Corpus, config: CrnnganConfig) -> None:
    corpus = replace(corpus, groups=np.array([0, 1, *range(10)]))
    thin = corpus.subset(7)
    assert len(thin) == len(set(thin.names)) == 7
    for song, name in enumerate(thin.names):
        old = corpus.names.index(name)
        assert np.array_equal(thin.song(song), corpus.song(old))
        assert corpus.groups[corpus.names.index(thin.names[thin.groups[song]])] == corpus.groups[old]
    assert thin.sha256 != corpus.sha256


def test_claims_are_decided_at_the_scale_of_the_thesis_only(midi_directory: Path, tmp_path: Path) -> None:
    [outcome] = study(tmp_path, midi_directory).run(runs("smoke"), 10)
    row = outcome.rows[-1]
    found = []
    for name, f1 in (("model6", 1), ("model8", 2), ("model10", 3)):
        decided = replace(row.test, events=Confusion(f1, 1, 1, 1), music=outcome.real)
        found.append(replace(outcome, run=PlannedRun("models", name), rows=[replace(row, test=decided)], ended="now"))
    whole, reduced = claims(found, Scale()).tables[0].rows, claims(found, SCALE).tables[0].rows
    assert whole[0][1:3] == ["0.500 → 0.667 → 0.750", "confirmed"]
    assert claims(found[::-1], Scale()).tables[0].rows[0] == whole[0]
    assert {row[2] for row in reduced} == {"not decidable"}
