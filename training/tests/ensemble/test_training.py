import itertools
import os
import signal
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from euterpe_music.note_events.features import INDEX
from euterpe_music.note_events.piece import NotePiece
from euterpe_training.ensemble.checkpoint import CHECKPOINT_FILE, load_checkpoint, read_history
from euterpe_training.ensemble.config import CHUNK, TrainingConfig, recipe
from euterpe_training.ensemble.dataset import PLAIN, Dataset, Drawer, Mixture, make_example
from euterpe_training.ensemble.examples import training_examples
from euterpe_training.ensemble.loader import Loader
from euterpe_training.ensemble.schedule import learning_rate
from euterpe_training.ensemble.trainer import Machine, Trainer
from euterpe_training.errors import TrainingError

_MACHINE = Machine(threads=1, evaluate_every=10**9, validation_pieces=1)


def _config(total: int) -> TrainingConfig:
    return replace(recipe("tiny"), total_events=total, warmup_events=500, decay_share=0.0)


def _run(data: Path, run: Path, total: int) -> Trainer:
    trainer = Trainer(_config(total), data, run, _MACHINE)
    assert trainer.train(lambda _: None)
    return trainer


def test_a_resumed_training_equals_an_uninterrupted_one(data: Path, tmp_path: Path) -> None:
    whole = _run(data, tmp_path / "whole", 4_000)
    _run(data, tmp_path / "parts", 1_500)
    parts = _run(data, tmp_path / "parts", 4_000)
    assert parts.events == whole.events
    for name, weight in whole.network.state_dict().items():
        assert torch.equal(weight, parts.network.state_dict()[name]), name
    for name, weight in whole.average.items():
        assert torch.equal(weight, parts.average[name]), name


def test_training_lowers_the_held_out_loss(data: Path, tmp_path: Path) -> None:
    trainer = Trainer(_config(12_000), data, tmp_path / "run", _MACHINE)
    before = trainer.validation_losses(trainer.network.state_dict())["all"]["nats_per_note"]
    trainer.train(lambda _: None)
    history = read_history(tmp_path / "run")
    assert history[-1]["validation"]["all"]["nats_per_note"] < 0.8 * before
    assert set(history[-1]["validation"]) == {"classical", "pop909", "all"}


def test_a_signal_saves_a_checkpoint_and_ends_quietly(data: Path, tmp_path: Path) -> None:
    trainer = Trainer(_config(10**9), data, tmp_path / "run", _MACHINE)
    steps = trainer.step

    def step_and_signal(batch):  # type: ignore[no-untyped-def]
        os.kill(os.getpid(), signal.SIGTERM)
        return steps(batch)

    trainer.step = step_and_signal  # type: ignore[method-assign]
    assert trainer.train(lambda _: None) is False
    assert load_checkpoint(tmp_path / "run")["steps"] == 1
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_run_with_other_settings_is_not_continued(data: Path, tmp_path: Path) -> None:
    _run(data, tmp_path / "run", 600)
    with pytest.raises(TrainingError, match="other settings"):
        Trainer(replace(_config(600), learning_rate=1.0), data, tmp_path / "run", _MACHINE)
    changed = replace(_config(900), decay_share=0.5, average_decay=0.9)
    assert Trainer(changed, data, tmp_path / "run", _MACHINE).events >= 600


def test_a_checkpoint_is_replaced_whole(data: Path, tmp_path: Path) -> None:
    _run(data, tmp_path / "run", 600)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {CHECKPOINT_FILE, "history.jsonl"}


def test_missing_data_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="euterpe-train ensemble prepare"):
        Dataset(tmp_path)


def test_the_learning_rate_rises_stays_and_falls_to_zero() -> None:
    config = replace(recipe("tiny"), total_events=1_000, warmup_events=100, decay_share=0.25, learning_rate=1.0)
    rates = [learning_rate(config, events) for events in (0, 49, 100, 749, 875, 1_000)]
    assert rates == pytest.approx([0.01, 0.5, 1.0, 1.0, 0.5, 0.0], abs=0.01)


