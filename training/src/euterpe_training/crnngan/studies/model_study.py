"""The thesis' comparison of C-RNN-GAN's models (references.md §1): every recipe, measured after every epoch."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console
from torch.utils.tensorboard import SummaryWriter

from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import CrnnganConfig, recipe
from euterpe_training.crnngan.studies.adversarial import EpochMetrics, measure_epoch, real_music
from euterpe_training.crnngan.studies.evaluation import evaluate_run
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.history import Epoch
from euterpe_training.crnngan.trainer.progress import run_with_progress
from euterpe_training.errors import TrainingError

#: The thesis' models and those of the paper.
THESIS: Final = ("model6", "model8", "model10", "model12", "paper", "feature-matching", "model10-jazz")
_JAZZ: Final = "model10-jazz"
#: Minutes after which training stops at the end of the first epoch.
_MIN_MINUTES: Final = 1e-6
_SCALE_FILE, _MEASURES_FILE, _ENDED_FILE = "scale.json", "epochs.jsonl", "ended.txt"


@dataclass(frozen=True)
class Scale:
    """The size of a study: songs of each corpus (0: all), adversarial epochs, windows measured per epoch and part."""

    songs: int = 0
    epochs: int = 500
    windows: int = 96
    seed: int = 0


@dataclass(frozen=True)
class Row:
    """An epoch of a run, with its metrics on validation and test songs."""

    epoch: Epoch
    validation: EpochMetrics
    test: EpochMetrics

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"epoch": self.epoch.to_dict(), "validation": self.validation.to_dict(), "test": self.test.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Row":
        """Return the row from `to_dict`'s values."""
        parts = {name: EpochMetrics.from_dict(values[name]) for name in ("validation", "test")}
        return cls(Epoch(**values["epoch"]), **parts)


@dataclass
class Outcome:
    """One recipe: its rows so far, the measures of real test music, and the reason of an early end, if any."""

    config: CrnnganConfig
    corpus: str = ""
    songs: int = 0
    batches: int = 0
    parameters: tuple[int, int] = (0, 0)
    real: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    ended: str = ""
    #: The report of `euterpe-train evaluate` on the finished run; empty before.
    evaluation: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether training has ended."""
        return bool(self.ended) or len(self.rows) >= self.config.pretraining_epochs + self.config.max_epoch


class Study:
    """A study in a directory, with a run per recipe below it; a stopped study continues where it was."""

    def __init__(
        self, corpora: dict[str, Path | None], out: Path, scale: Scale, console: Console, cache: Path | None = None
    ) -> None:
        self.corpora, self.out, self.scale, self.console, self.cache = corpora, out, scale, console, cache
        _check_scale(out / _SCALE_FILE, scale)

    def run(
        self, names: Sequence[str], minutes: float, after: Callable[[list[Outcome]], None] = lambda _: None
    ) -> list[Outcome]:
        """Train the recipes one after the other, for at most `minutes`; call `after` with the outcomes after each.

        Recipes that are not reached in time are returned with the epochs of earlier calls, if there are any.
        """
        until = time.monotonic() + 60 * minutes
        outcomes: list[Outcome] = []
        for number, name in enumerate(names, start=1):
            left = (until - time.monotonic()) / 60
            if outcomes and left <= 0 and not (self.out / "runs" / name / CHECKPOINT_FILE).exists():
                continue
            self.console.print(f"recipe {number} of {len(names)}: {name}", highlight=False)
            outcomes.append(self._one(name, left if outcomes else max(left, _MIN_MINUTES)))
            after(outcomes)
        return outcomes

    def _one(self, name: str, minutes: float) -> Outcome:
        config = recipe(name).changed([f"max_epoch={self.scale.epochs}", f"seed={self.scale.seed}"])
        corpus, where = self._corpus(name, config), self.out / "runs" / name
        fresh = not (where / CHECKPOINT_FILE).exists()
        limit = f"exit_after={max(minutes, _MIN_MINUTES)}"
        trainer = Trainer(config.changed([limit]), corpus) if fresh else Trainer.resume(where, corpus, [limit])
        where.mkdir(parents=True, exist_ok=True)
        outcome = Outcome(
            config, corpus.name, len(trainer.songs["train"]), trainer.batches_per_epoch,
            (_parameters(trainer.g), _parameters(trainer.d)), real_music(trainer, "test", self.scale.windows),
            # An interrupted run may have rows after its last checkpoint.
            _rows(where / _MEASURES_FILE)[: len(trainer.history)],
            (where / _ENDED_FILE).read_text(encoding="utf-8") if (where / _ENDED_FILE).exists() else "",
        )  # fmt: skip
        if minutes > 0 and not outcome.done:
            self._train(trainer, where, outcome)
        if outcome.done and not outcome.ended:
            with self.console.status(f"Evaluating {name}"):
                outcome.evaluation = evaluate_run(trainer, where)
        return outcome

    def _train(self, trainer: Trainer, where: Path, outcome: Outcome) -> None:
        (where / _MEASURES_FILE).write_text(
            "".join(json.dumps(row.to_dict()) + "\n" for row in outcome.rows), encoding="utf-8"
        )
        with SummaryWriter(str(where / "tensorboard"), purge_step=len(outcome.rows)) as board:

            def record(epoch: Epoch) -> None:
                row = Row(epoch, *(measure_epoch(trainer, part, self.scale.windows) for part in ("validation", "test")))
                outcome.rows.append(row)
                with (where / _MEASURES_FILE).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row.to_dict()) + "\n")
                _log(board, row)

            try:
                run_with_progress(trainer, where, self.console, record)
            except TrainingError as error:
                # A model that cannot be trained is a result of the study, which continues.
                outcome.ended = str(error)
                (where / _ENDED_FILE).write_text(outcome.ended, encoding="utf-8")
                self.console.print(f"{trainer.config.recipe}: {error}", highlight=False)

    def _corpus(self, name: str, config: CrnnganConfig) -> Corpus:
        directory = self.corpora["jazz" if name == _JAZZ else "classical"]
        if directory is None:
            raise TrainingError(
                f"{name} is trained on jazz: give its directory with --jazz, or leave it out of --recipes"
            )
        with self.console.status(f"Reading {directory}"):
            corpus = load_corpus(directory, config.spec, config.corpus, self.cache)
        return corpus.subset(self.scale.songs) if self.scale.songs else corpus


def _check_scale(path: Path, scale: Scale) -> None:
    """Store the scale of a new study; raise TrainingError when the study was started with another one."""
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name, value in asdict(scale).items():
            if stored.get(name) != value:
                raise TrainingError(
                    f"the study in {path.parent} was started with {name}={stored.get(name)}, not {value}: "
                    "use the same value, or choose another --out"
                )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(scale)) + "\n", encoding="utf-8")


def _rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return [Row.from_dict(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _log(board: SummaryWriter, row: Row) -> None:
    for part in ("validation", "test"):
        found: EpochMetrics = getattr(row, part)
        for name in ("pretraining_loss", "g_loss", "d_loss"):
            board.add_scalar(f"{name}/{part}", getattr(found, name), row.epoch.number)
        board.add_scalar(f"f1_tones/{part}", found.tones.f1, row.epoch.number)
    board.add_scalar("g_loss/train", row.epoch.g_loss, row.epoch.number)
    if row.epoch.d_loss is not None:
        board.add_scalar("d_loss/train", row.epoch.d_loss, row.epoch.number)
    for name, value in row.test.music.items():
        board.add_scalar(f"music/{name}", value, row.epoch.number)
