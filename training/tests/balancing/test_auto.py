import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_training.balancing.auto import METHODS, OPTIONS, decide, recommend
from euterpe_training.balancing.config import DEEPSMOTE_RECIPES
from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError
from euterpe_training.reports.bootstrap import Predictions
from rich.console import Console

QUIET = Console(quiet=True)


def runs(right: float, seeds: int = 5) -> list[Predictions]:
    """Predictions of which about a share is right, for 300 units of three classes."""
    labels = np.arange(300) % 3
    found = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        wrong = random.random(300) > right
        found.append(Predictions(np.arange(300), labels, np.where(wrong, (labels + 1) % 3, labels)))
    return found


def test_a_clearly_better_method_is_recommended_and_chance_is_not() -> None:
    found = decide({"unbalanced": runs(0.6), "smote": runs(0.9), "random-over": runs(0.8)}, 3, {})
    assert found.method == "smote"
    assert found.text.startswith("smote: macro-F1 +0.")
    same = decide({"unbalanced": runs(0.8), "smote": runs(0.81), "deepsmote": runs(0.7)}, 3, {})
    assert same.method == "unbalanced"
    assert same.text.startswith("leave it")


def test_all_methods_are_compared_on_real_validation_images(unbalanced: ImageSet, tmp_path: Path) -> None:
    options = replace(OPTIONS, epochs=1, steps_per_round=2)
    config = replace(DEEPSMOTE_RECIPES["smoke"], epochs=1, neighbours=3)
    found = recommend(unbalanced, tmp_path, 2, torch.device("cpu"), QUIET, options, config)
    assert [one.method for one in found.candidates] == [one for one in METHODS if one not in found.skipped]
    stored = json.loads((tmp_path / "auto.json").read_text())
    assert (stored["method"], stored["seeds"]) == (found.method, 2)
    assert f"Recommendation: **{found.text}**." in (tmp_path / "README.md").read_text()
    with pytest.raises(TrainingError, match="already has a comparison"):
        recommend(unbalanced, tmp_path, 2, torch.device("cpu"), QUIET, options, config)
