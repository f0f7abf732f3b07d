"""Every switch and number of the thesis has an effect: two steps with it differ from two steps without."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from euterpe_music.events import delta_ticks
from euterpe_music.midi import Piece, write_midi
from euterpe_music.piece import make_notes
from euterpe_training.cli import app
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.export.torch_weights import generator_weights
from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.recipes.settings import SWITCHES
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.progress import PROFILE_FILE, TENSORBOARD, run_with_progress
from euterpe_training.crnngan.trainer.samples import write_samples
from euterpe_training.errors import TrainingError
from rich.console import Console

BASE = {"pretraining_epochs": 1, "max_epoch": 1, "batch_size": 8, "freezing": False, "adam": False}


def trained(config: CrnnganConfig, corpus: Corpus, **changes: Any) -> Trainer:
    """One batch of pretraining and one of adversarial training: two steps."""
    trainer = Trainer(replace(config, **{**BASE, **changes}), corpus)
    assert [epoch.phase for epoch in trainer.epochs()] == ["pretraining", "adversarial"]
    return trainer


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def differ(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    a, b = weights(one), weights(other)
    return a.shape != b.shape or not torch.equal(a, b)


#: The networks that a switch changes: G, D or both.
TOUCHES = {
    "disable_feed_previous": "g", "multiscale": "gd", "pretraining_d": "d", "minibatch_d": "gd",
    "unidirectional_d": "gd", "float16": "g", "adam": "gd", "feature_matching": "g", "disable_l2_regularizer": "gd",
    "generate_meta": "gd", "end_classification": "gd", "initialize_d": "d",
}  # fmt: skip
#: Other switches, which have tests of their own below.
ELSEWHERE = {
    "sample", "ignore_saved_args", "pace_events", "profiling", "synthetic_chords", "log_device_placement",
}  # fmt: skip


def test_every_switch_is_tested() -> None:
    assert set(TOUCHES) | ELSEWHERE == set(SWITCHES)


@pytest.mark.parametrize("switch", sorted(TOUCHES))
def test_a_switch_changes_the_expected_networks(switch: str, corpus: Corpus, config: CrnnganConfig) -> None:
    plain, flipped = trained(config, corpus), trained(config, corpus, **{switch: True})
    if "g" in TOUCHES[switch]:
        assert differ(plain.g, flipped.g)
    if "d" in TOUCHES[switch]:
        assert differ(plain.d, flipped.d)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.02), ("max_grad_norm", 1e-4), ("num_layers", 1), ("songlength", 12), ("hidden_size_g", 9),
        ("hidden_size_d", 9), ("keep_prob", 0.9), ("batch_size", 4), ("init_scale", 0.2), ("d_lr_factor", 0.01),
        ("reg_scale", 9.0), ("random_input_scale", 2), ("select_test_percentage", 5.0),
        ("select_validation_percentage", 5.0), ("seed", 5), ("real_label", 0.8), ("anchor", 1.0),
        ("adversarial_weight", 0.1), ("input_jitter", 0.5), ("curriculum", False), ("pretraining_loss", "squared"),
    ],
)  # fmt: skip
def test_a_changed_number_changes_the_weights(name: str, value: object, corpus: Corpus, config: CrnnganConfig) -> None:
    base = {"feature_matching": True, "input_jitter": 0.1} if name == "input_jitter" else {}
    plain, changed = trained(config, corpus, **base), trained(config, corpus, **{**base, name: value})
    assert differ(plain.g, changed.g) or differ(plain.d, changed.d)


def test_rates_decay_after_their_epochs(corpus: Corpus, config: CrnnganConfig) -> None:
    settings = {"pretraining_epochs": 0, "max_epoch": 4, "lr_decay": 0.5, "epochs_before_decay": 1}
    trainer = Trainer(replace(config, **settings), corpus)
    rates = [trainer.g_optimizer.param_groups[0]["lr"] for _ in trainer.epochs()]
    assert rates == pytest.approx([config.learning_rate * factor for factor in (1, 1, 0.5, 0.25)])


def test_initialize_d_discards_the_weights_of_pretraining_d(corpus: Corpus, config: CrnnganConfig) -> None:
    kept = trained(config, corpus, pretraining_d=True, learning_rate=1e-12)
    anew = trained(config, corpus, pretraining_d=True, learning_rate=1e-12, initialize_d=True)
    assert differ(kept.d, anew.d)
    assert kept.history[0].d_loss is not None


def test_without_feed_previous_the_output_does_not_depend_on_the_previous_event(
    corpus: Corpus, config: CrnnganConfig
) -> None:
    open_loop = Trainer(replace(config, disable_feed_previous=True), corpus).g
    noise = torch.rand(5, 1, config.noise_size)
    one, other = (open_loop(noise, torch.full((5, 1, 4), value))[0] for value in (0.0, 3.0))
    assert torch.equal(one, other)
    assert generator_weights(open_loop).input_weight[:, config.noise_size :].any() is np.False_


def test_the_slow_layer_takes_a_step_per_several_events(corpus: Corpus, config: CrnnganConfig) -> None:
    two = Trainer(replace(config, multiscale=True, biscale_slow_layer_ticks=2), corpus).g
    assert two.slow is not None
    noise, first = torch.rand(7, 3, config.noise_size), torch.rand(3, 4)
    events, _, _ = two.generate(noise, first)
    forced, _ = two(noise, torch.cat([first[None], events[:-1]]))
    assert torch.allclose(events, forced, atol=1e-6)


def test_generate_meta_adds_composers_to_the_discriminators_input(corpus: Corpus, config: CrnnganConfig) -> None:
    corpus = replace(corpus, names=tuple(f"{'ab'[song % 2]}/{song}.mid" for song in range(len(corpus))))
    plain = Trainer(replace(config, **BASE), corpus)
    with_meta = trained(config, corpus, generate_meta=True, meta_layer_size=7)
    assert with_meta.d.lstm.input_size == plain.d.lstm.input_size + len(set(with_meta.composers))
    assert with_meta.meta.layer.out_features == 7
    untrained = Trainer(replace(config, **BASE, generate_meta=True, meta_layer_size=7), corpus)
    assert differ(untrained.meta, with_meta.meta)


def load(directory: Path, config: CrnnganConfig, **options: Any) -> Corpus:
    return load_corpus(directory, config.spec, replace(config.corpus, **options))


def test_paced_events_leave_no_quarter_without_an_onset(
    midi_directory: Path, config: CrnnganConfig, tmp_path: Path
) -> None:
    (tmp_path / "slow.mid").write_bytes(write_midi(Piece(96, make_notes(np.arange(30) * 384, 96, 60, 80))))
    plain, paced = load(tmp_path, config), load(tmp_path, config, pace_events=True)
    assert len(paced.events) == 4 * (len(plain.events) - 1) + 1
    assert set(delta_ticks(paced.events, config.spec)[1:].tolist()) == {config.spec.ticks_per_quarter}
    assert len(load(midi_directory, config, pace_events=True)) == len(load(midi_directory, config))


def test_synthetic_chords_are_triads(midi_directory: Path, config: CrnnganConfig) -> None:
    found = load(midi_directory, config, synthetic_chords=True, transpose=False)
    assert (delta_ticks(found.song(0), config.spec).reshape(-1, 3)[1:] == [384, 0, 0]).all()
    assert not np.array_equal(found.song(0), found.song(1))


def test_composers_and_their_works_are_chosen(midi_directory: Path, config: CrnnganConfig) -> None:
    assert len(load(midi_directory, config, works_per_composer=5)) == 5
    assert len(load(midi_directory, config, composer="deeper")) == 12
    with pytest.raises(TrainingError, match="composer 'nobody'; it has"):
        load(midi_directory, config, composer="nobody")


def test_a_run_writes_a_profile_lists_devices_and_stops_in_time(
    corpus: Corpus, config: CrnnganConfig, tmp_path: Path
) -> None:
    changes = {**BASE, "max_epoch": 3, "profiling": True, "log_device_placement": True, "exit_after": 1e-9}
    trainer, console = Trainer(replace(config, **changes), corpus), Console(record=True, width=120)
    run_with_progress(trainer, tmp_path, console)
    assert list((tmp_path / TENSORBOARD).iterdir())
    assert "traceEvents" in json.loads((tmp_path / PROFILE_FILE).read_text())
    output = console.export_text()
    assert "lstm.weight_ih_l0" in output
    assert "cpu" in output
    assert "continue with --resume" in output
    assert len(trainer.history) == 1


def test_a_checkpoint_is_written_every_so_many_epochs(
    corpus: Corpus, config: CrnnganConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(Trainer, "save", lambda trainer, _: written.append(len(trainer.history)))
    trainer = Trainer(replace(config, **{**BASE, "max_epoch": 6, "epochs_per_checkpoint": 3}), corpus)
    run_with_progress(trainer, tmp_path, Console(quiet=True))
    assert written == [3, 6, 7]


def test_the_command_of_call_after_is_called_after(midi_directory: Path, tmp_path: Path) -> None:
    out, mark = tmp_path / "run", tmp_path / "mark"
    changes = [f"call_after=cp {out / 'checkpoint.pt'} {mark}", "max_epoch=0", "pretraining_epochs=1"]
    words = ["crnngan", "--corpus", str(midi_directory), "--recipe", "smoke", "--out", str(out)]
    app([*words, *(word for change in changes for word in ("--set", change))], standalone_mode=False)
    assert mark.read_bytes() == (out / "checkpoint.pt").read_bytes()


def test_samples_are_pieces(corpus: Corpus, config: CrnnganConfig, tmp_path: Path) -> None:
    trainer = trained(config, corpus)
    paths = write_samples(trainer, tmp_path)
    assert len(paths) == BASE["batch_size"]
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in write_samples(trainer, tmp_path)]
    assert all(path.read_bytes()[:4] == b"MThd" for path in paths)


def test_weights_of_other_sizes_are_refused(corpus: Corpus, config: CrnnganConfig, tmp_path: Path) -> None:
    Trainer(config, corpus).save(tmp_path)
    with pytest.raises(TrainingError, match="other sizes"):
        Trainer.resume(tmp_path, corpus, ["hidden_size=9"])


def test_a_batch_larger_than_the_corpus_is_refused(corpus: Corpus, config: CrnnganConfig) -> None:
    with pytest.raises(TrainingError, match="at most the number of training songs, 8, got 500"):
        Trainer(replace(config, batch_size=500), corpus)
