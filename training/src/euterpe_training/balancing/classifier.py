"""Training a classifier from scratch on one set, and evaluating it on another."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from euterpe_training.balancing.config import Precision, check_precision
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.losses import make_loss
from euterpe_training.balancing.networks import make_network
from euterpe_training.balancing.pixels import Batches, reduced_precision, to_tensor
from euterpe_training.errors import TrainingError
from euterpe_training.reports.scores import Scores

_EVALUATION_BATCH = 512


@dataclass(frozen=True)
class FitOptions:
    """Training of a classifier. The thesis' batch size is 8; a larger one is faster, with similar results.

    Training ends after `epochs` rounds, or when the macro-F1 on validation images has not improved for `patience`
    rounds; the best weights are used. With `anneal` the learning rate rises to `learning_rate` and falls to zero over
    all rounds (one cycle, Smith and Topin 2017), and the last weights are used: ten validation images of a rare class
    are too few to select by.

    A round is `steps_per_round` batches, or one pass over the data when it is 0; with a fixed number, balanced and
    unbalanced sets are trained for equally many steps. Training images are shifted at random by at most `shift` rows
    (semitones, in piano rolls: the style does not depend on the key) and `sideways` columns. With `mirror` about half
    of them are mirrored, and predictions are averaged over both orientations.
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
    #: Decoupled weight decay (AdamW).
    weight_decay: float = 0.0
    anneal: bool = False
    #: Precision of products in training; bfloat16 makes ResNets 1.5 times as fast on CPUs that support it.
    precision: Precision = "float32"

    #: Cost of classifying class y as class j, by class, for the bilinear losses; by default from the counts.
    costs: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        check_precision(self.precision)


@dataclass(eq=False)
class TrainedClassifier:
    """A trained classifier, with the loss and the validation score of every round."""

    network: nn.Module
    device: torch.device
    history: list[dict[str, float]] = field(default_factory=list)
    mirror: bool = False

    @torch.no_grad()
    def probabilities(self, images: ImageSet) -> NDArray[np.float32]:
        """Return probabilities [count, classes]."""
        self.network.eval()
        parts = torch.split(to_tensor(images.images), _EVALUATION_BATCH)
        found = torch.cat([self._predict(part.to(self.device)).cpu() for part in parts])
        return np.asarray(found.numpy())

    def _predict(self, images: torch.Tensor) -> torch.Tensor:
        views = (images, images.flip(3)) if self.mirror else (images,)
        return torch.stack([functional.softmax(self.network(view), 1) for view in views]).mean(0)

    def predictions(self, images: ImageSet) -> NDArray[np.int64]:
        """Return the predicted class of each image."""
        return np.asarray(self.probabilities(images).argmax(1), np.int64)

    def scores(self, images: ImageSet) -> Scores:
        """Return the scores on single images."""
        return Scores.of(images.labels, self.predictions(images), len(images.classes))

    def group_predictions(self, images: ImageSet) -> NDArray[np.int64]:
        """Return the predicted class of each group of images, such as a piece, ordered by group.

        Groups are classified by their mean probabilities.
        """
        _, inverse = np.unique(images.groups, return_inverse=True)
        sums = np.zeros((int(inverse.max()) + 1, len(images.classes)))
        np.add.at(sums, inverse, self.probabilities(images))
        return np.asarray(sums.argmax(1), np.int64)

    def group_scores(self, images: ImageSet) -> Scores:
        """Return the scores on groups of images."""
        first = np.unique(images.groups, return_index=True)[1]
        return Scores.of(images.labels[first], self.group_predictions(images), len(images.classes))


def fit(
    train: ImageSet, validation: ImageSet, options: FitOptions, seed: int = 0, device: torch.device | None = None
) -> TrainedClassifier:
    """Train a classifier on `train`, real or balanced; `validation` should be real.

    Raise TrainingError when a loss is not finite.
    """
    device = device or torch.device("cpu")
    training = _Training(train, options, seed, device)
    fitted = training.fitted
    best, weights, waited = -1.0, fitted.network.state_dict(), 0
    for _ in range(options.epochs):
        fitted.network.train()
        mean = _train_round(training.logits, training.loss, training.stepper, training.rounds.next())
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


