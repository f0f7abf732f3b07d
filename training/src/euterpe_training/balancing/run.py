"""A run of DeepSMOTE or BAGAN-GP in a directory: checkpoints, history, grids, TensorBoard, and a progress bar."""

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

from euterpe_training.balancing.bagan import Bagan, divergence
from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.deepsmote import DeepSmote
from euterpe_training.balancing.image_grid import grid, save_picture
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.method import Method
from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.errors import TrainingError

HISTORY_FILE: Final = "history.json"
_IMAGES_PER_CLASS = 10


def make_method(images: ImageSet, config: DeepSmoteConfig | BaganConfig, device: torch.device) -> Method:
    """Return the method of a configuration."""
    return Bagan(images, config, device) if isinstance(config, BaganConfig) else DeepSmote(images, config, device)


def config_from(kind: str, values: dict[str, Any]) -> DeepSmoteConfig | BaganConfig:
    """Return the settings stored in a checkpoint of a kind of method."""
    return BaganConfig(**values) if kind == Bagan.kind else DeepSmoteConfig(**values)


@dataclass(eq=False)
class Run:
    """A method in training, its settings, and its directory."""

    method: Method
    config: DeepSmoteConfig | BaganConfig
    directory: Path

    @classmethod
    def start(
        cls, images: ImageSet, config: DeepSmoteConfig | BaganConfig, directory: Path, device: torch.device
    ) -> "Run":
        """Start a run; raise TrainingError when the directory already has one."""
        if (directory / CHECKPOINT_FILE).exists():
            raise TrainingError(f"{directory} already has a run; continue it with --resume, or choose another --out")
        return cls(make_method(images, config, device), config, directory)

    @classmethod
    def resume(
        cls, images: ImageSet, directory: Path, device: torch.device, changes: tuple[str, ...] | list[str] = ()
    ) -> "Run":
        """Load the run in `directory`, with `changes` such as "epochs=9"; raise TrainingError for other images."""
        content = load_checkpoint(directory / CHECKPOINT_FILE)
        if content.get("images") != digest(images):
            raise TrainingError(f"the run in {directory} was trained on other images; use the same --source")
        config = config_from(content["kind"], content["config"]).changed(changes)
        method = make_method(images, config, device)
        method.restore(content)
        return cls(method, config, directory)

    def save(self, state: dict[str, Any] | None = None) -> None:
        """Write checkpoint and history, of the current or of an earlier `state`."""
        state = state or self.method.state()
        self.directory.mkdir(parents=True, exist_ok=True)
        content = {"config": self.config.to_dict(), "images": digest(self.method.data), **state}
        save_checkpoint(self.directory / CHECKPOINT_FILE, content)
        history = json.dumps(state["history"], indent=1) + "\n"
        (self.directory / HISTORY_FILE).write_text(history, encoding="utf-8")

    def train(self, console: Console) -> None:
        """Train to the end, with a progress bar, a line per epoch, and the configured checkpoints and grids.

        A run that is interrupted, or whose loss is not finite, is saved as it was after its last complete epoch.
        """
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"),
            TimeElapsedColumn(), TextColumn("remaining"), TimeRemainingColumn(),
        )  # fmt: skip
        method, per_epoch = self.method, self.method.batches_per_epoch
        with Progress(*columns, console=console) as bar, SummaryWriter(str(self.directory)) as board:
            done = len(method.history) * per_epoch
            task = bar.add_task(method.kind, total=method.epochs * per_epoch, completed=done)
            last: dict[str, Any] | None = None
            try:
                for losses in method.train(lambda: bar.advance(task)):
                    last = copy.deepcopy(method.state())
                    self._record(losses, bar, board)
            except (TrainingError, KeyboardInterrupt):
                if last:
                    self.save(last)
                raise
        self.save()
        if (epoch := divergence(method.history)) is not None:
            console.print(
                f"[yellow]diverged:[/yellow] the gradient penalty is over 1 from epoch {epoch} on; lower "
                "learning_rate, or train fewer epochs", highlight=False,
            )  # fmt: skip

    def _record(self, losses: dict[str, float], bar: Progress, board: SummaryWriter) -> None:
        epoch = len(self.method.history)
        text = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        bar.console.print(f"epoch {epoch}/{self.method.epochs}: {text}", highlight=False)
        for name, value in losses.items():
            board.add_scalar(name, value, epoch)
        if epoch % self.config.epochs_per_grid == 0 or epoch == self.method.epochs:
            picture = self.grid()
            save_picture(picture, self.directory / "grids" / f"epoch-{epoch:04}.png")
            board.add_image("generated", picture, epoch, dataformats="HWC")
        if epoch % self.config.epochs_per_checkpoint == 0:
            self.save()

    def grid(self) -> Any:
        """Return a picture with a row per class: its first real image, then generated ones."""
        images = self.method.data
        present = [label for label, count in enumerate(images.counts) if count]
        rows = [
            np.concatenate([images.images[images.of(label)[:1]], self.method.generate(label, _IMAGES_PER_CLASS)])
            for label in present
        ]
        return grid(rows, scale=2)


def digest(images: ImageSet) -> str:
    """Return a hash of a set's pixels and labels."""
    total = hashlib.sha256(np.ascontiguousarray(images.images).tobytes())
    total.update(np.ascontiguousarray(images.labels).tobytes())
    return total.hexdigest()


def model_digest(directory: Path) -> str:
    """Return the SHA-256 of the checkpoint in a run's directory."""
    return hashlib.sha256((directory / CHECKPOINT_FILE).read_bytes()).hexdigest()
