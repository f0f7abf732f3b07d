"""Generator and discriminator of C-RNN-GAN (Mogren 2016), as FACTS §1 describes them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.export.graph import GeneratorWeights, LstmWeights, Weights

MINIBATCH_KERNELS, MINIBATCH_DIMENSIONS = 25, 10


class State(NamedTuple):
    """LSTM state: `h` and `c`, each [layers, batch, hidden]."""

    h: Tensor
    c: Tensor


class Generator(nn.Module):
    """Per step: concat(noise, previous output) → linear, ReLU → LSTM layers → linear to features."""

    def __init__(self, features: int, noise: int, hidden: int, layers: int, init_scale: float) -> None:
        super().__init__()
        self.features, self.noise, self.hidden, self.layers = features, noise, hidden, layers
        self.input = nn.Linear(noise + features, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.output = nn.Linear(hidden, features)
        _initialise(self, init_scale)

    def start(self, batch: int) -> State:
        """The state before the first step: zeros."""
        zeros = self.output.weight.new_zeros(self.layers, batch, self.hidden)
        return State(zeros, zeros)

    def forward(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Teacher forcing: events [steps, batch, features] after the given `previous` ones of that shape."""
        hidden = torch.relu(self.input(torch.cat([noise, previous], -1)))
        top, (h, c) = self.lstm(hidden, state or self.start(noise.shape[1]))
        return self.output(top), State(h, c)

    def generate(self, noise: Tensor, previous: Tensor, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        """Free running: each output is the next step's previous one, [batch, features] at first."""
        state = state or self.start(noise.shape[1])
        events = []
        for step in noise:
            event, state = self(step[None], previous[None], state)
            previous = event[0]
            events.append(previous)
        return torch.stack(events), previous, state

    def weights(self) -> GeneratorWeights:
        """The weights for export."""
        named = {name: tensor.detach().cpu().numpy() for name, tensor in self.lstm.named_parameters()}

        def layer(index: int) -> LstmWeights:
            kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            parts: list[Weights] = [named[f"{kind}_l{index}"] for kind in kinds]
            return LstmWeights.from_torch_order(*parts)

        return GeneratorWeights(
            self.input.weight.detach().cpu().numpy(),
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
        _initialise(self, init_scale)

    def forward(self, events: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities [batch] that `events` [steps, batch, features] are real; the LSTM's outputs as features."""
        recurrent, _ = self.lstm(self.dropout(events))
        judged = recurrent
        if self.minibatch is not None:
            closeness = self.minibatch(recurrent.mean(0))
            judged = torch.cat([recurrent, closeness.expand(len(recurrent), -1, -1)], -1)
        steps = torch.sigmoid(self.output(judged))[..., 0]
        if self.end_classification:
            steps = steps[[0, -1]]
        return steps.mean(0), recurrent


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


def _initialise(module: nn.Module, scale: float) -> None:
    """Uniform in ±scale, as in the reference."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -scale, scale)
