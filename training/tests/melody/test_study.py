"""A study that is stopped and continued, corpus by corpus, and its report."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from euterpe_training.errors import TrainingError
from euterpe_training.melody import study
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.recipes import melody_recipe

TINY = study.Scale(units=0.02, epochs=1, songs=0, rate=0.01, batch=8)


def test_the_plan_has_all_runs_of_both_models_and_variants() -> None:
    planned = list(study.plan(study.Scale()))
    thesis = [(name, config.encoding, config.part) for group, name, config in planned if group != "Beyond the thesis"]
    assert len(set(thesis)) == len(thesis) == 16
    sizes = {name: (c.cell, c.layers, c.units) for group, name, c in planned if group == "Model 1"}
    assert sizes == {
        "run1": ("lstm", 1, 512),
        "run2": ("lstm", 3, 512),
        "run3": ("lstm", 3, 1024),
        "run4": ("gru", 3, 512),
    }
    beyond = [config for group, _, config in planned if group == "Beyond the thesis"]
    assert any(config.echoes for config in beyond)
    assert any(config.cell == "transformer" for config in beyond)


def test_a_stopped_study_continues_and_accepts_another_corpus(
    two_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    trained: list[str] = []
    smoke = replace(melody_recipe("smoke"), epochs=1)

    def plan(_: study.Scale) -> Iterator[tuple[str, str, MelodyConfig]]:
        for name, encoding in (("first", 1), ("second", 2)):
            yield "Model 1" if encoding == 1 else "Model 2", name, replace(smoke, encoding=encoding)

    def stopped(_: study.Scale) -> Iterator[tuple[str, str, MelodyConfig]]:
        yield next(plan(_))

    out = tmp_path / "study"
    monkeypatch.setattr(study, "plan", stopped)
    study.run_study([two_folders], out, TINY, trained.append)
    monkeypatch.setattr(study, "plan", plan)
    study.run_study([two_folders], out, TINY, trained.append)
    assert [line.split(",")[2].strip() for line in trained] == ["first", "second"]
    other = tmp_path / "other"
    other.symlink_to(two_folders)
    study.run_study([other], out, replace(TINY, epochs=2, songs=8), trained.append)
    assert len(trained) == 4
    page = (out / "README.md").read_text()
    for name in (two_folders.name, "other"):
        assert f"## {name}" in page
        assert (out / f"curves-{name}.png").is_file()
    assert "8 songs" in page
    rows = json.loads((out / "results.json").read_text())["results"]
    assert all(f"{row['test_loss']:.3f}" in page for row in rows)
    with pytest.raises(TrainingError, match="another scale"):
        study.run_study([other], out, TINY, trained.append)
