"""The updates of G: policy gradient with a reward per event, or gradients through relaxed samples."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from euterpe_training.critics import SequenceCritic
from euterpe_training.crnngan.models.categorical import (
    CategoricalGenerator,
    CategoricalState,
    Sampler,
    sample_one_hot,
)

#: Rewards are clamped to this, so that one event that the critic is certain of does not decide an update.
_REWARD_LIMIT = 5.0


class Policy:
    """G as it composes in the product: the logits of pitch are multiplied by `pitch_sharpness`."""

    def __init__(self, g: CategoricalGenerator, pitch_sharpness: float) -> None:
        self.g = g
        self.factors = (1.0, pitch_sharpness, 1.0, 1.0)

    @torch.no_grad()
    def compose(
        self, noise: Tensor, controls: Tensor, state: CategoricalState | None = None
    ) -> tuple[Tensor, CategoricalState]:
        """Return classes [events, batch, 4] composed from uniform `noise` of that shape, and the state after them."""

        def sample(index: int, logits: Tensor, draws: Tensor) -> Tensor:
            return sample_one_hot(self.factors[index] * logits, draws)

        chosen, state = self.g.generate_classes(noise, controls, state, sample)
        return torch.stack([part.argmax(-1) for part in chosen], -1), state

    def compose_relaxed(
        self, noise: Tensor, controls: Tensor, temperature: float, state: CategoricalState | None = None
    ) -> tuple[Tensor, ...]:
        """Return one-hot classes [events, batch, classes] per attribute with the gradients of Gumbel-softmax."""
        return self.g.generate_classes(noise, controls, state, self._gumbel(temperature))[0]

    def _gumbel(self, temperature: float) -> Sampler:
        def sample(index: int, logits: Tensor, _: Tensor) -> Tensor:
            return functional.gumbel_softmax(self.factors[index] * logits, temperature, hard=True)

        return sample

    def log_probabilities(
        self, codes: Tensor, controls: Tensor, state: CategoricalState | None = None
    ) -> tuple[tuple[Tensor, ...], CategoricalState]:
        """Return log-probabilities [events, batch, classes] per attribute of each event of `codes` after its past.

        Also return the state after them.
        """
        logits, state = self.g(codes, controls, state or self.g.initial_state(codes.shape[1]))
        pairs = zip(self.factors, logits, strict=True)
        return tuple(functional.log_softmax(factor * part, -1) for factor, part in pairs), state.detached()


def one_hot(codes: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    """Return classes [..., 4] as distributions [..., classes] per attribute."""
    return tuple(functional.one_hot(codes[..., index], size).float() for index, size in enumerate(sizes))


def divergence(policy: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """Return the mean Kullback-Leibler divergence of log-probabilities from the reference's, in nats per event."""
    parts = [(one.exp() * (one - other)).sum(-1).mean() for one, other in zip(policy, reference, strict=True)]
    return torch.stack(parts).sum()


@torch.no_grad()
def advantages(critic: SequenceCritic, codes: Tensor, discount: float) -> Tensor:
    """Return the advantage [events, batch] of every event of `codes` [events, batch, 4].

    The reward of an event is the critic's logit there; returns are discounted sums of rewards from the event on. The
    baseline is the batch's mean at the same event, and advantages have a standard deviation of 1.
    """
    rewards = critic(codes.transpose(0, 1)).clamp(-_REWARD_LIMIT, _REWARD_LIMIT).transpose(0, 1)
    returns = torch.empty_like(rewards)
    following = torch.zeros_like(rewards[0])
    for event in range(len(rewards) - 1, -1, -1):
        following = rewards[event] + discount * following
        returns[event] = following
    centred = returns - returns.mean(1, keepdim=True)
    return centred / centred.std().clamp(min=1e-6)


def policy_loss(log_probabilities: Sequence[Tensor], codes: Tensor, advantage: Tensor) -> Tensor:
    """Return the loss whose gradient is the policy gradient (Williams 1992)."""
    chosen = [part.gather(-1, codes[..., index, None])[..., 0] for index, part in enumerate(log_probabilities)]
    return -(torch.stack(chosen).sum(0) * advantage).mean()


def relaxed_loss(critic: SequenceCritic, fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Return G's relativistic loss for windows [batch, events, classes] per attribute."""
    with torch.no_grad():
        reference = critic.rate(critic.embed(real)).mean(1)
    return functional.softplus(reference - critic.rate(critic.embed(fake)).mean(1)).mean()
