"""Train a small ensemble network on the device, export it, load the bundle in the engine and compose a piece."""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import require_provider, require_torch, run

_EVENTS = 60_000


def check(given: argparse.Namespace) -> dict[str, Any]:
    """Go the whole way from a data set to a composed piece."""
    require_torch(given.device)
    require_provider(given.device)
    from composing import compose
    from euterpe_generator.models.loader import load_model
    from euterpe_training.bundle_label import BundleLabel
    from euterpe_training.ensemble.config import recipe
    from euterpe_training.ensemble.export.bundle import ExportSettings, export_run
    from euterpe_training.ensemble.trainer import Machine, Trainer
    from random_pieces import write_random_dataset

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_random_dataset(folder / "data", 40, 16)
        events = 2_000 if given.tiny else _EVENTS
        config = replace(recipe("tiny"), sources=("pop909",), total_events=events, warmup_events=events // 10)
        machine = Machine(given.device, threads=2, evaluate_every=events // 2, validation_pieces=2)
        trainer = Trainer(config, folder / "data", folder / "run", machine)
        started = time.perf_counter()
        trainer.train(lambda _: None)
        seconds = time.perf_counter() - started
        label = BundleLabel("gpu-check", "0.0.1", "GPU check", created="2026-11-30")
        bundle = export_run(folder / "run", folder / "data", folder / "models", label, ExportSettings(("fp32", "int8")))
        model = load_model(bundle.directory, 4)
        made = compose(model, 4, 100, 4)
    row = {"trained events": trainer.events, "seconds": round(seconds, 1), "provider": model.provider}
    return {"rows": [row | {"composed events": sum(map(len, made.pieces))}]}


if __name__ == "__main__":
    run(check)
