"""Runs one after the other within a time budget, each with its results in a file; the same call continues them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import SPLITS, MelodyCorpus, corpus_for
from euterpe_training.melody.trainer import CHECKPOINT, Epoch, MelodyTrainer, Score

RESULTS_FILE: Final = "results.json"
#: Seconds between checkpoints: one of 3 × 1024 units has some 400 MB.
_CHECKPOINT_SECONDS: Final = 120.0


@dataclass(frozen=True)
class CorpusChoice:
    """A corpus and the only style of it to use, if not empty."""

    directory: Path
    style: str = ""

    @classmethod
    def parse(cls, text: str) -> "CorpusChoice":
        """Return the choice of `DIR` or `DIR=STYLE`."""
        directory, _, style = text.partition("=")
        return cls(Path(directory), style)

    @property
    def name(self) -> str:
        """Return the name in reports."""
        return f"{self.directory.name}: {self.style}" if self.style else self.directory.name


@dataclass(frozen=True)
class PlannedRun:
    """A run of a study or search: its place in the report, its corpus, and its settings. `scale` is kept with it."""

    group: str
    name: str
    corpus: CorpusChoice
    config: MelodyConfig
    scale: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        """Return the name of its directory."""
        parts = (self.corpus.name, self.group, self.name, self.config.part, f"seed{self.config.seed}")
        words = ("".join(letter if letter.isalnum() else "-" for letter in part.lower()).strip("-") for part in parts)
        return "_".join("-".join(filter(None, word.split("-"))) for word in words)


@dataclass(frozen=True)
class RunResult:
    """The results of a run, as results.json has them.

    Losses are in nats per token, streams summed; accuracies are of each stream. `epochs` has the scores of training
    songs, with dropout, and of validation songs, without. `test_last` and `test_best` are those of test songs with the
    weights of the last epoch, and of the one with the lowest validation loss; `test_last` is None in results that only
    have the other. `baseline_accuracy` is that of always predicting the most frequent token of the training songs, None
    if unknown.
    """

    corpus: str
    group: str
    name: str
    part: str
    seed: int
    scale: dict[str, Any]
    config: dict[str, Any]
    precision: str
    songs: dict[str, int]
    parameters: int
    seconds: float
    tokens_per_second: float
    epochs: tuple[dict[str, Any], ...]
    best_epoch: int
    test_best: dict[str, Any]
    test_last: dict[str, Any] | None
    baseline_accuracy: list[float] | None

    @property
    def settings(self) -> MelodyConfig:
        """Return the configuration."""
        return MelodyConfig.from_dict(self.config)


class RunQueue:
    """Executes planned runs into `directory`, one directory each. `budget_minutes` 0 is no limit."""

    def __init__(
        self, planned: Sequence[PlannedRun], directory: Path, *, budget_minutes: float = 0.0,
        log: Callable[[str], None] = lambda _: None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.planned = planned
        self._directory = directory
        self._budget_seconds = 60 * budget_minutes
        self._log, self._clock = log, clock
        self._corpora: dict[tuple[Any, ...], MelodyCorpus] = {}
        self._check_settings()

    @property
    def waiting(self) -> list[PlannedRun]:
        """Return the runs that have no results."""
        return [run for run in self.planned if not self._results_file(run).is_file()]

    def estimate_seconds(self) -> float:
        """Return how long the waiting runs take, from a few batches of each kind of run, and log it."""
        measured: dict[str, float] = {}
        total = 0.0
        for run in self.waiting:
            kind = json.dumps([run.corpus.name, {**run.config.to_dict(), "seed": 0, "recipe": "", "epochs": 0}])
            if kind not in measured:
                measured[kind] = MelodyTrainer(run.config, self._corpus(run)).measure_epoch_seconds()
            total += measured[kind] * (run.config.epochs - self._epochs_done(run))
        count = f"{len(self.waiting)} of {len(self.planned)}"
        self._log(f"{count} runs to do: about {describe_seconds(total)} at the present load")
        return total

    def execute(self) -> bool:
        """Train the waiting runs until all are complete or the budget is spent; return whether all are complete."""
        started = self._clock()
        waiting = self.waiting
        for number, run in enumerate(waiting, start=1):
            if not self._execute(run, started):
                done = len(self.planned) - len(self.waiting)
                self._log(f"the budget is spent: {done} of {len(self.planned)} runs are complete; "
                          "the same command continues")  # fmt: skip
                return False
            self._log(f"{number} of {len(waiting)}: {run.corpus.name}, {run.group}, {run.name}, {run.config.part}, "
                      f"seed {run.config.seed}")  # fmt: skip
        return True

    def _execute(self, run: PlannedRun, started: float) -> bool:
        directory = self._results_file(run).parent
        checkpoint = directory / CHECKPOINT.format(part=run.config.part)
        corpus = self._corpus(run)
        trainer = MelodyTrainer.load(checkpoint, corpus) if checkpoint.is_file() else MelodyTrainer(run.config, corpus)
        saved = self._clock()
        while not trainer.is_finished:
            if self._budget_seconds and self._clock() - started >= self._budget_seconds:
                trainer.save(directory)
                return False
            trainer.run_epoch()
            if self._clock() - saved >= _CHECKPOINT_SECONDS:
                trainer.save(directory)
                saved = self._clock()
        directory.mkdir(parents=True, exist_ok=True)
        write_atomically(self._results_file(run), json.dumps(asdict(_result(run, trainer))) + "\n")
        checkpoint.unlink(missing_ok=True)
        return True

    def _check_settings(self) -> None:
        """Raise TrainingError when a run has results with other settings than planned."""
        for run in self.planned:
            path = self._results_file(run)
            if path.is_file() and read_result(path).config != run.config.to_dict():
                raise TrainingError(f"{path} has a run with other settings; choose another --out")

    def _results_file(self, run: PlannedRun) -> Path:
        return self._directory / run.directory / RESULTS_FILE

    def _epochs_done(self, run: PlannedRun) -> int:
        path = self._results_file(run).parent / CHECKPOINT.format(part=run.config.part)
        return len(MelodyTrainer.load(path, self._corpus(run)).history) if path.is_file() else 0

    def _corpus(self, run: PlannedRun) -> MelodyCorpus:
        config = run.config
        key = (run.corpus, config.encoding, config.keys == "white", config.songs)
        if key not in self._corpora:
            self._corpora[key] = corpus_for(run.corpus.directory, config)
        return self._corpora[key]


def read_results(directory: Path) -> list[RunResult]:
    """Return all results below a directory, ordered by the names of their directories."""
    return [read_result(path) for path in sorted(directory.glob(f"*/{RESULTS_FILE}"))]


def read_result(path: Path) -> RunResult:
    """Return one run's results; raise TrainingError for a damaged file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return RunResult(**{**values, "epochs": tuple(values["epochs"])})
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} does not have the results of a run, or is damaged") from error


