"""The ways of treating imbalance that a study compares: each is a set to train with and a loss."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from euterpe_training.balancing.classical import CLASSICAL, resample
from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.losses import LOSSES
from euterpe_training.balancing.method import Method
from euterpe_training.balancing.run import Run
from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.errors import TrainingError

UNBALANCED: Final = "unbalanced"
GENERATIVE: Final = ("deepsmote", "bagan-gp")
#: Losses stand under this prefix, on the unbalanced set.
LOSS_PREFIX: Final = "loss:"


@dataclass(frozen=True, eq=False)
class Arm:
    """`made` is how many of the images no camera or pen ever made; `method` is the network that did."""

    name: str
    train: ImageSet
    loss: str = "cross-entropy"
    made: int = 0
    method: Method | None = None


def arm_names() -> list[str]:
    """All that `--methods` may name."""
    losses = (f"{LOSS_PREFIX}{name}" for name in LOSSES if name != "cross-entropy")
    return [UNBALANCED, *CLASSICAL, *losses, *GENERATIVE]


def check_arms(names: list[str]) -> None:
    """Raises TrainingError for a name that is no arm."""
    for name in names:
        if name not in arm_names():
            raise TrainingError(f"there is no method {name!r}; there are: {', '.join(arm_names())}")


@dataclass(frozen=True)
class ArmMaker:
    """Makes arms from one real set; networks that make images are trained in folders below `directory`."""

    real: ImageSet
    directory: Path
    deepsmote: DeepSmoteConfig
    bagan: BaganConfig
    ratio: float
    device: torch.device
    console: Console

    def make(self, name: str, seed: int = 0) -> Arm:
        """The arm called `name`."""
        if name == UNBALANCED:
            return Arm(name, self.real)
        if name.startswith(LOSS_PREFIX):
            return Arm(name, self.real, loss=name.removeprefix(LOSS_PREFIX))
        if name in CLASSICAL:
            balanced = resample(self.real, name, self.ratio, seed)
            return Arm(name, balanced, made=max(len(balanced) - len(self.real), 0))
        makers: dict[str, Callable[[], Method]] = {
            "deepsmote": lambda: self._trained(self.deepsmote, name),
            "bagan-gp": lambda: self._trained(self.bagan, name),
        }
        method = makers[name]()
        balanced = method.balance(self.ratio, seed)
        return Arm(name, balanced, made=len(balanced) - len(self.real), method=method)

    def _trained(self, config: DeepSmoteConfig | BaganConfig, name: str) -> Method:
        """Trains to the end, going on with what a study that was stopped left behind."""
        directory = self.directory / name
        if (directory / CHECKPOINT_FILE).exists():
            run = Run.resume(self.real, directory, self.device)
            if run.config != config:
                raise TrainingError(f"{directory} holds a run with other settings; choose another --out, or remove it")
        else:
            run = Run.start(self.real, config, directory, self.device)
        run.train(self.console)
        return run.method
