"""Losses of pretraining and of the generator's adversarial epochs."""

import torch
from torch import Tensor


def squared_error(events: Tensor, real: Tensor) -> Tensor:
    """The reference's pretraining loss: mean squared error over everything."""
    return (events - real).square().mean()


def energy_score(first: Tensor, second: Tensor, real: Tensor, scale: Tensor) -> Tensor:
    """How far two independent draws of a distribution are from what really came (Gneiting & Raftery 2007, eq. 22).

    `first`, `second` and `real` are [steps, batch, features], `scale` [features] their standard deviations. The
    score is strictly proper: its minimum is the true distribution, where squared error's is only the mean. It is
    taken of each event as a whole, which teaches how the features depend on each other, plus of each feature
    alone, which teaches every one precisely.
    """
    near = (torch.stack([first, second]) - real) / scale
    apart = (first - second) / scale
    alone = near.abs().mean() - 0.5 * apart.abs().mean()
    # The small constant keeps the gradient finite where two draws coincide.
    whole = _norm(near).mean() - 0.5 * _norm(apart).mean()
    return alone + whole


def feature_distance(real: Tensor, fake: Tensor) -> Tensor:
    """Feature matching: squared difference of D's mean recurrent outputs over steps and batch, real against fake."""
    return (real.mean((0, 1)) - fake.mean((0, 1))).square().sum()


def l2_regularisation(parameters: list[Tensor], reg_scale: float) -> Tensor:
    """0.1 · reg_scale · half the sum of squares, as in the reference."""
    return 0.1 * reg_scale * 0.5 * torch.stack([parameter.square().sum() for parameter in parameters]).sum()


def _norm(difference: Tensor) -> Tensor:
    return (difference.square().sum(-1) + 1e-8).sqrt()
