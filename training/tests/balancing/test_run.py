import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.run import Run
from euterpe_training.errors import TrainingError
from PIL import Image
from rich.console import Console

CPU = torch.device("cpu")
QUIET = Console(quiet=True)


@pytest.mark.parametrize("config", [DEEPSMOTE_RECIPES["smoke"], BAGAN_RECIPES["smoke"]], ids=["deepsmote", "bagan"])
def test_a_resumed_run_equals_an_uninterrupted_one(
    unbalanced: ImageSet, tmp_path: Path, config: DeepSmoteConfig | BaganConfig
) -> None:
    whole = Run.start(unbalanced, config, tmp_path / "whole", CPU)
    whole.train(QUIET)
    half = Run.start(unbalanced, replace(config, epochs=1), tmp_path / "half", CPU)
    half.train(QUIET)
    again = Run.resume(unbalanced, tmp_path / "half", CPU, [f"epochs={config.epochs}"])
    again.train(QUIET)
    assert again.method.history == whole.method.history
    assert np.array_equal(again.method.balance().images, whole.method.balance().images)
    directory = tmp_path / "whole"
    assert json.loads((directory / "history.json").read_text()) == whole.method.history
    assert list(directory.glob("events.out.tfevents.*"))
    grids = sorted((directory / "grids").iterdir())
    assert len(grids) == whole.method.epochs
    with Image.open(grids[-1]) as picture:
        # Eleven images in a row, three rows, at twice their size.
        assert picture.size == (2 * (11 * 30 + 2), 2 * (3 * 30 + 2))


def test_runs_are_not_overwritten_and_other_images_are_refused(unbalanced: ImageSet, tmp_path: Path) -> None:
    config = replace(DEEPSMOTE_RECIPES["smoke"], epochs=1)
    Run.start(unbalanced, config, tmp_path, CPU).train(QUIET)
    with pytest.raises(TrainingError, match="--resume"):
        Run.start(unbalanced, config, tmp_path, CPU)
    with pytest.raises(TrainingError, match="trained on other images"):
        Run.resume(unbalanced.take(np.arange(60)), tmp_path, CPU)
    with pytest.raises(TrainingError, match="networks of other sizes"):
        Run.resume(unbalanced, tmp_path, CPU, ["latent_size=9"])


def test_a_loss_that_is_not_a_number_ends_the_run_and_keeps_the_checkpoint(
    unbalanced: ImageSet, tmp_path: Path
) -> None:
    run = Run.start(unbalanced, DEEPSMOTE_RECIPES["smoke"], tmp_path, CPU)
    run.save()
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        next(run.method.modules()["decoder"].parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="reconstruction is not a number in epoch 1; lower learning_rate"):
        run.train(QUIET)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("stop", [KeyboardInterrupt, TrainingError("no number")], ids=["ctrl-c", "no number"])
def test_an_interrupted_run_continues_after_its_last_complete_epoch(
    unbalanced: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    config = replace(DEEPSMOTE_RECIPES["smoke"], epochs=4, epochs_per_checkpoint=10)
    whole = Run.start(unbalanced, config, tmp_path / "whole", CPU)
    whole.train(QUIET)
    run = Run.start(unbalanced, config, tmp_path / "stopped", CPU)
    epoch = run.method.train_epoch

    def until_the_third(generator: torch.Generator, after_batch: Callable[[], None]) -> dict[str, float]:
        losses = epoch(generator, after_batch)
        if len(run.method.history) == 2:
            raise stop
        return losses

    monkeypatch.setattr(run.method, "train_epoch", until_the_third)
    with pytest.raises(type(stop) if isinstance(stop, TrainingError) else KeyboardInterrupt):
        run.train(QUIET)
    again = Run.resume(unbalanced, tmp_path / "stopped", CPU)
    assert len(again.method.history) == 2
    again.train(QUIET)
    assert again.method.history == whole.method.history


def test_a_resumed_run_uses_a_changed_learning_rate(unbalanced: ImageSet, tmp_path: Path) -> None:
    Run.start(unbalanced, replace(DEEPSMOTE_RECIPES["smoke"], epochs=1), tmp_path, CPU).train(QUIET)
    again = Run.resume(unbalanced, tmp_path, CPU, ["learning_rate=1e-7"])
    rates = {group["lr"] for one in again.method.optimizers().values() for group in one.param_groups}
    assert rates == {1e-7}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("epochs=0", "epochs must be 1 or more, got 0"),
        ("batch_size=1", "2 or more for batch norm"),
        ("learning_rate=2", "between 0 and 1"),
        ("latent=5", "there is no setting 'latent'"),
        ("epochs=many", "must be an integer"),
    ],
)  # fmt: skip
def test_invalid_settings_are_reported(change: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        DEEPSMOTE_RECIPES["smoke"].changed([change])


def test_a_diverged_training_is_reported(
    unbalanced: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.start(unbalanced, replace(BAGAN_RECIPES["smoke"], autoencoder_epochs=0, epochs=3), tmp_path, CPU)
    monkeypatch.setattr(run.method, "train_epoch", lambda *_: {"penalty": 0.1 + len(run.method.history)})
    run.train(Console())
    assert "penalty is over 1 from epoch 2 on" in " ".join(capsys.readouterr().out.split())
