"""The interface of generative methods: training, checkpoints, and generation of images."""

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
from euterpe_training.balancing.pixels import reduced_precision
from euterpe_training.balancing.provenance import Made
from euterpe_training.errors import TrainingError

AfterBatch = Callable[[], None]


class Method(ABC):
    """A network that is trained on an unbalanced set and generates images of its classes."""

    kind: ClassVar[str]

    def __init__(self, images: ImageSet, device: torch.device, config: DeepSmoteConfig | BaganConfig) -> None:
        if len(set(images.size)) != 1:
            height, width = images.size
            raise TrainingError(f"images of {images.name} have {width}×{height} pixels; make them square by --size")
        missing(images.counts)
        self.data, self.device, self.seed, self.precision = images, device, config.seed, config.precision
        self.learning_rate = config.learning_rate
        self.history: list[dict[str, float]] = []
        torch.manual_seed(self.seed)

    def autocast(self) -> torch.autocast:
        """Return the context of forward passes in training, with products in the configured precision."""
        return reduced_precision(self.precision, self.device)

    @property
    @abstractmethod
    def epochs(self) -> int:
        """Epochs of the whole training, including those of pretraining."""

    @property
    @abstractmethod
    def batches_per_epoch(self) -> int:
        """Steps of one epoch, for the progress bar."""

    @abstractmethod
    def modules(self) -> dict[str, nn.Module]:
        """Return the networks by name, for checkpoints."""

    @abstractmethod
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimizers by name, for checkpoints."""

    @abstractmethod
    def train_epoch(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        """Train epoch `len(self.history)`; return mean losses by name."""

    @abstractmethod
    def generate_from(self, label: int, count: int, seed: int = 0) -> tuple[Pixels, NDArray[np.int64]]:
        """Generate images [count, size, size, channels] of a class.

        Also return the indices [count, parents] of the real images from which each was made, if any.
        """

    def generate(self, label: int, count: int, seed: int = 0) -> Pixels:
        """Generate images [count, size, size, channels] of a class."""
        return self.generate_from(label, count, seed)[0]

    def train(self, after_batch: AfterBatch = lambda: None) -> Iterable[dict[str, float]]:
        """Train the remaining epochs, and yield the losses of each; raise TrainingError when a loss is not finite.

        Each epoch has its own random generator, so a resumed run equals an uninterrupted one.
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
                    hint = " and continue with --resume" if number else ""
                    raise TrainingError(f"{name} is not a number in epoch {number + 1}; lower learning_rate{hint}")
            self.history.append(losses)
            yield losses

    def balance(self, ratio: float = 1.0, seed: int = 0, model: str = "") -> ImageSet:
        """Return the real images, followed by generated ones that fill classes to `ratio` times the largest count.

        `model` is the digest of this network for the provenance of generated images.
        """
        counts: NDArray[np.int64] = missing(self.data.counts, ratio)
        return self.extended({label: int(count) for label, count in enumerate(counts) if count}, seed, model)

    def extended(self, counts: dict[int, int], seed: int = 0, model: str = "") -> ImageSet:
        """Return the real images, followed by `counts` generated ones per label."""
        if not counts:
            return self.data
        generated = [self.generate_from(label, count, seed + label) for label, count in counts.items()]
        made = [
            Made(self.kind, seed, tuple(self.data.groups[row].tolist()), model)
            for _, parents in generated
            for row in parents
        ]
        labels = np.repeat(list(counts), list(counts.values())).astype(np.int64)
        return self.data.joined(np.concatenate([images for images, _ in generated]), labels, made)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint stores."""
        return {
            "kind": self.kind,
            "history": self.history,
            "modules": {name: module.state_dict() for name, module in self.modules().items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers().items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Set the state of a checkpoint; raise TrainingError when its networks have other sizes."""
        try:
            for name, module in self.modules().items():
                module.load_state_dict(state["modules"][name])
            for name, optimizer in self.optimizers().items():
                optimizer.load_state_dict(state["optimizers"][name])
                for group in optimizer.param_groups:
                    group["lr"] = self.learning_rate
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                "the checkpoint has networks of other sizes; on --resume only other settings may change, such as "
                "learning_rate"
            ) from error
        self.history = list(state["history"])
