"""From a corpus to a bundle that the generator service loads, and errors on the way."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_music.bundle import MelodyBundle, load_any_bundle
from euterpe_music.tokens.symbols import transpose_symbol
from euterpe_training.cli import main
from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import MelodyCorpus, load_melody_corpus
from euterpe_training.melody.data import IGNORED, SHIFTS, batches, encode_split, key_table, make_token_format
from euterpe_training.melody.evaluation import held_out
from euterpe_training.melody.recipes import melody_recipe
from euterpe_training.melody.sampling import SamplingParams, generate
from euterpe_training.melody.trainer import MelodyTrainer

SMALL = replace(melody_recipe("smoke"), precision="float32", keys="white")


@pytest.fixture(scope="module")
def corpus(two_folders: Path) -> MelodyCorpus:
    return load_melody_corpus(two_folders)


def test_windows_show_every_token_after_the_one_before_it(corpus: MelodyCorpus) -> None:
    token_format = make_token_format(corpus, SMALL)
    encoded = encode_split(corpus, "train", token_format, SMALL)
    seen = 0
    for batch in batches(encoded, SMALL, None):
        live = batch.targets[..., 0] != IGNORED
        seen += int(live.sum())
        follows = batch.previous[:, 1:, 0] == batch.targets[:, :-1, 0]
        assert follows[live[:, 1:]].all()
    assert seen == len(encoded.targets)
    assert (encoded.previous[encoded.offsets[:-1]] == 0).all()


def test_an_augmented_song_keeps_its_melody_under_its_chords(corpus: MelodyCorpus) -> None:
    config = replace(SMALL, keys="augmented", part="accompaniment")
    token_format = make_token_format(corpus, config)
    vocabulary = token_format.vocabularies[0]
    table = key_table(vocabulary)
    for row, shift in zip(table, SHIFTS.tolist(), strict=True):
        for place, word in enumerate(vocabulary.words[2:], start=2):
            assert vocabulary.words[row[place]] == (word if word == "_" else transpose_symbol(word, shift))
    encoded = encode_split(corpus, "train", token_format, config)
    plain = next(iter(batches(encoded, replace(config, batch_size=1000), None)))
    moved = next(iter(batches(encoded, replace(config, batch_size=1000), np.random.default_rng(0), table)))
    for batch in (plain, moved):
        melody = batch.conditions[..., -3]
        chord = np.array(["." in word for word in vocabulary.words])[np.maximum(batch.targets[..., 0], 0)]
        starts = (melody > 0) & (melody <= 128) & chord
        chords = [{int(each) for each in vocabulary.words[word].split(".")} for word in batch.targets[starts, 0]]
        assert len(chords) > 50
        assert all((pitch - 1) % 12 in chord for pitch, chord in zip(melody[starts].tolist(), chords, strict=True))


def test_bar_lag_features_are_the_tokens_of_earlier_bars(corpus: MelodyCorpus) -> None:
    config = replace(SMALL, echoes=True)
    token_format = make_token_format(corpus, config)
    encoded = encode_split(corpus, "train", token_format, config)
    begin, end = encoded.offsets[:2]
    song = corpus.split("train")[0]
    for place, column in enumerate(token_format.features):
        if column.name == "echo":
            back = column.offset * song.meter.bar
            echo, words = encoded.conditions[begin:end, place], encoded.targets[begin:end, 0]
            first = song.bars[0] + back
            assert (echo[first:] == words[song.bars[0] : max(len(words) - back, 0)]).all()
            assert (echo[:first] == 0).all(), "before there was anything"
    with pytest.raises(TrainingError, match="echoes"):
        replace(config, keys="augmented")


def test_training_stops_early_and_resumes_exactly(corpus: MelodyCorpus, tmp_path: Path) -> None:
    config = replace(SMALL, epochs=4, dropout=0.0, learning_rate=1e-2)
    straight = MelodyTrainer(config, corpus)
    straight.train()
    assert straight.history[-1].validation.loss < straight.history[0].validation.loss
    first = MelodyTrainer(replace(config, epochs=4), corpus)
    for _ in range(2):
        first.run_epoch()
    first.save(tmp_path)
    second = MelodyTrainer.load(tmp_path / "melody.pt", corpus)
    second.train()
    assert [epoch.train for epoch in second.history] == [epoch.train for epoch in straight.history]
    frozen = MelodyTrainer(replace(config, epochs=50, learning_rate=1e-7, patience=2), corpus)
    frozen.best, frozen.history = straight.best, straight.history[:1]
    frozen.history = [replace(straight.history[-1], validation=replace(straight.history[-1].validation, loss=0.0))]
    frozen.train()
    assert len(frozen.history) == 3


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "euterpe_training.cli", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "300"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.slow
def test_from_corpus_to_bundle(two_folders: Path, corpus: MelodyCorpus, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tunes" / "0.1.0"
    torch.set_num_threads(1)
    common = ("--corpus", two_folders, "--out", tmp_path / "run", "--recipe", "smoke")
    settings = ("--set", "keys=white", "--set", "echoes=true", "--set", "epochs=3", "--set", "learning_rate=0.02")
    for part in ("melody", "accompaniment"):
        done = run("melody", "train", *common, "--part", part, *settings)
        assert done.returncode == 0, done.stderr
        assert "epoch 3" in done.stderr
    done = run("melody", "export", "--corpus", two_folders, "--run", tmp_path / "run", "--out", out, "--name", "tunes",
               "--version", "0.1.0", "--title", "Tunes", "--pieces", "8")  # fmt: skip
    assert done.returncode == 0, done.stderr
    bundle = load_any_bundle(out)
    assert isinstance(bundle, MelodyBundle)
    assert (bundle.manifest.styles, bundle.manifest.tonality) == (("jigs", "reels"), "white")
    assert {"card.md", "curves.png", "pianoroll.png"} < {path.name for path in out.iterdir()}
    trainer = MelodyTrainer.load(tmp_path / "run" / "melody.pt", corpus)
    trainer.network.load_state_dict(trainer.best)
    windows = replace(trainer.config, window=400, precision="float32")
    trainer.config = windows
    here, there = trainer.score("test"), held_out(bundle, "melody", corpus.split("test"))
    assert abs(here.loss - there["loss"]) < 1e-3
    assert str(round(there["perplexity"], 2)) in (out / "card.md").read_text()
    first, again = (generate(bundle, 2, 4, "jigs", SamplingParams(seed=3)) for _ in range(2))
    assert first == again
    assert first[0].melody.end == 64


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "--corpus", "{folk}", "--out", "{run}", "--recipe", "polka"), "no recipe 'polka'"),
        (("train", "--corpus", "{folk}", "--out", "{run}", "--set", "units=0"), "units must be in 1..8192, got 0"),
        (("train", "--corpus", "{folk}", "--out", "{run}", "--part", "drums"), "got 'drums'"),
        (("train", "--corpus", "{run}", "--out", "{run}"), "has no .mid"),
        (("train", "--corpus", "{folk}", "--out", "{run}", "--resume"), "no checkpoint"),
        (("export", "--corpus", "{folk}", "--run", "{run}", "--out", "{run}", "--name", "x", "--version", "1.0.0",
          "--title", "X"), "no checkpoint"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence_and_status_2(
    arguments: tuple[str, ...],
    words: str,
    tmp_path: Path,
    two_folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [each.format(folk=two_folders, run=tmp_path) for each in arguments]
    monkeypatch.setattr(sys, "argv", ["euterpe-train", "melody", *given])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_settings_are_checked() -> None:
    assert melody_recipe("run3").changed(["epochs=3", "one_hot=false", "conditioned=true"]) == MelodyConfig(
        "run3", layers=3, units=1024, window=32, epochs=3, patience=0, dense=True, conditioned=True
    )
    assert MelodyConfig.from_dict(melody_recipe("folk").to_dict()) == melody_recipe("folk")
