"""A run with the real trainer, on two processes, from a corpus in a bucket to a released bundle."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from euterpe_music.bundle import load_any_bundle
from euterpe_music.midi import Piece, write_midi
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_training.releases.promotion import promote
from euterpe_training.remote.plan import RunPlan
from euterpe_training.storage import open_folder


@pytest.mark.slow
def test_a_model_is_trained_by_torchrun_and_released(
    s3_environment: ObjectStoreSettings, make_tune: Callable[[int], Piece], tmp_path: Path
) -> None:
    store = open_folder(f"s3://{s3_environment.bucket}/{tmp_path.name}")
    for seed in range(16):
        store.write(f"corpora/tunes/{seed}.mid", write_midi(make_tune(seed)))
    corpus, out = ["--corpus", str(tmp_path / "corpus")], str(tmp_path / "run")
    label = ["--name", "tunes", "--version", "0.1.0", "--title", "Tunes"]
    plan = RunPlan(
        store=store.url,
        corpus="corpora/tunes",
        run="runs/tunes-1",
        train=["crnngan", *corpus, "--out", out, "--recipe", "smoke", "--set", "batch_size=2"],
        export=["export", *corpus, "--run", out, "--out", str(tmp_path / "bundles/tunes/0.1.0"), *label],
    )
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    command = [sys.executable, "-m", "euterpe_training.cli", "run", tmp_path / "plan.json", "--data", tmp_path]
    subprocess.run(command, check=True, env={**os.environ, "PET_NPROC_PER_NODE": "2"})
    assert {"checkpoint.pt", "history.json", "done.json"} <= {
        path.removeprefix("runs/tunes-1/") for path in store.list("runs/tunes-1/")
    }
    models = open_folder(f"{store.url}models")
    assert promote(models, "tunes", "0.1.0") == {"0.1.0": 100}
    for path in models.list("tunes/0.1.0/"):
        models.download(path, tmp_path / "served" / path)
    assert load_any_bundle(tmp_path / "served/tunes/0.1.0").manifest.name == "tunes"
