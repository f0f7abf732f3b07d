"""Losses for imbalanced classes (references.md §3), as modules over logits [batch, classes] and labels [batch].

MFE and MSFE are those of Wang et al. 2016, focal of Lin et al. 2017, bilinear and log-bilinear of Resheff et al. 2017
with a cost matrix M, whose entry M[y, j] is the cost of classifying class y as class j.
"""

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.errors import TrainingError


def _squares(logits: Tensor, labels: Tensor) -> Tensor:
    """Return half the squared distance of the probabilities from the one-hot label, per example."""
    target = functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    return 0.5 * (target - logits.softmax(1)).square().sum(1)


class MeanSquaredError(nn.Module):
    """MSE: the mean of the examples' errors, which the majority class dominates."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        return _squares(logits, labels).mean()


class MeanFalseError(nn.Module):
    """MFE: the sum of the mean errors per class; with two classes FPE + FNE. Classes without examples are ignored."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        return _class_means(logits, labels).sum()


class MeanSquaredFalseError(nn.Module):
    """MSFE: `sum_of_squares` is FPE² + FNE² as in the literature, `square_of_sum` (FPE + FNE)² as in the thesis."""

    def __init__(self, reading: Literal["sum_of_squares", "square_of_sum"] = "sum_of_squares") -> None:
        super().__init__()
        self.reading = reading

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        means = _class_means(logits, labels)
        return means.square().sum() if self.reading == "sum_of_squares" else means.sum().square()


def _class_means(logits: Tensor, labels: Tensor) -> Tensor:
    errors = _squares(logits, labels)
    return torch.stack([errors[labels == label].mean() for label in torch.unique(labels)])


class FocalLoss(nn.Module):
    """−(1 − p_y)^γ log p_y, mean over the batch; γ = 0 is cross entropy."""

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        if gamma < 0:
            raise TrainingError(f"gamma of the focal loss must be 0 or more, got {gamma}")
        self.gamma = gamma

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        log_p = functional.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
        # Clamped away from 0, where a power below 1 has no gradient.
        wrong = (-torch.expm1(log_p)).clamp(min=torch.finfo(log_p.dtype).tiny)
        return (-(wrong**self.gamma) * log_p).mean()


class BilinearLoss(nn.Module):
    """yᵀ M p, mean over the batch: the expected cost under the predicted probabilities."""

    def __init__(self, costs: Tensor) -> None:
        super().__init__()
        self.register_buffer("costs", _checked(costs))

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        costs: Tensor = self.get_buffer("costs")[labels]
        return (costs * logits.softmax(1)).sum(1).mean()


class LogBilinearLoss(nn.Module):
    """−yᵀ M log(1 − p), mean over the batch."""

    def __init__(self, costs: Tensor) -> None:
        super().__init__()
        self.register_buffer("costs", _checked(costs))

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        costs: Tensor = self.get_buffer("costs")[labels]
        # 1 − p is the sum of the other classes' probabilities, which is exact where the subtraction is not.
        others = logits[:, None, :].expand(-1, logits.shape[1], -1)
        own = torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device)
        log_rest = others.masked_fill(own, -torch.inf).logsumexp(2) - logits.logsumexp(1, keepdim=True)
        return -(costs * log_rest).sum(1).mean()


class MixedLoss(nn.Module):
    """(1 − α) · cross entropy + α · another loss."""

    def __init__(self, other: nn.Module, alpha: float) -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise TrainingError(f"alpha of a mixed loss must be in [0, 1], got {alpha}")
        self.other, self.alpha = other, alpha

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        entropy = functional.cross_entropy(logits, labels)
        mixed: Tensor = (1 - self.alpha) * entropy + self.alpha * self.other(logits, labels)
        return mixed


def inverse_frequencies(counts: Tensor) -> Tensor:
    """Return weights N / (classes · count), as scikit-learn's `balanced`; 0 for classes without images."""
    weights = counts.sum() / (len(counts) * counts.clamp(min=1))
    return torch.where(counts > 0, weights, 0.0).to(torch.float32)


