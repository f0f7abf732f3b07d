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
from euterpe_training.crnngan.studies.adversarial import Confusion
from euterpe_training.crnngan.studies.model_report import write_study
from euterpe_training.crnngan.studies.model_study import Outcome, Scale, Study
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError
from rich.console import Console

SCALE = Scale(songs=11, epochs=2, windows=8)
NO_TIME = 1e-9


def study(out: Path, music: Path, scale: Scale = SCALE) -> Study:
    return Study({"classical": music, "jazz": None}, out, scale, Console(quiet=True))


def without_times(outcome: Outcome) -> list[dict[str, object]]:
    rows = [row.to_dict() for row in outcome.rows]
    return [{**row, "epoch": {**row["epoch"], "seconds": 0}} for row in rows]


def test_a_continued_study_equals_an_uninterrupted_one(midi_directory: Path, tmp_path: Path) -> None:
    [whole] = study(tmp_path / "whole", midi_directory).run(["smoke"], 10)
    [stopped] = study(tmp_path / "parts", midi_directory).run(["smoke"], NO_TIME)
    assert len(stopped.rows) == 1
    assert not stopped.done
    [resumed] = study(tmp_path / "parts", midi_directory).run(["smoke"], 10)
    assert without_times(resumed) == without_times(whole)
    assert [row.epoch.phase for row in resumed.rows] == 2 * ["pretraining"] + 2 * ["adversarial"]
    assert list((tmp_path / "parts/runs/smoke/tensorboard").iterdir())


def test_a_study_out_of_time_reports_earlier_results(
    midi_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("begun", "missing"):
        monkeypatch.setitem(RECIPES, name, lambda name=name: replace(recipe("smoke"), recipe=name))
    study(tmp_path, midi_directory).run(["begun"], NO_TIME)
    study(tmp_path, midi_directory).run(["smoke"], 10)
    outcomes = study(tmp_path, midi_directory).run(["smoke", "missing", "begun"], NO_TIME)
    assert [(outcome.config.recipe, len(outcome.rows)) for outcome in outcomes] == [("smoke", 4), ("begun", 1)]


def test_measuring_does_not_change_the_training(midi_directory: Path, tmp_path: Path) -> None:
    [examined] = study(tmp_path, midi_directory).run(["smoke"], 10)
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
    outcomes = study(tmp_path / "study", music, scale).run(["smoke"], 10)
    page = write_study(outcomes, scale, tmp_path / "study").read_text()
    rows = outcomes[0].evaluation["rows"]
    assert set(rows) == {"generated", "held out", "3-gram, parts apart", "3-gram, whole events"}
    assert rows["held out"]["overlap_area"] > rows["generated"]["overlap_area"]
    assert "Evaluation against held-out songs" in page
    assert study(tmp_path / "study", music, scale).run(["smoke"], NO_TIME)[0].evaluation == outcomes[0].evaluation


def test_the_report_has_every_epoch_and_states_its_scale(midi_directory: Path, tmp_path: Path) -> None:
    outcomes = study(tmp_path, midi_directory).run(["smoke"], 10)
    page = write_study(outcomes, SCALE, tmp_path).read_text()
    readme = (tmp_path / "README.md").read_text()
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert page.count("data:image/png;base64,") == len(pictures) == 13
    assert "http" not in page
    assert all(name in readme for name in pictures)
    assert "reduced scale" in page
    rows = list(csv.DictReader((tmp_path / "epochs.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["train_d_loss"] == ""
    assert 0 <= float(rows[-1]["test_tones_f1"]) <= 1
    kept = json.loads((tmp_path / "results.json").read_text())["models"]["smoke"]
    assert kept["epochs"] == [row.to_dict() for row in outcomes[0].rows]
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
        broken, sound = study(tmp_path, midi_directory).run(["wild", "smoke"], 10)
        assert "not a number" in broken.ended
        assert broken.done
        assert len(broken.rows) == 2
        assert len(sound.rows) == 4
    write_study([broken, sound], SCALE, tmp_path)
    assert "wild ended early: a loss is not a number" in (tmp_path / "README.md").read_text()


def test_a_study_cannot_change_its_scale(midi_directory: Path, tmp_path: Path) -> None:
    study(tmp_path, midi_directory)
    with pytest.raises(TrainingError, match="started with epochs=2, not 3"):
        study(tmp_path, midi_directory, replace(SCALE, epochs=3))


def test_jazz_needs_its_directory(midi_directory: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--jazz"):
        study(tmp_path, midi_directory).run(["model10-jazz"], 10)


def test_generated_is_positive() -> None:
    found = Confusion.of(real=torch.tensor([0.9, 0.8, 0.4]), fake=torch.tensor([0.1, 0.6, 0.2]))
    assert (found.true_positive, found.false_negative, found.false_positive, found.true_negative) == (2, 1, 1, 2)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert Confusion.of(torch.ones(3), torch.ones(3)).f1 == 0


def test_a_subset_of_a_corpus_keeps_copies_together(corpus: Corpus, config: CrnnganConfig) -> None:
    corpus = replace(corpus, groups=np.array([0, 1, *range(10)]))
    thin = corpus.subset(7)
    assert len(thin) == len(set(thin.names)) == 7
    for song, name in enumerate(thin.names):
        old = corpus.names.index(name)
        assert np.array_equal(thin.song(song), corpus.song(old))
        assert corpus.groups[corpus.names.index(thin.names[thin.groups[song]])] == corpus.groups[old]
    assert thin.sha256 != corpus.sha256
