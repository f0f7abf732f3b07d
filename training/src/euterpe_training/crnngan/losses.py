"""Losses of pretraining and of adversarial training (references.md §1)."""

import torch
from torch import Tensor


def squared_error(events: Tensor, real: Tensor) -> Tensor:
    """Return the reference's pretraining loss: the mean squared error over all features."""
    return (events - real).square().mean()


def energy_score(first: Tensor, second: Tensor, real: Tensor, scale: Tensor) -> Tensor:
    """Return the energy score of two independent samples of a distribution (Gneiting & Raftery 2007, eq. 22).

    `first`, `second` and `real` are [steps, batch, features], `scale` [features] their standard deviations. The
    score is strictly proper: its minimum is the true distribution, where squared error's is only the mean. It is
    computed for whole events, which teaches the dependence between features, plus for each feature alone, which
    teaches each of them precisely.
    """
    error = (torch.stack([first, second]) - real) / scale
    spread = (first - second) / scale
    per_feature = error.abs().mean() - 0.5 * spread.abs().mean()
    per_event = _norm(error).mean() - 0.5 * _norm(spread).mean()
    return per_feature + per_event


def feature_distance(real: Tensor, fake: Tensor) -> Tensor:
    """Return the loss of feature matching: the squared distance of D's mean recurrent outputs, real and fake.

    Both are [steps, batch, features]; means are over steps and batch.
    """
    return (real.mean((0, 1)) - fake.mean((0, 1))).square().sum()


def l2_regularisation(parameters: list[Tensor], reg_scale: float) -> Tensor:
    """Return 0.1 · reg_scale · half the sum of squares, as in the reference code."""
    return 0.1 * reg_scale * 0.5 * torch.stack([parameter.square().sum() for parameter in parameters]).sum()


def _norm(difference: Tensor) -> Tensor:
    # The small constant keeps the gradient finite where two samples coincide.
    return (difference.square().sum(-1) + 1e-8).sqrt()
