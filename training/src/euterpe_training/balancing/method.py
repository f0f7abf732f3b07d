"""What a way of making images looks like to whoever trains it, saves it and asks it for images."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.counts import missing
from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.balancing.pixels import reduced
from euterpe_training.errors import TrainingError

AfterBatch = Callable[[], None]


class Method(ABC):
    """A network that learns from an unbalanced set and makes images of its classes."""

    kind: ClassVar[str]

    def __init__(self, images: ImageSet, device: torch.device, config: DeepSmoteConfig | BaganConfig) -> None:
        if len(set(images.size)) != 1:
            height, width = images.size
            raise TrainingError(f"images of {images.name} are {width}×{height} pixels; give --size to make them square")
        missing(images.counts)
        self.data, self.device, self.seed, self.precision = images, device, config.seed, config.precision
        self.learning_rate = config.learning_rate
        self.history: list[dict[str, float]] = []
        torch.manual_seed(self.seed)

    def precise(self) -> torch.autocast:
        """Where forward passes of training happen: with products in the precision that the settings ask for."""
        return reduced(self.precision, self.device)

    @property
    @abstractmethod
    def epochs(self) -> int:
        """Epochs of the whole training, those before the game included."""

    @property
    @abstractmethod
    def batches_per_epoch(self) -> int:
        """Steps that one epoch takes, for a bar."""

    @abstractmethod
    def modules(self) -> dict[str, nn.Module]:
        """Networks by name, for checkpoints."""

    @abstractmethod
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Their optimizers, for checkpoints."""

    @abstractmethod
    def train_epoch(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        """Epoch `len(self.history)`: one pass over the data; mean losses by name."""

    @abstractmethod
    def generate(self, label: int, count: int, seed: int = 0) -> Pixels:
        """New images [count, size, size, channels] of a class."""

    def train(self, after_batch: AfterBatch = lambda: None) -> Iterable[dict[str, float]]:
        """Trains what is left, an epoch at a time; TrainingError when a loss is no longer a number.

        Each epoch draws from a generator of its own, so that a resumed run repeats what it would have been.
        """
        while len(self.history) < self.epochs:
            number = len(self.history)
            torch.manual_seed(self.seed * 100_003 + number + 1)
            generator = torch.Generator().manual_seed(self.seed * 100_003 + number + 1)
            for module in self.modules().values():
                module.train()
            losses = self.train_epoch(generator, after_batch)
            for name, value in losses.items():
                if not np.isfinite(value):
                    go_on = " and go on with --resume" if number else ""
                    raise TrainingError(f"{name} is not a number in epoch {number + 1}; lower learning_rate{go_on}")
            self.history.append(losses)
            yield losses

    def balance(self, ratio: float = 1.0, seed: int = 0) -> ImageSet:
        """The real images with made ones behind them, until each class has `ratio` times the majority's count."""
        wanted: NDArray[np.int64] = missing(self.data.counts, ratio)
        made = [self.generate(label, int(count), seed + label) for label, count in enumerate(wanted) if count]
        if not made:
            return self.data
        return self.data.joined(np.concatenate(made), np.repeat(np.arange(len(wanted)), wanted))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "kind": self.kind,
            "history": self.history,
            "modules": {name: module.state_dict() for name, module in self.modules().items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers().items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a checkpoint; TrainingError when it is of other networks."""
        try:
            for name, module in self.modules().items():
                module.load_state_dict(state["modules"][name])
            for name, optimizer in self.optimizers().items():
                optimizer.load_state_dict(state["optimizers"][name])
                for group in optimizer.param_groups:
                    group["lr"] = self.learning_rate
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                "the checkpoint is of networks with other sizes; only other settings may change, such as learning_rate"
            ) from error
        self.history = list(state["history"])
