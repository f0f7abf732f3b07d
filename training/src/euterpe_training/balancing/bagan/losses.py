"""The two forms of BAGAN-GP's game: Wasserstein, as in the paper and the thesis, and that of the public code."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Critic = Callable[[Tensor, Tensor], Tensor]


def discriminator_loss(game: str, real: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
    """From judgements [batch] of real images, made ones, and real ones under a wrong label.

    The two kinds of false share the weight of the one kind of true.
    """
    if game == "wasserstein":
        return (fake.mean() + wrong.mean()) / 2 - real.mean()
    true = functional.softplus(-real).mean()
    return true + (functional.softplus(fake).mean() + functional.softplus(wrong).mean()) / 2


def generator_loss(game: str, fake: Tensor) -> Tensor:
    """From judgements [batch] of made images."""
    return -fake.mean() if game == "wasserstein" else functional.softplus(-fake).mean()


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """(‖∇ critic‖ − 1)², mean over places drawn uniformly between real and made images (Gulrajani et al. 2017)."""
    shape = (len(real), *[1] * (real.ndim - 1))
    share = torch.rand(shape, generator=generator).to(real.device)
    between = (share * real + (1 - share) * fake.detach()).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between, labels).sum(), between, create_graph=True)
    distance: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return distance


def wrong_labels(labels: Tensor, classes: int, generator: torch.Generator) -> Tensor:
    """A label per image that is surely not its own, uniform over the others."""
    shift = torch.randint(1, classes, (len(labels),), generator=generator).to(labels.device)
    return (labels + shift) % classes
