"""Generator and discriminator of C-RNN-GAN (Mogren 2016), as references.md §1 describes them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.errors import TrainingError
from euterpe_training.export.graph import GeneratorWeights, LstmWeights, Weights
from euterpe_training.models.bothways import listen
from euterpe_training.models.rollout import Rollout

MINIBATCH_KERNELS, MINIBATCH_DIMENSIONS = 25, 10


class State(NamedTuple):
    """LSTM state: `h` and `c`, each [layers, batch, hidden]."""

    h: Tensor
    c: Tensor


class Generator(nn.Module):
    """Per step: concat(noise, previous output) → linear, ReLU → LSTM layers → linear to features.

    With `slow_ticks` another LSTM beside the others takes a step at every so many events, and what it says holds until
    its next one (`multiscale`). Without `feed_previous` the previous output is replaced by zeros.
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

    def start(self, batch: int) -> State:
        """The state before the first step: zeros."""
        zeros = self.output.weight.new_zeros(self.layers, batch, self.hidden)
        return State(zeros, zeros)

    def forward(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Teacher forcing: events [steps, batch, features] after the given `previous` ones of that shape."""
        hidden = self._hidden(noise, previous)
        top, (h, c) = self.lstm(hidden, state or self.start(noise.shape[1]))
        if self.slow is not None:
            said = self.slow(hidden[:: self.slow_ticks])[0]
            top = top + said.repeat_interleave(self.slow_ticks, 0)[: len(top)]
        return self.output(top), State(h, c)

    def generate(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        """Free running: each output is the next step's previous one, [batch, features] at first."""
        memory, slow = state or self.start(noise.shape[1]), None
        events = []
        for number, step in enumerate(noise):
            hidden = self._hidden(step[None], previous[None])
            top, memory = self.lstm(hidden, memory)
            if self.slow is not None:
                if number % self.slow_ticks == 0:
                    said, slow = self.slow(hidden, slow)
                top = top + said
            previous = self.output(top)[0]
            events.append(previous)
        return torch.stack(events), previous, State(*memory)

    def play(self, noise: Tensor, first: Tensor) -> Tensor:
        """The events of `generate` from an empty memory; several times as fast, with gradients for weights only."""
        if self.slow is not None or torch.is_autocast_enabled("cpu"):
            return self.generate(noise, first)[0]
        # The order of an LSTM's parameters is, layer by layer, what Rollout takes.
        weights = (self.input.weight, self.input.bias, *self.lstm.parameters(), self.output.weight, self.output.bias)
        events: Tensor = Rollout.apply(noise, first, self.feed_previous, *weights)  # type: ignore[no-untyped-call]
        return events

    def _hidden(self, noise: Tensor, previous: Tensor) -> Tensor:
        heard = previous if self.feed_previous else torch.zeros_like(previous)
        return torch.relu(self.input(torch.cat([noise, heard], -1)))

    def weights(self) -> GeneratorWeights:
        """The weights for export; TrainingError with a slow layer, for which there is no graph."""
        if self.slow is not None:
            raise TrainingError("a generator with multiscale cannot be exported")
        heard = self.input.weight.detach().cpu().numpy().copy()
        if not self.feed_previous:
            heard[:, self.noise :] = 0
        named = {name: tensor.detach().cpu().numpy() for name, tensor in self.lstm.named_parameters()}

        def layer(index: int) -> LstmWeights:
            kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            parts: list[Weights] = [named[f"{kind}_l{index}"] for kind in kinds]
            return LstmWeights.from_torch_order(*parts)

        return GeneratorWeights(
            heard,
            self.input.bias.detach().cpu().numpy(),
            tuple(layer(index) for index in range(self.layers)),
            self.output.weight.detach().cpu().numpy(),
            self.output.bias.detach().cpu().numpy(),
        )


class Discriminator(nn.Module):
    """Dropout on inputs → LSTM in both directions → shared linear and sigmoid per step → mean over time."""

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

    def forward(self, events: Tensor, parts: int = 1, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Probabilities [batch] that `events` [steps, batch, features] are real; the LSTM's outputs as features.

        `parts` are batches side by side, which minibatch discrimination must not mix. `kept` are factors for dropout
        that somebody else drew.
        """
        steps, recurrent = self.decide(events, parts, kept)
        if self.end_classification:
            steps = steps[[0, -1]]
        return steps.mean(0), recurrent

    def decide(self, events: Tensor, parts: int = 1, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What `forward` sums up: probabilities [steps, batch] event by event, and the LSTM's outputs."""
        recurrent = listen(self.lstm, self.dropout(events) if kept is None else events * kept)
        judged = recurrent
        if self.minibatch is not None:
            closeness = torch.cat([self.minibatch(part) for part in recurrent.mean(0).chunk(parts)])
            judged = torch.cat([recurrent, closeness.expand(len(recurrent), -1, -1)], -1)
        return torch.sigmoid(self.output(judged))[..., 0], recurrent


class Composers(nn.Module):
    """generate_meta: noise → linear, ReLU → linear, softmax over composers, drawn for a whole song."""

    def __init__(self, noise: int, width: int, composers: int, init_scale: float) -> None:
        super().__init__()
        self.noise = noise
        self.layer = nn.Linear(noise, width)
        self.output = nn.Linear(width, composers)
        initialise(self, init_scale)

    def forward(self, noise: Tensor) -> Tensor:
        """Shares [batch, composers] from noise [batch, noise]."""
        shares: Tensor = self.output(torch.relu(self.layer(noise))).softmax(-1)
        return shares


class MinibatchDiscrimination(nn.Module):
    """Closeness of each sample to the others of its batch (Salimans et al. 2016, section 3.2): 25 kernels × 10."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, MINIBATCH_KERNELS * MINIBATCH_DIMENSIONS)

    def forward(self, features: Tensor) -> Tensor:
        """[batch, kernels] from features [batch, width]."""
        projected = self.projection(features).view(-1, MINIBATCH_KERNELS, MINIBATCH_DIMENSIONS)
        distance = (projected[:, None] - projected[None]).abs().sum(-1)
        return torch.exp(-distance).sum(1)


def discrimination_loss(real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
    """D's loss: mean(−log D(x) − log(1 − D(G(z)))), with the real side's target at `real_label`."""
    return functional.binary_cross_entropy(real, torch.full_like(real, real_label)) + (
        functional.binary_cross_entropy(fake, torch.zeros_like(fake))
    )


def initialise(module: nn.Module, scale: float) -> None:
    """Weights anew: uniform in ±scale, as in the reference."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -scale, scale)
