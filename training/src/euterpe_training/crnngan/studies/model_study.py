"""The comparison of C-RNN-GAN's models (references.md §1): every planned run, measured after every epoch."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console

from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.studies.adversarial import MEASURED, UNITS, EpochMetrics, measure_epoch, real_music
from euterpe_training.crnngan.studies.evaluation import evaluate_run
from euterpe_training.crnngan.studies.model_estimate import Estimates
from euterpe_training.crnngan.studies.model_plan import JAZZ, PlannedRun
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.history import Epoch
from euterpe_training.crnngan.trainer.progress import TENSORBOARD, run_with_progress
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

#: Minutes after which training stops at the end of the first epoch.
_MIN_MINUTES: Final = 1e-6
#: A limit that no run reaches.
_MAX_MINUTES: Final = 1e9
#: Assumed seconds of an evaluation against held-out songs, until one was measured.
_EVALUATION_SECONDS: Final = 90.0
_SCALE_FILE, _MEASURES_FILE, _OUTCOME_FILE, _ESTIMATES_FILE = "scale.json", "epochs.jsonl", "run.json", "estimates.json"


@dataclass(frozen=True)
class Scale:
    """The size of a study: songs of each corpus (0: all), adversarial epochs, windows measured per epoch and part."""

    songs: int = 0
    epochs: int = 25
    windows: int = 96


@dataclass(frozen=True)
class Row:
    """An epoch of a run, with its metrics on validation and test songs, and the machine's load average after it."""

    epoch: Epoch
    validation: EpochMetrics
    test: EpochMetrics
    load: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        parts = {"validation": self.validation.to_dict(), "test": self.test.to_dict()}
        return {"epoch": self.epoch.to_dict(), **parts, "load": self.load}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Row":
        """Return the row from `to_dict`'s values."""
        parts = {name: EpochMetrics.from_dict(values[name]) for name in ("validation", "test")}
        return cls(Epoch(**values["epoch"]), **parts, load=values["load"])


@dataclass
class Outcome:
    """A run: its rows so far, the measures of real test music, and the reason of an early end, if any."""

    run: PlannedRun
    config: CrnnganConfig
    corpus: str = ""
    songs: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    parameters: tuple[int, int] = (0, 0)
    real: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    ended: str = ""
    #: The report of `euterpe-train evaluate` on the finished run, and the seconds it took; empty before.
    evaluation: dict[str, Any] = field(default_factory=dict)
    evaluation_seconds: float = 0.0

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.run.name

    @property
    def is_trained(self) -> bool:
        """Whether training has ended."""
        return bool(self.ended) or len(self.rows) >= self.config.pretraining_epochs + self.config.max_epoch

    @property
    def is_complete(self) -> bool:
        """Whether nothing remains to be done."""
        return self.is_trained and bool(self.ended or self.evaluation_seconds)

    def store(self, directory: Path) -> None:
        """Write everything but the rows, which are stored epoch by epoch."""
        kept = {name: value for name, value in vars(self).items() if name not in ("run", "config", "rows")}
        write_atomically(directory / _OUTCOME_FILE, json.dumps(kept) + "\n")

    @classmethod
    def read(cls, run: PlannedRun, config: CrnnganConfig, directory: Path) -> "Outcome | None":
        """Return what is stored of a run; None if it was not begun."""
        path = directory / _OUTCOME_FILE
        if not path.is_file():
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(run, config, **{**values, "parameters": tuple(values["parameters"])}, rows=_rows(directory))


