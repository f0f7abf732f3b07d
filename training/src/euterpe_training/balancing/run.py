"""A run of DeepSMOTE or BAGAN-GP in a directory: checkpoints, history, grids, TensorBoard, and a bar."""

import copy
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch.utils.tensorboard import SummaryWriter

from euterpe_training.balancing.bagan import Bagan
from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.deepsmote import DeepSmote
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.method import Method
from euterpe_training.balancing.pictures import grid, save_picture
from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.errors import TrainingError

HISTORY_FILE: Final = "history.json"
_PER_CLASS = 10


def make_method(images: ImageSet, config: DeepSmoteConfig | BaganConfig, device: torch.device) -> Method:
    """The way of making images that `config` is for."""
    return Bagan(images, config, device) if isinstance(config, BaganConfig) else DeepSmote(images, config, device)


def config_from(kind: str, values: dict[str, Any]) -> DeepSmoteConfig | BaganConfig:
    """Settings as a checkpoint holds them."""
    return BaganConfig(**values) if kind == Bagan.kind else DeepSmoteConfig(**values)


@dataclass(eq=False)
class Run:
    """A method in training, the images it learns from, and the directory that keeps it."""

    method: Method
    config: DeepSmoteConfig | BaganConfig
    directory: Path

    @classmethod
    def start(
        cls, images: ImageSet, config: DeepSmoteConfig | BaganConfig, directory: Path, device: torch.device
    ) -> "Run":
        """A new run; TrainingError when the directory holds one, so that none is overwritten."""
        if (directory / CHECKPOINT_FILE).exists():
            raise TrainingError(f"{directory} already holds a run; go on with it by --resume, or choose another --out")
        return cls(make_method(images, config, device), config, directory)

    @classmethod
    def resume(
        cls, images: ImageSet, directory: Path, device: torch.device, changes: tuple[str, ...] | list[str] = ()
    ) -> "Run":
        """The run in `directory` as it was; TrainingError when it is of other images."""
        content = load_checkpoint(directory / CHECKPOINT_FILE)
        if content.get("images") != digest(images):
            raise TrainingError(f"the run in {directory} was of other images than these; give it the same source")
        config = config_from(content["kind"], content["config"]).changed(changes)
        method = make_method(images, config, device)
        method.restore(content)
        return cls(method, config, directory)

    def save(self, state: dict[str, Any] | None = None) -> None:
        """Writes checkpoint and history, of now or of an earlier `state`."""
        state = state or self.method.state()
        self.directory.mkdir(parents=True, exist_ok=True)
        content = {"config": self.config.to_dict(), "images": digest(self.method.data), **state}
        save_checkpoint(self.directory / CHECKPOINT_FILE, content)
        history = json.dumps(state["history"], indent=1) + "\n"
        (self.directory / HISTORY_FILE).write_text(history, encoding="utf-8")

    def train(self, console: Console) -> None:
        """To the end, with a bar, a line per epoch, and whatever the settings ask to keep.

        One that is stopped, or whose losses are no numbers any longer, is kept as it was after its last whole epoch.
        """
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        method, per_epoch = self.method, self.method.batches_per_epoch
        with Progress(*columns, console=console) as bar, SummaryWriter(str(self.directory)) as board:
            done = len(method.history) * per_epoch
            task = bar.add_task(method.kind, total=method.epochs * per_epoch, completed=done)
            last: dict[str, Any] | None = None
            try:
                for losses in method.train(lambda: bar.advance(task)):
                    last = copy.deepcopy(method.state())
                    self._tell(losses, bar, board)
            except (TrainingError, KeyboardInterrupt):
                if last:
                    self.save(last)
                raise
        self.save()

    def _tell(self, losses: dict[str, float], bar: Progress, board: SummaryWriter) -> None:
        epoch = len(self.method.history)
        words = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        bar.console.print(f"epoch {epoch}/{self.method.epochs}: {words}", highlight=False)
        for name, value in losses.items():
            board.add_scalar(name, value, epoch)
        self._keep(epoch, board)

    def _keep(self, epoch: int, board: SummaryWriter) -> None:
        if epoch % self.config.epochs_per_grid == 0 or epoch == self.method.epochs:
            picture = self.grid()
            save_picture(picture, self.directory / "grids" / f"epoch-{epoch:04}.png")
            board.add_image("generated", picture, epoch, dataformats="HWC")
        if epoch % self.config.epochs_per_checkpoint == 0:
            self.save()

    def grid(self) -> Any:
        """Generated images, a row per class, with the class' first real image before them."""
        images = self.method.data
        present = [label for label, count in enumerate(images.counts) if count]
        rows = [
            np.concatenate([images.images[images.of(label)[:1]], self.method.generate(label, _PER_CLASS)])
            for label in present
        ]
        return grid(rows, scale=2)


def digest(images: ImageSet) -> str:
    """What tells sets apart: pixels and labels."""
    total = hashlib.sha256(np.ascontiguousarray(images.images).tobytes())
    total.update(np.ascontiguousarray(images.labels).tobytes())
    return total.hexdigest()