class _Training:
    """The network, loss, optimizer and batches of a training."""

    def __init__(self, train: ImageSet, options: FitOptions, seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        self.options, self.device = options, device
        self.generator = torch.Generator().manual_seed(seed)
        network = make_network(options.network, train.channels, len(train.classes))
        # Channels last, and a fused optimizer: up to twice as fast on a CPU.
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.fitted = TrainedClassifier(network.to(device), device, mirror=options.mirror)
        self.loss = make_loss(options.loss, torch.from_numpy(train.counts), options.costs).to(device)
        optimizer = torch.optim.AdamW(
            self.fitted.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
        )
        self.rounds = _Rounds(
            Batches(train, options.batch_size, device), options.steps_per_round, self.generator
        )  # fmt: skip
        self.stepper = _Stepper(optimizer, options, options.steps_per_round or -(-len(train) // options.batch_size))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of augmented images."""
        augmented = shifted(images, self.options.shift, self.options.sideways, self.generator)
        if self.options.mirror:
            augmented = mirrored(augmented, self.generator)
        with reduced_precision(self.options.precision, self.device):
            found: torch.Tensor = self.fitted.network(augmented)
        return found.float()


def seconds_per_batch(train: ImageSet, options: FitOptions, batches: int, device: torch.device) -> float:
    """Return the seconds per batch of a training, measured on `batches` of them after one that is not measured."""
    # Without the cycle of the learning rate, which has the length of the whole training.
    training = _Training(train, replace(options, anneal=False), 0, device)
    training.fitted.network.train()
    seconds = 0.0
    for index in range(batches + 1):
        every = training.rounds.next()
        started = time.perf_counter()
        _train_round(training.logits, training.loss, training.stepper, every[:1])
        seconds += (time.perf_counter() - started) * bool(index)
    return seconds / batches


def shifted(images: torch.Tensor, rows: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    """Shift each of `images` [count, channels, height, width] by random -rows..rows and -columns..columns.

    The background is black (-1).
    """
    if not (rows or columns):
        return images
    count, _, height, width = images.shape
    padded = functional.pad(images, (columns, columns, rows, rows), value=-1.0)
    down, across = (
        torch.randint(0, 2 * limit + 1, (count, 1), generator=generator) + torch.arange(size)
        for limit, size in ((rows, height), (columns, width))
    )
    return padded[torch.arange(count)[:, None, None], :, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)


def mirrored(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror about half of `images` [count, channels, height, width], chosen at random, left to right."""
    chosen = torch.rand(len(images), generator=generator).to(images.device) < 0.5
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


class _Stepper:
    """An optimizer with its learning-rate cycle, if any."""

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
    """Batches of consecutive rounds; the set is shuffled again after every pass over it."""

    def __init__(self, batches: Batches, steps: int, generator: torch.Generator) -> None:
        self._batches, self._steps, self._generator = batches, steps, generator
        self._remaining: list[tuple[torch.Tensor, torch.Tensor]] = []

    def next(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        if not self._steps:
            return self._batches.shuffled(self._generator)
        while len(self._remaining) < self._steps:
            self._remaining += self._batches.shuffled(self._generator)
        batches, self._remaining = self._remaining[: self._steps], self._remaining[self._steps :]
        return batches


def _train_round(
    logits: Callable[[torch.Tensor], torch.Tensor],
    loss: nn.Module,
    stepper: _Stepper,
    batches: list[tuple[torch.Tensor, torch.Tensor]],
) -> float:
    total = 0.0
    for images, labels in batches:
        value = loss(logits(images), labels)
        stepper.step(value)
        total += float(value.detach())
    if not np.isfinite(total):
        raise TrainingError("the classifier's loss is not a number; lower its learning rate")
    return total / len(batches)