class Study:
    """A study whose runs are in directories of their own; a stopped study continues where it was."""

    def __init__(
        self, corpora: dict[str, Path | None], runs: Path, scale: Scale, console: Console, cache: Path | None = None,
        device: torch.device | None = None,
    ) -> None:  # fmt: skip
        self.corpora, self.runs, self.scale, self.console, self.cache = corpora, runs, scale, console, cache
        self.device = device or torch.device("cpu")
        self.estimates = Estimates(runs / _ESTIMATES_FILE, scale.windows)
        _check_scale(runs / _SCALE_FILE, scale)

    def outcomes(self, planned: Sequence[PlannedRun]) -> list[Outcome]:
        """Return what is stored of the planned runs."""
        found = (Outcome.read(run, run.config(self.scale.epochs), self.runs / run.name) for run in planned)
        return [outcome for outcome in found if outcome]

    def estimate(self, planned: Sequence[PlannedRun], *, again: bool = False) -> float:
        """Measure a few batches of every kind of run that is not complete; print and return the seconds that remain.

        Kinds that an earlier call measured are measured only with `again`, which the machine's load may need.
        """
        if again:
            self.estimates.forget()
        stored = {outcome.name: outcome for outcome in self.outcomes(planned)}
        evaluated = [outcome.evaluation_seconds for outcome in stored.values() if outcome.evaluation_seconds]
        evaluation = max(evaluated, default=_EVALUATION_SECONDS)
        total = 0.0
        for run in planned:
            outcome = stored.get(run.name)
            if outcome and outcome.is_complete:
                continue
            config, corpus = run.config(self.scale.epochs), _corpus_name(run)
            if not self.estimates.known(config, corpus):
                self.estimates.measure(Trainer(config, self._corpus(run, config), device=self.device), corpus)
            known = self.estimates.known(config, corpus) or {}
            seconds = self.estimates.seconds(config, corpus, len(outcome.rows) if outcome else 0) + evaluation
            total += seconds
            each = ", ".join(f"{name} {value:.1f} s" for name, value in known.items())
            self.console.print(f"{run.name}: {describe_seconds(seconds)} (per epoch: {each})", highlight=False)
        load = os.getloadavg()[0]
        self.console.print(f"to do: about {describe_seconds(total)}, measured at a load of {load:.1f}", highlight=False)
        return total

    def run(
        self, planned: Sequence[PlannedRun], minutes: float, after: Callable[[list[Outcome]], None] = lambda _: None
    ) -> list[Outcome]:
        """Train the runs one after the other, for at most `minutes`; call `after` with all outcomes after each.

        The first one that is not complete is trained for one epoch even without time.
        Return the outcomes of all runs that were begun, also by earlier calls.
        """
        until = time.monotonic() + 60 * minutes
        has_begun = False
        for number, run in enumerate(planned, start=1):
            stored = self.outcomes([run])
            left = (until - time.monotonic()) / 60
            if (stored and stored[0].is_complete) or (has_begun and left <= 0):
                continue
            has_begun = True
            self.console.print(f"run {number} of {len(planned)}: {run.name}", highlight=False)
            self._one(run, max(left, _MIN_MINUTES))
            after(self.outcomes(planned))
        return self.outcomes(planned)

    def _one(self, run: PlannedRun, minutes: float) -> None:
        config, where = run.config(self.scale.epochs), self.runs / run.name
        corpus = self._corpus(run, config)
        fresh = not (where / CHECKPOINT_FILE).exists()
        limit = f"exit_after={min(minutes, _MAX_MINUTES)}"
        if fresh:
            trainer = Trainer(config.changed([limit]), corpus, device=self.device)
        else:
            trainer = Trainer.resume(where, corpus, [limit], device=self.device)
        outcome = Outcome.read(run, config, where) or Outcome(
            run, config, corpus.name, {name: len(songs) for name, songs in trainer.songs.items()},
            trainer.batches_per_epoch, (_parameters(trainer.g), _parameters(trainer.d)),
            real_music(trainer, "test", self.scale.windows),
        )  # fmt: skip
        # An interrupted run may have rows after its last checkpoint.
        outcome.rows = outcome.rows[: len(trainer.history)]
        outcome.store(where)
        if not outcome.is_trained:
            self._train(trainer, where, outcome)
        if outcome.is_trained and not outcome.ended:
            with self.console.status(f"Evaluating {run.name}"):
                started = time.perf_counter()
                outcome.evaluation = evaluate_run(trainer, where)
                outcome.evaluation_seconds = time.perf_counter() - started
        outcome.store(where)

    def _train(self, trainer: Trainer, where: Path, outcome: Outcome) -> None:
        from torch.utils.tensorboard import SummaryWriter

        (where / _MEASURES_FILE).write_text(
            "".join(json.dumps(row.to_dict()) + "\n" for row in outcome.rows), encoding="utf-8"
        )
        with SummaryWriter(str(where / TENSORBOARD), purge_step=len(outcome.rows)) as board:

            def record(epoch: Epoch) -> None:
                load = round(os.getloadavg()[0], 2)
                validation, test = (measure_epoch(trainer, part, self.scale.windows) for part in MEASURED)
                row = Row(epoch, validation, test, load)
                outcome.rows.append(row)
                with (where / _MEASURES_FILE).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row.to_dict()) + "\n")
                for name, value in flat_metrics(row).items():
                    board.add_scalar(name, value, epoch.number)

            try:
                run_with_progress(trainer, where, self.console, record)
            except TrainingError as error:
                # A model that cannot be trained is a result of the study, which continues.
                outcome.ended = str(error)
                self.console.print(f"{outcome.name}: {error}", highlight=False)

    def _corpus(self, run: PlannedRun, config: CrnnganConfig) -> Corpus:
        directory = self.corpora[_corpus_name(run)]
        if directory is None:
            raise TrainingError(f"{run.recipe} is trained on jazz: give its directory with --jazz")
        with self.console.status(f"Reading {directory}"):
            corpus = load_corpus(directory, config.spec, config.corpus, self.cache)
        return corpus.subset(self.scale.songs) if self.scale.songs else corpus


def flat_metrics(row: Row) -> dict[str, float]:
    """Return the metrics of an epoch on validation and test songs by name, with the music of test songs' noise."""
    flat: dict[str, float] = {}
    for part in MEASURED:
        found: EpochMetrics = getattr(row, part)
        flat |= {f"{part}/{name}": getattr(found, name) for name in ("pretraining_loss", "g_loss", "d_loss")}
        for unit in UNITS:
            decided = getattr(found, unit)
            flat |= {f"{part}/{unit}_{name}": getattr(decided, name) for name in ("precision", "recall", "f1")}
    return flat | {f"music/{name}": value for name, value in row.test.music.items()}


def _corpus_name(run: PlannedRun) -> str:
    return "jazz" if run.recipe == JAZZ else "classical"


def _check_scale(path: Path, scale: Scale) -> None:
    """Store the scale of a new study; raise TrainingError when the study was started with another one."""
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name, value in asdict(scale).items():
            if stored.get(name) != value:
                raise TrainingError(
                    f"the study in {path.parent} was started with {name}={stored.get(name)}, not {value}: "
                    "use the same value, or choose other --runs"
                )
        return
    write_atomically(path, json.dumps(asdict(scale)) + "\n")


def _rows(directory: Path) -> list[Row]:
    path = directory / _MEASURES_FILE
    if not path.exists():
        return []
    return [Row.from_dict(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