def test_windows_hold_every_row_of_every_example_once(data: Path) -> None:
    dataset = Dataset(data)
    examples = [make_example(dataset, number, PLAIN, np.random.default_rng(0)) for number in range(7)]
    loader = Loader(iter(enumerate(examples)), 3, 2 * CHUNK)
    seen, begun = 0, 0
    while (batch := loader.next()) is not None:
        seen += batch.events
        begun += int(((batch.keep == 0) & (batch.values.view(3, 2, CHUNK, -1)[:, :, 0, 0] > 0)).sum())
    assert seen == sum(len(example) for example in examples)
    assert begun == len(examples)


def test_examples_depend_on_their_number_alone(data: Path) -> None:
    whole = list(itertools.islice(training_examples(data, Mixture(), (), 3, itertools.count()), 6))
    later = list(itertools.islice(training_examples(data, Mixture(), (), 3, itertools.count(4)), 2))
    for (number, example), (other, same) in zip(whole[4:], later, strict=True):
        assert number == other
        assert (example.values == same.values).all()
    assert not np.array_equal(whole[0][1].values[:20], whole[1][1].values[:20])


def test_only_training_pieces_are_drawn(data: Path) -> None:
    drawer = Drawer(Dataset(data), Mixture())
    held = {number for number, entry in enumerate(drawer.dataset.entries) if entry.side != "train"}
    assert not held & {int(number) for pool in drawer._pools for number in pool}


def test_plain_examples_predict_every_row(data: Path) -> None:
    dataset = Dataset(data)
    example = make_example(dataset, 1, PLAIN, np.random.default_rng(0))
    assert example.counts[:-1, 0].all()
    assert not example.counts[-1].any()
    assert (example.targets[:-1] == example.values[1:, :5]).all()


def test_velocities_of_pieces_without_dynamics_are_not_learned(data: Path) -> None:
    dataset = Dataset(data)
    flat = make_example(dataset, 0, PLAIN, np.random.default_rng(0))
    assert not dataset.entries[0].has_dynamics
    assert not flat.counts[:, 4].any()
    assert flat.counts[:, 3].any()


@pytest.mark.parametrize("seed", range(8))
def test_given_rows_are_read_but_never_predicted(data: Path, seed: int) -> None:
    mixture = replace(PLAIN, accompany=1.0)
    example = make_example(Dataset(data), 3, mixture, np.random.default_rng(seed))
    roles = example.values[1:, 5]
    assert (example.counts[:-1, 0] == (roles == 0)).all()
    assert (roles != 0).any()


def test_transposition_reaches_other_keys_and_leaves_echoes_in_step(data: Path) -> None:
    dataset = Dataset(data)
    mixture = replace(PLAIN, common_key=False, transpose=True)
    examples = [make_example(dataset, 3, mixture, np.random.default_rng(seed)) for seed in range(30)]
    keys = {int(example.values[0, 23]) for example in examples}
    assert len(keys) > 6
    shapes = {example.values.shape for example in examples}
    assert len(shapes) == 1


def test_in_the_common_key_examples_have_the_tonic_c_or_a(data: Path) -> None:
    dataset = Dataset(data)
    notes, bars = dataset.piece(3).notes, dataset.piece(3).bars
    moved = NotePiece(notes, bars).transposed(4)
    random = np.random.default_rng(0)
    with patch.object(Dataset, "piece", lambda *_: moved):
        example = make_example(dataset, 3, PLAIN, random)
        as_written = make_example(dataset, 3, replace(PLAIN, common_key=False), random)
    key = INDEX["key"]
    assert set(example.values[:, key].tolist()) == {0}
    assert set(as_written.values[:, key].tolist()) == {4}
    is_note = example.counts[:, 3]
    assert (as_written.targets[is_note, 2] - example.targets[is_note, 2] == 4).all()
