"""The study of oversampled styles, with synthetic music of three composers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece
from euterpe_training.crnngan.corpora import CorpusOptions, load_corpus
from euterpe_training.crnngan.models.categorical import CategoricalGenerator
from euterpe_training.crnngan.recipes import RECIPES, CrnnganConfig, recipe
from euterpe_training.crnngan.studies.style_recognition import StyleRecogniser
from euterpe_training.crnngan.studies.style_report import write_styles
from euterpe_training.crnngan.studies.style_study import StyleScale, StyleStudy
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError
from rich.console import Console

CLASSIFIER = max(Path(__file__).parents[4].glob("models/style-classifier/*"))
SONGS = {"classical/bach": 14, "classical/joplin": 6, "jazz": 10}


def small() -> CrnnganConfig:
    return replace(
        recipe("euterpe"), recipe="small", styles=("classical", "jazz", "bach", "joplin"), hidden_size_g=12,
        batch_size=4, songlength=16, corpus=CorpusOptions(min_events=32),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "small", small)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory, make_tune: Callable[[int], Piece]) -> Path:
    directory = tmp_path_factory.mktemp("styles")
    for number, (folder, songs) in enumerate(SONGS.items()):
        (directory / folder).mkdir(parents=True, exist_ok=True)
        for song in range(songs):
            (directory / folder / f"{song}.mid").write_bytes(write_midi(make_tune(100 * number + song)))
    return directory


def study(music: Path, out: Path, ratios: tuple[float, ...] = (0, 1), epochs: int = 1) -> StyleStudy:
    scale = StyleScale(ratios, 2, epochs, 8, 32, "small")
    return StyleStudy(music, out, scale, StyleRecogniser.load(CLASSIFIER), Console(quiet=True))


def test_every_run_is_measured_in_every_style_and_reported(music: Path, tmp_path: Path) -> None:
    done = study(music, tmp_path)
    done.run()
    assert [(run.ratio, run.seed) for run in done.runs] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert done.expected == {"classical": None, "jazz": "jazz", "bach": "baroque", "joplin": None}
    for run in done.runs:
        assert set(run.styles) <= {"jazz", "bach", "joplin"}
        assert all(0 < one.overlap < 1 and one.loss > 0 for one in run.styles.values())
        assert run.styles["jazz"].recognised is not None
        assert run.styles["joplin"].recognised is None
    text = write_styles(done).read_text(encoding="utf-8")
    assert "joplin" in text
    assert (tmp_path / "losses.png").exists()
    stored = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert len(stored["runs"]) == 4
    assert sum(stored["songs"]["bach"]) == SONGS["classical/bach"]
    again = study(music, tmp_path)
    again.run()
    assert again.runs == done.runs


def test_other_settings_are_refused_and_results_are_kept(music: Path, tmp_path: Path) -> None:
    study(music, tmp_path).run()
    before = (tmp_path / "results.json").read_bytes()
    with pytest.raises(TrainingError, match="other settings"):
        study(music, tmp_path, epochs=2).run()
    assert (tmp_path / "results.json").read_bytes() == before
    with pytest.raises(TrainingError, match="has no styles"):
        StyleScale(recipe="model6")
    with pytest.raises(TrainingError, match="--length"):
        StyleScale(recipe="small", length=33)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_styles_are_sampled_as_often_as_the_ratio_says(music: Path, ratio: float) -> None:
    config = replace(small(), style_ratio=ratio)
    trainer = Trainer(config, load_corpus(music, config.spec, config.corpus))
    songs = trainer.songs["train"]
    batcher = trainer.pretraining.batcher  # type: ignore[attr-defined]
    styles = np.array([trainer.corpus.names[song].split("/")[-2] for song in songs])
    names, counts = np.unique(styles, return_counts=True)
    expected = np.maximum(counts, ratio * counts.max())
    shares = np.full(len(songs), 1 / len(songs)) if batcher.probabilities is None else batcher.probabilities
    sampled = np.array([shares[styles == name].sum() for name in names])
    assert sampled == pytest.approx(expected / expected.sum())


def test_the_loss_of_a_style_depends_on_that_style_only(music: Path) -> None:
    config = replace(small(), pretraining_epochs=1)
    trainer = Trainer(config, load_corpus(music, config.spec, config.corpus))
    g, songs = trainer.g, trainer.songs["train"]
    assert isinstance(g, CategoricalGenerator)
    trainer.g.eval()
    plain, same = (trainer.pretraining.style_loss(songs, 16, style, 8) for style in (0, 0))  # type: ignore[attr-defined]
    with torch.no_grad():
        g.controlled.weight[:, 3] += 1
    other = trainer.pretraining.style_loss(songs, 16, 3, 8)  # type: ignore[attr-defined]
    assert plain == same != other


def test_a_piece_without_notes_has_no_style(make_tune: Callable[[int], Piece]) -> None:
    assert StyleRecogniser.load(CLASSIFIER).tag(Piece(480, make_tune(0).notes[:0])) == ""


def test_a_directory_without_a_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be used"):
        StyleRecogniser.load(tmp_path)
