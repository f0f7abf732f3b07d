"""Training a classifier from scratch on one set, and judging it on another."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from euterpe_training.balancing.config import Precision, check_precision
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.losses import make_loss
from euterpe_training.balancing.networks import make_network
from euterpe_training.balancing.pixels import Batches, reduced, to_tensor
from euterpe_training.errors import TrainingError
from euterpe_training.reports.scores import Scores

_JUDGING_BATCH = 512


@dataclass(frozen=True)
class FitOptions:
    """How a classifier is trained. The thesis' batch is 8; a larger one is faster and hardly differs.

    Training ends after `epochs`, or when the macro-F1 on validation images has not risen for `patience` rounds; the
    best weights count. With `anneal` the rate rises to `learning_rate` and falls to nothing over all `epochs` (one
    cycle, Smith and Topin 2017), and the last weights count: a rare class' ten validation images choose badly.

    A round is `steps_per_round` batches, one pass over the data when it is 0: with a fixed number a filled-up set gets
    no more steps than an unbalanced one. Each image of a batch is moved up or down by at most `shift` rows at random
    (semitones, in piano rolls, for a style is no key) and by at most `sideways` columns. With `mirror` about half are
    turned left to right, and what is judged is looked at both ways.
    """

    network: str = "resnet18"
    loss: str = "cross-entropy"
    epochs: int = 50
    patience: int = 5
    batch_size: int = 64
    learning_rate: float = 1e-3
    steps_per_round: int = 0
    shift: int = 0
    sideways: int = 0
    mirror: bool = False
    #: Decoupled from the gradients (AdamW).
    weight_decay: float = 0.0
    anneal: bool = False
    #: Of products while training; bfloat16 makes ResNets half as fast again on a CPU that has it.
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        check_precision(self.precision)


@dataclass(eq=False)
class Fitted:
    """A trained classifier, with the rounds that it took and its losses and validation scores."""

    network: nn.Module
    device: torch.device
    history: list[dict[str, float]] = field(default_factory=list)
    mirror: bool = False

    @torch.no_grad()
    def probabilities(self, images: ImageSet) -> NDArray[np.float32]:
        """[count, classes]."""
        self.network.eval()
        parts = torch.split(to_tensor(images.images), _JUDGING_BATCH)
        found = torch.cat([self._judged(part.to(self.device)).cpu() for part in parts])
        return np.asarray(found.numpy())

    def _judged(self, images: torch.Tensor) -> torch.Tensor:
        views = (images, images.flip(3)) if self.mirror else (images,)
        return torch.stack([functional.softmax(self.network(view), 1) for view in views]).mean(0)

    def scores(self, images: ImageSet) -> Scores:
        """On labelled images, one by one."""
        return Scores.of(images.labels, self.probabilities(images).argmax(1), len(images.classes))

    def group_scores(self, images: ImageSet) -> Scores:
        """On groups, such as pieces: the mean of the probabilities of a group's images decides."""
        _, first, inverse = np.unique(images.groups, return_index=True, return_inverse=True)
        sums = np.zeros((len(first), len(images.classes)))
        np.add.at(sums, inverse, self.probabilities(images))
        return Scores.of(images.labels[first], sums.argmax(1), len(images.classes))


def fit(
    train: ImageSet, validation: ImageSet, options: FitOptions, seed: int = 0, device: torch.device | None = None
) -> Fitted:
    """Trains on `train`, real or filled up; `validation` should be real. TrainingError when a loss is no number."""
    device = device or torch.device("cpu")
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = make_network(options.network, train.channels, len(train.classes))
    # Channels last, and one pass over the weights per step: up to twice as fast on a CPU.
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    fitted = Fitted(network.to(device), device, mirror=options.mirror)
    loss = make_loss(options.loss, torch.from_numpy(train.counts)).to(device)
    optimizer = torch.optim.AdamW(
        fitted.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
    )
    rounds = _Rounds(Batches(train, options.batch_size, device), options.steps_per_round, generator)
    rate = _Rate(optimizer, options, options.steps_per_round or -(-len(train) // options.batch_size))

    def logits(images: torch.Tensor) -> torch.Tensor:
        moved = shifted(images, options.shift, options.sideways, generator)
        if options.mirror:
            moved = mirrored(moved, generator)
        with reduced(options.precision, device):
            found: torch.Tensor = fitted.network(moved)
        return found.float()

    best, weights, waited = -1.0, fitted.network.state_dict(), 0
    for _ in range(options.epochs):
        fitted.network.train()
        mean = _round(logits, loss, rate, rounds.next())
        score = fitted.scores(validation).macro_f1
        fitted.history.append({"loss": mean, "macro_f1": score})
        if options.anneal:
            continue
        waited += 1
        if score > best:
            best, weights, waited = score, copy.deepcopy(fitted.network.state_dict()), 0
        if waited >= options.patience:
            break
    if not options.anneal:
        fitted.network.load_state_dict(weights)
    return fitted


def shifted(images: torch.Tensor, rows: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    """`images` [count, channels, height, width], each moved by -rows..rows and -columns..columns at random.

    What comes in is black (-1).
    """
    if not (rows or columns):
        return images
    count, _, height, width = images.shape
    padded = functional.pad(images, (columns, columns, rows, rows), value=-1.0)
    down, across = (
        torch.randint(0, 2 * most + 1, (count, 1), generator=generator) + torch.arange(size)
        for most, size in ((rows, height), (columns, width))
    )
    return padded[torch.arange(count)[:, None, None], :, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)


def mirrored(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """`images` [count, channels, height, width], every other one at random turned left to right."""
    turned = torch.rand(len(images), generator=generator).to(images.device) < 0.5
    return torch.where(turned[:, None, None, None], images.flip(3), images)


class _Rate:
    """An optimizer, and the cycle of its rate where there is one."""

    def __init__(self, optimizer: torch.optim.Optimizer, options: FitOptions, steps: int) -> None:
        self._optimizer = optimizer
        self._cycle = None
        if options.anneal:
            self._cycle = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, options.learning_rate, total_steps=options.epochs * steps + 1, pct_start=0.1
            )

    def step(self, loss: torch.Tensor) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        if self._cycle:
            self._cycle.step()


class _Rounds:
    """Batches of one round after another; the set is shuffled anew whenever it was gone through."""

    def __init__(self, batches: Batches, steps: int, generator: torch.Generator) -> None:
        self._batches, self._steps, self._generator = batches, steps, generator
        self._left: list[tuple[torch.Tensor, torch.Tensor]] = []

    def next(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        if not self._steps:
            return self._batches.shuffled(self._generator)
        while len(self._left) < self._steps:
            self._left += self._batches.shuffled(self._generator)
        now, self._left = self._left[: self._steps], self._left[self._steps :]
        return now


def _round(
    logits: Callable[[torch.Tensor], torch.Tensor],
    loss: nn.Module,
    rate: _Rate,
    batches: list[tuple[torch.Tensor, torch.Tensor]],
) -> float:
    total = 0.0
    for images, labels in batches:
        value = loss(logits(images), labels)
        rate.step(value)
        total += float(value.detach())
    if not np.isfinite(total):
        raise TrainingError("the classifier's loss is not a number; lower its learning rate")
    return total / len(batches)
