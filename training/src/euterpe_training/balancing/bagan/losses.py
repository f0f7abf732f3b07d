"""The adversarial losses of BAGAN-GP: Wasserstein, as in the paper and the thesis, and that of the public code."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Critic = Callable[[Tensor, Tensor], Tensor]


def discriminator_loss(loss: str, real: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
    """Return D's loss from its outputs [batch] for real images, generated ones, and real ones with a wrong label.

    The two kinds of negative examples share the weight of the positive ones.
    """
    if loss == "wasserstein":
        return (fake.mean() + wrong.mean()) / 2 - real.mean()
    true = functional.softplus(-real).mean()
    return true + (functional.softplus(fake).mean() + functional.softplus(wrong).mean()) / 2


def generator_loss(loss: str, fake: Tensor) -> Tensor:
    """Return G's loss from D's outputs [batch] for generated images."""
    return -fake.mean() if loss == "wasserstein" else functional.softplus(-fake).mean()


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Return the mean of (‖∇ critic‖ − 1)² at random points between real and generated images.

    The points are uniform on the lines between pairs (Gulrajani et al. 2017).
    """
    shape = (len(real), *[1] * (real.ndim - 1))
    share = torch.rand(shape, generator=generator).to(real.device)
    between = (share * real + (1 - share) * fake.detach()).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between, labels).sum(), between, create_graph=True)
    distance: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return distance


def wrong_labels(labels: Tensor, classes: int, generator: torch.Generator) -> Tensor:
    """Draw a label per image, uniformly from the labels other than its own."""
    shift = torch.randint(1, classes, (len(labels),), generator=generator).to(labels.device)
    return (labels + shift) % classes
