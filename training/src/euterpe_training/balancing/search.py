"""Search for settings of DeepSMOTE or BAGAN-GP, by grid or by Optuna; a search can be stopped and continued."""

import csv
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna
import torch
from optuna.trial import TrialState
from rich.console import Console
from sqlalchemy.exc import DatabaseError

from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.pixels import to_tensor
from euterpe_training.balancing.quality import MIN_FOR_DISTANCE, kernel_distance
from euterpe_training.balancing.run import digest, make_method
from euterpe_training.balancing.search_report import write_search
from euterpe_training.errors import TrainingError
from euterpe_training.reports.html import Table

#: The values that the thesis tries; used without --try.
DEFAULT_VALUES: Final[Mapping[str, Sequence[str]]] = {
    "learning_rate": ("2e-4", "1e-3"),
    "batch_size": ("32", "64"),
    "hidden_size": ("64", "128"),
    "latent_size": ("300", "600"),
    "epochs": ("100", "300"),
}
_DONE: Final = (TrialState.COMPLETE, TrialState.PRUNED)
_TABLE: Final = "trials.csv"
_VALIDATION_SHARE: Final = 0.2
_MAX_COMPARED: Final = 500


@dataclass
class Search:
    """Tries variants of `config` and writes trials.csv, best.json, report.html and README.md into `directory`.

    The score of DeepSMOTE is the squared error of reconstructed held-out images, that of BAGAN-GP the kernel distance
    between synthetic and held-out images, scaled to 7×7 pixels. Lower is better for both.
    """

    images: ImageSet
    config: DeepSmoteConfig | BaganConfig
    values: Sequence[str]
    sampler: str
    trials: int
    directory: Path
    device: torch.device
    console: Console
    grid: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        if self.sampler not in ("grid", "optuna"):
            raise TrainingError(f"there is no sampler {self.sampler!r}; the samplers are: grid, optuna")
        self.grid = parse_values(self.values) or {name: list(values) for name, values in DEFAULT_VALUES.items()}
        for name, values in self.grid.items():
            for value in values:
                self.config.changed([f"{name}={value}"])
        self.train, self.held_out = split(self.images, _VALIDATION_SHARE)
        if isinstance(self.config, BaganConfig) and len(self.held_out) < MIN_FOR_DISTANCE:
            raise TrainingError(
                f"a search for settings of bagan-gp needs {MIN_FOR_DISTANCE} held-out images; a fifth of "
                f"{self.images.name} is {len(self.held_out)}"
            )

    def run(self) -> None:
        """Run the trials that are missing, and write the results."""
        # Errors that do not depend on the settings are raised at once, not once per trial.
        make_method(self.train, self.config, self.device)
        self.directory.mkdir(parents=True, exist_ok=True)
        study = self._study()
        self._queue(study)
        total = len(self._all()) if self.sampler == "grid" else self.trials
        done = sum(trial.state in _DONE for trial in study.trials)
        if done < total:
            study.optimize(self._trial, n_trials=total - done, catch=())
        self._write(study)

    def _study(self) -> optuna.Study:
        # Without Optuna's log of trials that were interrupted by the user.
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        described = json.dumps([digest(self.images), asdict(self.config), self.grid, self.sampler], sort_keys=True)
        storage = f"sqlite:///{self.directory / 'search.db'}"
        try:
            study = optuna.create_study(storage=storage, study_name="search", load_if_exists=True)
        except DatabaseError as error:
            raise TrainingError(f"{self.directory}/search.db is damaged; remove it, or choose another --out") from error
        if study.user_attrs.get("of", described) != described:
            raise TrainingError(f"{self.directory} has a search with other images or settings; choose another --out")
        study.set_user_attr("of", described)
        # A continued search must not repeat the random numbers of its beginning; a grid is queued as a whole.
        study.sampler = optuna.samplers.TPESampler(seed=len(study.trials))
        return study

    def _queue(self, study: optuna.Study) -> None:
        """Queue the missing settings of the grid, and those of interrupted trials."""
        queued = self._all() if self.sampler == "grid" else []
        for trial in study.trials:
            if trial.state == TrialState.RUNNING:
                study.tell(trial.number, state=TrialState.FAIL)
            if trial.state in (TrialState.RUNNING, TrialState.FAIL):
                queued.append(trial.params)
        settled = [trial.system_attrs.get("fixed_params", trial.params) for trial in study.trials
                   if trial.state in (*_DONE, TrialState.WAITING)]  # fmt: skip
        for params in queued:
            if params not in settled:
                study.enqueue_trial(params)
                settled.append(params)

    def _all(self) -> list[dict[str, str]]:
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]

    def _trial(self, trial: optuna.Trial) -> float:
        chosen = {name: trial.suggest_categorical(name, values) for name, values in self.grid.items()}
        for earlier in trial.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if earlier.params == chosen and earlier.value is not None:
                return earlier.value
        config = self.config.changed([f"{name}={value}" for name, value in chosen.items()])
        text = ", ".join(f"{name} {value}" for name, value in chosen.items())
        try:
            score = self._score(config)
        except TrainingError as error:
            self.console.print(f"{text}: failed, {error}", highlight=False)
            raise optuna.TrialPruned from error
        self.console.print(f"{text}: {score:.4f}", highlight=False)
        return score

    def _score(self, config: DeepSmoteConfig | BaganConfig) -> float:
        method = make_method(self.train, config, self.device)
        for _ in method.train():
            pass
        if hasattr(method, "encode"):
            codes = method.encode(to_tensor(self.held_out.images))
            decoded = method.decode(codes)  # type: ignore[attr-defined]
            return float(np.square((decoded.astype(float) - self.held_out.images) / 127.5).mean())
        synthetic = [
            method.generate(label, min(int(count), _MAX_COMPARED))
            for label, count in enumerate(self.held_out.counts)
            if count
        ]
        made = np.concatenate(synthetic)
        return kernel_distance(
            _scaled_down(self.held_out.images), _scaled_down(made), min(len(made), len(self.held_out), _MAX_COMPARED)
        )[0]

    def _write(self, study: optuna.Study) -> None:
        rows = [self._row(trial) for trial in study.trials if trial.state in _DONE]
        rows.sort(key=lambda row: float(row[-2] or "inf"))
        head = [*self.grid, "score", "seconds"]
        with (self.directory / _TABLE).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
        if not any(row[-2] for row in rows):
            raise TrainingError("none of the settings could be trained; try a lower learning_rate")
        best = {"settings": study.best_params, "score": study.best_value}
        (self.directory / "best.json").write_text(json.dumps(best, indent=1) + "\n", encoding="utf-8")
        write_search(self.directory, self.images.name, self.config, self.grid, study, Table(head, rows))
        self.console.print(f"best: {best['settings']}, {study.best_value:.4f}", highlight=False)

    def _row(self, trial: optuna.trial.FrozenTrial) -> list[str]:
        """Return settings, score and seconds; the score is empty for a failed training."""
        score = "" if trial.value is None else f"{trial.value:.5f}"
        seconds = f"{trial.duration.total_seconds():.1f}" if trial.duration else ""
        return [*(str(trial.params.get(name, "")) for name in self.grid), score, seconds]


def parse_values(texts: Sequence[str]) -> dict[str, list[str]]:
    """Parse texts of the form NAME=A,B,C; raise TrainingError when one has no values."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        found[name] = [value.strip() for value in values.split(",") if value.strip()]
        if not found[name]:
            raise TrainingError(f"--try {text} has no values; write NAME=A,B,C")
    return found


def _scaled_down(images: Any) -> Any:
    """Return grey images of 7×7 pixels as vectors [count, 49]."""
    grey = torch.from_numpy(images.mean(-1))[:, None] / 255.0
    return torch.nn.functional.adaptive_avg_pool2d(grey, 7).flatten(1).numpy().astype(np.float64)
