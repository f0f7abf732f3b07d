"""The duration of a run, from a few batches of each phase."""

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.studies.adversarial import MEASURED, measure_epoch
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.history import Phase
from euterpe_training.files import write_atomically

#: Batches that are measured, after one that is not: the first one allocates memory and selects kernels.
_BATCHES: Final = 2
#: Settings that do not change how long a batch takes.
_WITHOUT_EFFECT: Final = {
    "recipe", "seed", "learning_rate", "d_lr_factor", "lr_decay", "epochs_before_decay", "max_grad_norm", "init_scale",
    "pretraining_epochs", "pretraining_learning_rate", "max_epoch", "initialize_d", "freezing", "real_label",
    "adversarial_weight", "curriculum", "anneal_pretraining", "epochs_per_checkpoint", "exit_after",
}  # fmt: skip


class Estimates:
    """Seconds per epoch of configurations, measured once each and stored in a file.

    `seconds(config, …)` are those of a whole run: training, and measuring after every epoch.
    """

    def __init__(self, path: Path, windows: int) -> None:
        self._path, self._windows = path, windows
        self._known: dict[str, dict[str, float]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}

    def known(self, config: CrnnganConfig, corpus: str) -> dict[str, float] | None:
        """Return what was measured for configurations that take equally long; None if nothing was."""
        return self._known.get(_key(config, corpus))

    def forget(self) -> None:
        """Forget what was measured."""
        self._known = {}

    def measure(self, trainer: Trainer, corpus: str) -> None:
        """Train a few batches of both phases, and store seconds per epoch. The trainer is of no use afterwards."""
        phases: tuple[Phase, ...] = ("pretraining", "adversarial")
        found: dict[str, float] = {phase: _epoch_seconds(trainer, phase) for phase in phases}
        started = time.perf_counter()
        for part in MEASURED:
            measure_epoch(trainer, part, self._windows)
        found["measuring"] = time.perf_counter() - started
        self._known[_key(trainer.config, corpus)] = found
        write_atomically(self._path, json.dumps(self._known, indent=1) + "\n")

    def seconds(self, config: CrnnganConfig, corpus: str, done: int = 0) -> float:
        """Return the seconds of the epochs after the first `done`; the measures must be known."""
        found = self._known[_key(config, corpus)]
        first = range(done, config.pretraining_epochs)
        shares = [min(4 * (epoch + 1), config.songlength) / config.songlength if config.curriculum else 1.0
                  for epoch in first]  # fmt: skip
        rest = config.max_epoch - max(done - config.pretraining_epochs, 0)
        measured = (len(first) + rest) * found["measuring"]
        return sum(shares) * found["pretraining"] + rest * found["adversarial"] + measured


def _epoch_seconds(trainer: Trainer, phase: Phase) -> float:
    """Return the seconds of an epoch of windows of full length."""
    times = []
    for _ in range(1 + _BATCHES):
        songs = np.resize(trainer.songs["train"], trainer.config.batch_size)
        started = time.perf_counter()
        trainer.train_batch(phase, songs, trainer.config.songlength)
        times.append(time.perf_counter() - started)
    return float(np.mean(times[1:])) * trainer.batches_per_epoch


def _key(config: CrnnganConfig, corpus: str) -> str:
    values: dict[str, Any] = {name: value for name, value in config.to_dict().items() if name not in _WITHOUT_EFFECT}
    values["anchor"] = bool(config.anchor)
    values["input_jitter"] = bool(config.input_jitter)
    spec, _ = values.pop("spec"), values.pop("corpus")
    return json.dumps([corpus, spec["tones_per_cell"], spec["representation"] == "normalised", values], sort_keys=True)
