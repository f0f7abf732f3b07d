"""The discriminator's output for a batch, and one backward pass through it for both networks."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class DiscriminatorOutput(NamedTuple):
    """D's loss, its probabilities [batch] for real and generated songs, and its recurrent outputs for both."""

    d_loss: Tensor
    real: Tensor
    fake: Tensor
    real_features: Tensor
    fake_features: Tensor


def discriminator_gradients(
    output: DiscriminatorOutput, regularisation: Tensor | float, weights: Sequence[Tensor], events: Tensor | None,
    adversarial_weight: float,
) -> tuple[tuple[Tensor, ...], Tensor | None]:  # fmt: skip
    """Return the gradients of D's loss for D's `weights`, and of G's weighted loss for the generated `events`.

    Either loss depends on a song only through D's probability p of it. So the gradient of −log p for the song is that
    of −log(1 − p), times −(1 − p) / p; where p is 0 or 1 both vanish. Without weights or events, their part is empty.
    """
    leaves = [*weights, *([] if events is None else [events])]
    if not leaves:
        return (), None
    gradients = torch.autograd.grad(output.d_loss + regularisation, leaves)
    if events is None:
        return gradients, None
    probability = output.fake.detach()
    scale = -adversarial_weight * (1 - probability) / probability.clamp(min=1e-30)
    return gradients[:-1], gradients[-1] * scale[:, None]
