"""Generator and discriminator of C-RNN-GAN (Mogren 2016; references.md §1).

The names of layers are keys of checkpoints.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.crnngan.models.parallel_lstm import run_lstm
from euterpe_training.crnngan.models.rollout import Rollout

MINIBATCH_KERNELS, MINIBATCH_DIMENSIONS = 25, 10


class State(NamedTuple):
    """State of the LSTM layers: `h` and `c`, each [layers, batch, hidden]."""

    h: Tensor
    c: Tensor


class Generator(nn.Module):
    """Per step: concat(noise, previous output) → linear, ReLU → LSTM layers → linear to features.

    With `slow_ticks` (the setting `multiscale`) an additional LSTM takes one step per so many events, and its output is
    held until its next step. Without `feed_previous` the previous output is replaced by zeros.
    """

    def __init__(
        self,
        features: int,
        noise: int,
        hidden: int,
        layers: int,
        init_scale: float,
        feed_previous: bool = True,
        slow_ticks: int = 0,
    ) -> None:
        super().__init__()
        self.features, self.noise, self.hidden, self.layers = features, noise, hidden, layers
        self.feed_previous, self.slow_ticks = feed_previous, slow_ticks
        self.input = nn.Linear(noise + features, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.slow = nn.LSTM(hidden, hidden) if slow_ticks else None
        self.output = nn.Linear(hidden, features)
        initialise(self, init_scale)

    def initial_state(self, batch: int) -> State:
        """Return the state before the first step: zeros."""
        zeros = self.output.weight.new_zeros(self.layers, batch, self.hidden)
        return State(zeros, zeros)

    def forward(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Teacher forcing: return events [steps, batch, features] after the given `previous` ones of that shape."""
        hidden = self._hidden(noise, previous)
        top, (h, c) = self.lstm(hidden, state or self.initial_state(noise.shape[1]))
        if self.slow is not None:
            slow = self.slow(hidden[:: self.slow_ticks])[0]
            top = top + slow.repeat_interleave(self.slow_ticks, 0)[: len(top)]
        return self.output(top), State(h, c)

    def generate(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        """Free running: each output is the next step's `previous` [batch, features].

        Return the events [steps, batch, features], the last one, and the state after it.
        """
        state, slow_state = state or self.initial_state(noise.shape[1]), None
        events = []
        for number, step in enumerate(noise):
            hidden = self._hidden(step[None], previous[None])
            top, state = self.lstm(hidden, state)
            if self.slow is not None:
                if number % self.slow_ticks == 0:
                    slow, slow_state = self.slow(hidden, slow_state)
                top = top + slow
            previous = self.output(top)[0]
            events.append(previous)
        return torch.stack(events), previous, State(*state)

    def rollout(self, noise: Tensor, first: Tensor) -> Tensor:
        """Return the events of `generate` from a zero state, several times as fast, with gradients for weights only."""
        if self.slow is not None or torch.is_autocast_enabled(noise.device.type):
            return self.generate(noise, first)[0]
        # The order of an LSTM's parameters is, layer by layer, what Rollout takes.
        weights = (self.input.weight, self.input.bias, *self.lstm.parameters(), self.output.weight, self.output.bias)
        events: Tensor = Rollout.apply(noise, first, self.feed_previous, *weights)  # type: ignore[no-untyped-call]
        return events

    def _hidden(self, noise: Tensor, previous: Tensor) -> Tensor:
        inputs = previous if self.feed_previous else torch.zeros_like(previous)
        return torch.relu(self.input(torch.cat([noise, inputs], -1)))


class Discriminator(nn.Module):
    """Dropout on inputs → bidirectional LSTM → shared linear and sigmoid per step → mean over time."""

    def __init__(
        self,
        features: int,
        hidden: int,
        layers: int,
        keep_prob: float,
        init_scale: float,
        unidirectional: bool = False,
        end_classification: bool = False,
        minibatch: bool = False,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(1 - keep_prob)
        self.end_classification = end_classification
        self.lstm = nn.LSTM(features, hidden, layers, bidirectional=not unidirectional)
        width = hidden if unidirectional else 2 * hidden
        self.minibatch = MinibatchDiscrimination(width) if minibatch else None
        self.output = nn.Linear(width + (MINIBATCH_KERNELS if minibatch else 0), 1)
        initialise(self, init_scale)

    def forward(self, events: Tensor, parts: int = 1, dropout_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the probabilities [batch] that `events` [steps, batch, features] are real, and the LSTM's outputs.

        `parts` is the number of concatenated batches, which minibatch discrimination must not mix. `dropout_mask` holds
        factors of the shape of `events` that replace the random ones.
        """
        steps, recurrent = self.per_step(events, parts, dropout_mask)
        if self.end_classification:
            steps = steps[[0, -1]]
        return steps.mean(0), recurrent

    def per_step(self, events: Tensor, parts: int = 1, dropout_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the probabilities [steps, batch] of single events, and the LSTM's outputs; see `forward`."""
        recurrent = run_lstm(self.lstm, self.dropout(events) if dropout_mask is None else events * dropout_mask)
        hidden = recurrent
        if self.minibatch is not None:
            similarity = torch.cat([self.minibatch(part) for part in recurrent.mean(0).chunk(parts)])
            hidden = torch.cat([recurrent, similarity.expand(len(recurrent), -1, -1)], -1)
        return torch.sigmoid(self.output(hidden))[..., 0], recurrent


class ComposerGenerator(nn.Module):
    """generate_meta: noise → linear, ReLU → linear, softmax over composers, once for a whole song."""

    def __init__(self, noise: int, width: int, composers: int, init_scale: float) -> None:
        super().__init__()
        self.noise = noise
        self.layer = nn.Linear(noise, width)
        self.output = nn.Linear(width, composers)
        initialise(self, init_scale)

    def forward(self, noise: Tensor) -> Tensor:
        """Return probabilities [batch, composers] for noise [batch, noise]."""
        probabilities: Tensor = self.output(torch.relu(self.layer(noise))).softmax(-1)
        return probabilities


class MinibatchDiscrimination(nn.Module):
    """Similarity of each sample to the others of its batch (Salimans et al. 2016, section 3.2): 25 kernels × 10."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, MINIBATCH_KERNELS * MINIBATCH_DIMENSIONS)

    def forward(self, features: Tensor) -> Tensor:
        """Return similarities [batch, kernels] for features [batch, width]."""
        projected = self.projection(features).view(-1, MINIBATCH_KERNELS, MINIBATCH_DIMENSIONS)
        distance = (projected[:, None] - projected[None]).abs().sum(-1)
        return torch.exp(-distance).sum(1)


def discrimination_loss(real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
    """Return D's loss mean(−log D(x) − log(1 − D(G(z)))), with the target `real_label` for real windows."""
    return functional.binary_cross_entropy(real, torch.full_like(real, real_label)) + (
        functional.binary_cross_entropy(fake, torch.zeros_like(fake))
    )


def initialise(module: nn.Module, scale: float) -> None:
    """Draw all weights uniformly from ±scale, as in the reference code."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -scale, scale)