def _result(run: PlannedRun, trainer: MelodyTrainer) -> RunResult:
    last = trainer.score("test")
    trainer.network.load_state_dict(trainer.best)
    seconds = sum(epoch.seconds for epoch in trainer.history)
    losses = [epoch.validation.loss for epoch in trainer.history]
    return RunResult(
        corpus=run.corpus.name,
        group=run.group,
        name=run.name,
        part=run.config.part,
        seed=run.config.seed,
        scale=run.scale,
        config=run.config.to_dict(),
        precision=trainer.precision,
        songs={part: len(trainer.corpus.split(part)) for part in SPLITS},
        parameters=trainer.parameters,
        seconds=round(seconds, 1),
        tokens_per_second=round(sum(epoch.tokens for epoch in trainer.history) / seconds, 1),
        epochs=tuple(_epoch(epoch) for epoch in trainer.history),
        best_epoch=losses.index(min(losses)) + 1,
        test_best=_score(trainer.score("test")),
        test_last=_score(last),
        baseline_accuracy=_baseline(trainer),
    )


def _baseline(trainer: MelodyTrainer) -> list[float]:
    """Return the accuracy on test songs, per stream, of always predicting the most frequent token in training."""
    train, test = trainer.part("train").targets, trainer.part("test").targets
    frequent = np.array([np.bincount(stream).argmax() for stream in train.T])
    return [round(float(share), 5) for share in (test == frequent).mean(axis=0)]


def _epoch(epoch: Epoch) -> dict[str, Any]:
    return {"train": _score(epoch.train), "validation": _score(epoch.validation)}


def _score(score: Score) -> dict[str, Any]:
    return {"loss": round(score.loss, 5), "accuracy": [round(each, 5) for each in score.accuracy]}
