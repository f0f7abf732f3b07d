"""The treatments of imbalance that a study compares: each is a training set and a loss."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from euterpe_training.balancing.classical import CLASSICAL, resample
from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.losses import LOSSES, is_loss
from euterpe_training.balancing.method import Method
from euterpe_training.balancing.run import Run
from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.errors import TrainingError

UNBALANCED: Final = "unbalanced"
GENERATIVE: Final = ("deepsmote", "bagan-gp")
#: Prefix of the names of losses, which are applied to the unbalanced set.
LOSS_PREFIX: Final = "loss:"


@dataclass(frozen=True, eq=False)
class Treatment:
    """A training set and a loss; `synthetic` counts the images that are not real, `method` generated them."""

    name: str
    train: ImageSet
    loss: str = "cross-entropy"
    synthetic: int = 0
    method: Method | None = None


def treatment_names() -> list[str]:
    """Return all names that `--methods` accepts."""
    losses = (f"{LOSS_PREFIX}{name}" for name in LOSSES if name != "cross-entropy")
    return [UNBALANCED, *CLASSICAL, *losses, *GENERATIVE]


def check_treatments(names: list[str]) -> None:
    """Raise TrainingError for a name that is not a treatment."""
    for name in names:
        if name not in treatment_names() and not (name.startswith(LOSS_PREFIX) and is_loss(name[len(LOSS_PREFIX) :])):
            raise TrainingError(f"there is no method {name!r}; the methods are: {', '.join(treatment_names())}")


@dataclass(frozen=True)
class TreatmentFactory:
    """Makes treatments of one training set; generative methods are trained in folders below `directory`.

    Only the real images of the set are balanced: synthetic ones are never sources of others.
    """

    real: ImageSet
    directory: Path
    deepsmote: DeepSmoteConfig
    bagan: BaganConfig
    ratio: float
    device: torch.device
    console: Console

    def make(self, name: str, seed: int = 0) -> Treatment:
        """Return the treatment called `name`; train its generative method if needed."""
        if name == UNBALANCED:
            return Treatment(name, self.real)
        if name.startswith(LOSS_PREFIX):
            return Treatment(name, self.real, loss=name.removeprefix(LOSS_PREFIX))
        if name in CLASSICAL:
            balanced = resample(self.real.real(), name, self.ratio, seed)
            return Treatment(name, balanced, synthetic=int(balanced.is_made.sum()))
        methods: dict[str, Callable[[], Method]] = {
            "deepsmote": lambda: self._trained(self.deepsmote, name),
            "bagan-gp": lambda: self._trained(self.bagan, name),
        }
        method = methods[name]()
        balanced = method.balance(self.ratio, seed)
        return Treatment(name, balanced, synthetic=int(balanced.is_made.sum()), method=method)

    def _trained(self, config: DeepSmoteConfig | BaganConfig, name: str) -> Method:
        """Train a method to the end, continuing an earlier run of the same settings."""
        directory = self.directory / name
        if (directory / CHECKPOINT_FILE).exists():
            run = Run.resume(self.real.real(), directory, self.device)
            if run.config != config:
                raise TrainingError(f"{directory} has a run with other settings; choose another --out, or remove it")
        else:
            run = Run.start(self.real.real(), config, directory, self.device)
        run.train(self.console)
        return run.method