def costs_by_frequency(counts: Tensor) -> Tensor:
    """Return a cost matrix in which classifying y as j costs more, the rarer y is compared with j.

    M[y, j] = n_j / (n_y + n_j), so the costs of the two errors between a pair of classes add up to 1; 0 on the
    diagonal.
    """
    n = counts.to(torch.float32).clamp(min=1)
    costs = n[None, :] / (n[:, None] + n[None, :])
    return costs.fill_diagonal_(0.0)


def _checked(costs: Tensor) -> Tensor:
    if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or not bool(torch.isfinite(costs).all()):
        raise TrainingError("a cost matrix must be square, with a finite cost for each pair of classes")
    return costs


#: Losses by name, given the counts of the classes in training and the costs of errors.
LOSSES: Final[dict[str, Callable[[Tensor, Tensor], nn.Module]]] = {
    "cross-entropy": lambda _counts, _costs: nn.CrossEntropyLoss(),
    "weighted": lambda counts, _costs: nn.CrossEntropyLoss(weight=inverse_frequencies(counts)),
    "mse": lambda _counts, _costs: MeanSquaredError(),
    "mfe": lambda _counts, _costs: MeanFalseError(),
    "msfe": lambda _counts, _costs: MeanSquaredFalseError(),
    "msfe-thesis": lambda _counts, _costs: MeanSquaredFalseError("square_of_sum"),
    "focal": lambda _counts, _costs: FocalLoss(),
    "bilinear": lambda _counts, costs: BilinearLoss(costs),
    "log-bilinear": lambda _counts, costs: LogBilinearLoss(costs),
    "bilinear-mix": lambda _counts, costs: MixedLoss(BilinearLoss(costs), DEFAULT_ALPHA),
    "log-bilinear-mix": lambda _counts, costs: MixedLoss(LogBilinearLoss(costs), DEFAULT_ALPHA),
}
#: α of the mixed losses, unless it follows their name: `bilinear-mix-0.3`.
DEFAULT_ALPHA: Final = 0.5
_MIXED: Final = re.compile(r"(bilinear|log-bilinear)-mix-(0?\.\d+|[01](?:\.0*)?)")


def is_loss(name: str) -> bool:
    """Return whether there is a loss called `name`."""
    return name in LOSSES or _MIXED.fullmatch(name) is not None


def make_loss(name: str, counts: Tensor, costs: Sequence[Sequence[float]] | None = None) -> nn.Module:
    """Return the loss called `name` for classes with `counts` images.

    `costs` is the cost matrix of the bilinear losses, by default `costs_by_frequency`. Raise TrainingError when there
    is no such loss, or the matrix does not suit the classes.
    """
    matrix = costs_by_frequency(counts) if costs is None else torch.tensor(costs, dtype=torch.float32)
    if matrix.shape != (len(counts), len(counts)):
        raise TrainingError(f"the cost matrix must have {len(counts)} rows and columns, one per class")
    if found := _MIXED.fullmatch(name):
        kind = BilinearLoss if found[1] == "bilinear" else LogBilinearLoss
        return MixedLoss(kind(matrix), float(found[2]))
    if name not in LOSSES:
        raise TrainingError(
            f"there is no loss {name!r}; the losses are: {', '.join(LOSSES)}, and the mixed ones with their α, as in "
            "bilinear-mix-0.3"
        )
    return LOSSES[name](counts, matrix)


def read_costs(path: Path) -> tuple[tuple[float, ...], ...]:
    """Read a cost matrix: a CSV file with a row per true class and a column per predicted one.

    Raise TrainingError when it has other content.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = tuple(tuple(float(cell) for cell in row) for row in csv.reader(file) if row)
        _checked(torch.tensor(rows))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} is not a square matrix of numbers, one row per class") from error
    return rows
