from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError


def weights(trainer: Trainer) -> list[torch.Tensor]:
    return [*trainer.g.state_dict().values(), *trainer.d.state_dict().values()]


def test_pretraining_learns_and_lengthens_its_windows(corpus: Corpus, config: CrnnganConfig) -> None:
    trainer = Trainer(replace(config, pretraining_epochs=12, max_epoch=0, learning_rate=0.01), corpus)
    before = trainer.validation_loss("validation")
    epochs = list(trainer.epochs())
    assert [epoch.length for epoch in epochs] == [4, 8, 12, *([16] * 9)]
    assert epochs[-1].validation_loss < 0.7 * before


def test_adversarial_training_updates_both_networks(corpus: Corpus, config: CrnnganConfig) -> None:
    trainer = Trainer(replace(config, pretraining_epochs=0, max_epoch=2, freezing=False), corpus)
    before = [tensor.clone() for tensor in weights(trainer)]
    epochs = list(trainer.epochs())
    assert all(not torch.equal(old, new) for old, new in zip(before, weights(trainer), strict=True))
    assert epochs[0].phase == "adversarial"
    assert epochs[0].d_loss is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"feature_matching": True, "anchor": 1.0},
        {"pretraining_loss": "squared", "adam": False},
        {"disable_l2_regularizer": True, "input_jitter": 0.4, "anneal_pretraining": True},
        {"minibatch_d": True, "freezing": False, "end_classification": True},
    ],
)
def test_all_variants_of_training_run(corpus: Corpus, config: CrnnganConfig, changes: dict[str, Any]) -> None:
    trainer = Trainer(replace(config, pretraining_epochs=1, max_epoch=1, **changes), corpus)
    assert [epoch.phase for epoch in trainer.epochs()] == ["pretraining", "adversarial"]


@pytest.mark.parametrize("stop", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(
    corpus: Corpus, config: CrnnganConfig, tmp_path: Path, stop: int
) -> None:
    whole = Trainer(config, corpus)
    list(whole.epochs())
    part = Trainer(config, corpus)
    for epoch in part.epochs():
        if epoch.number + 1 == stop:
            break
    part.save(tmp_path)
    resumed = Trainer.resume(tmp_path, corpus)
    torch.rand(3)
    resumed = Trainer.resume(tmp_path, corpus)
    list(resumed.epochs())
    assert all(torch.equal(one, other) for one, other in zip(weights(whole), weights(resumed), strict=True))
    assert [epoch.g_loss for epoch in resumed.history] == [epoch.g_loss for epoch in whole.history]


def test_a_resumed_run_can_be_longer(corpus: Corpus, config: CrnnganConfig, tmp_path: Path) -> None:
    trainer = Trainer(config, corpus)
    list(trainer.epochs())
    trainer.save(tmp_path)
    assert len(list(Trainer.resume(tmp_path, corpus, ["max_epoch=3"]).epochs())) == 1


def test_a_loss_that_is_not_a_number_stops_the_run(corpus: Corpus, config: CrnnganConfig) -> None:
    trainer = Trainer(config, corpus)
    with torch.no_grad():
        trainer.g.output.bias[0] = float("nan")
    with pytest.raises(TrainingError, match="epoch 1"):
        list(trainer.epochs())


def test_a_damaged_or_foreign_checkpoint_is_refused(corpus: Corpus, config: CrnnganConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint"):
        Trainer.resume(tmp_path, corpus)
    trainer = Trainer(config, corpus)
    trainer.save(tmp_path)
    with pytest.raises(TrainingError, match="another corpus"):
        Trainer.resume(tmp_path, replace(corpus, sha256="0"))
    path = tmp_path / CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(TrainingError, match="damaged"):
        Trainer.resume(tmp_path, corpus)


def test_a_save_that_fails_leaves_the_old_checkpoint(
    corpus: Corpus, config: CrnnganConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(config, corpus)
    trainer.save(tmp_path)

    def full(_content: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space"):
        trainer.save(tmp_path)
    monkeypatch.undo()
    assert Trainer.resume(tmp_path, corpus).history == []


@pytest.mark.parametrize("changes", [{}, {"anchor": 1.0, "adversarial_weight": 0.3}, {"disable_l2_regularizer": True}])
def test_a_single_backward_pass_gives_the_updates_of_two(
    corpus: Corpus, config: CrnnganConfig, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    plain = replace(config, adam=False, freezing=False, learning_rate=0.1, init_scale=0.3, keep_prob=1.0, **changes)
    one = Trainer(plain, corpus)
    before = [tensor.clone() for tensor in weights(one)]
    assert one.single_backward
    list(one.epochs())
    monkeypatch.setattr(Trainer, "single_backward", False)
    two = Trainer(plain, corpus)
    list(two.epochs())
    for old, new, other in zip(before, weights(one), weights(two), strict=True):
        assert torch.allclose(new - old, other - old, rtol=1e-2, atol=1e-6)


def test_two_threads_are_deterministic_and_agree_with_one(corpus: Corpus, config: CrnnganConfig) -> None:
    plain = replace(config, adam=False, freezing=False, learning_rate=0.1, init_scale=0.3)
    runs = []
    for threads in (1, 2, 2):
        torch.set_num_threads(threads)
        runs.append(Trainer(plain, corpus))
        list(runs[-1].epochs())
    for one, two, again in zip(*(weights(run) for run in runs), strict=True):
        assert torch.equal(two, again)
        assert torch.allclose(one, two, rtol=1e-3, atol=1e-6)


def test_a_network_that_skips_its_update_keeps_its_weights(
    corpus: Corpus, config: CrnnganConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for skipped in ((True, False), (False, True), (True, True)):
        trainer = Trainer(replace(config, pretraining_epochs=0, max_epoch=1), corpus)
        monkeypatch.setattr(Trainer, "_skipped_updates", lambda *_, skipped=skipped: skipped)
        before = [[tensor.clone() for tensor in side.state_dict().values()] for side in (trainer.d, trainer.g)]
        list(trainer.epochs())
        after = [side.state_dict().values() for side in (trainer.d, trainer.g)]
        kept = tuple(all(map(torch.equal, *sides)) for sides in zip(before, after, strict=True))
        assert kept == skipped
