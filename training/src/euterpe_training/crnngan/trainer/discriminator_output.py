"""What D said of a batch, and one way back through it for both sides of the game."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Judgement(NamedTuple):
    """D's loss, its shares [batch] for real and generated songs, and its recurrent outputs."""

    d_loss: Tensor
    real: Tensor
    fake: Tensor
    real_features: Tensor
    fake_features: Tensor


def through_d(
    seen: Judgement, regularisation: Tensor | float, weights: Sequence[Tensor], heard: Tensor | None, weight: float
) -> tuple[tuple[Tensor, ...], Tensor | None]:
    """Gradients of D's loss in D's `weights`, and of `weight` times G's loss in the generated songs that D `heard`.

    Either loss depends on a song only through D's share s of it. So the gradient of −log s in the song is that of
    −log(1 − s), times −(1 − s) / s; where s is 0 or 1 both vanish. No weights or songs: nothing for them.
    """
    wanted = [*weights, *([] if heard is None else [heard])]
    if not wanted:
        return (), None
    gradients = torch.autograd.grad(seen.d_loss + regularisation, wanted)
    if heard is None:
        return gradients, None
    share = seen.fake.detach()
    scale = -weight * (1 - share) / share.clamp(min=1e-30)
    return gradients[:-1], gradients[-1] * scale[:, None]
