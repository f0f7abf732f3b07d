"""A C-RNN-GAN generator whose outputs are drawn from distributions that it states.

The reference's generator says numbers; what it is unsure of it can only blur. This one says how likely every class of
delta, pitch, length and velocity is and lets the noise choose, so one noise in, one event out, as before. Drawing is
made differentiable by Gumbel's trick with straight-through gradients (Jang et al. 2017, section 2.2), so the
adversarial game can be played with it; its likelihood can be learned directly.
"""

from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.crnngan.export.categorical_graph import CategoricalWeights
from euterpe_training.crnngan.export.generator_graph import LstmWeights, Weights
from euterpe_training.crnngan.models.classes import EventClasses

ATTRIBUTES: Final = ("delta", "pitch", "length", "velocity")


class Memory(NamedTuple):
    """`h`, `c` [layers, batch, hidden]; `previous` [batch, hidden] of the last event; `clock` [batch]: place in bar."""

    h: Tensor
    c: Tensor
    previous: Tensor
    clock: Tensor

    def detached(self) -> "Memory":
        """The same without its past, for truncated back-propagation."""
        return Memory(*(tensor.detach() for tensor in self))

    def reset(self, rows: Tensor, clock: Tensor) -> "Memory":
        """The start of a piece in the rows [batch] that are true, `clock` theirs."""
        keep = (~rows).float()[:, None]
        return Memory(self.h * keep, self.c * keep, self.previous * keep, torch.where(rows, clock, self.clock))


class CategoricalGenerator(nn.Module):
    """Per step: previous event and controls → ReLU → LSTM layers → delta → pitch → length → velocity.

    The attributes are drawn one after the other, each knowing those before it and the place in the bar. `controls`
    [batch, controls] hold for a whole piece (style and density, one-hot; zeros where nobody says).
    """

    def __init__(self, classes: EventClasses, hidden: int, layers: int, controls: int, head: int = 128) -> None:
        super().__init__()
        self.classes, self.hidden, self.layers, self.controls, self.head = classes, hidden, layers, controls, head
        sizes, width = classes.sizes, 3 * head + hidden
        self.controlled = nn.Linear(controls, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.mixed = nn.Linear(hidden, 3 * head)
        # What each attribute, and the place in the bar, tells the later ones (3 · head) and the next step (hidden).
        self.told = nn.ModuleList(nn.Embedding(size, width) for size in (*sizes, classes.positions))
        self.logits = nn.ModuleList(
            nn.Linear(inner, size) for inner, size in zip((hidden, *[head] * 3), sizes, strict=True)
        )
        for table in self._tables:
            nn.init.normal_(table, std=0.1)
        for name, values in zip(ATTRIBUTES, classes.floats, strict=True):
            self.register_buffer(f"{name}_floats", torch.from_numpy(values), persistent=False)
        self.register_buffer("units", torch.from_numpy(classes.units), persistent=False)
        self.units: Tensor

    def start(self, batch: int) -> Memory:
        """The memory before the first step: zeros."""
        zeros = self.mixed.weight.new_zeros
        state = zeros(self.layers, batch, self.hidden)
        return Memory(state, state, zeros(batch, self.hidden), zeros(batch))

    def forward(self, codes: Tensor, controls: Tensor, memory: Memory) -> tuple[tuple[Tensor, ...], Memory]:
        """Teacher forcing: logits of the four attributes, each [steps, batch, classes], for codes [steps, batch, 4]."""
        head = self.head
        clocks = (memory.clock + self.units[codes[..., 0]].cumsum(0)) % self.classes.positions
        tables = self._tables
        told = [functional.embedding(codes[..., index], table) for index, table in enumerate(tables[:4])]
        told[0] = told[0] + functional.embedding(clocks.long(), tables[4])
        inputs = torch.stack(told).sum(0)[..., 3 * head :]
        shifted = torch.cat([memory.previous[None], inputs[:-1]])
        top, (h, c) = self.lstm(torch.relu(shifted + self.controlled(controls)), (memory.h, memory.c))
        mixed = self.mixed(top)
        logits = [self.logits[0](top)]
        for index in range(3):
            part = slice(index * head, (index + 1) * head)
            heard = mixed[..., part] + torch.stack([table[..., part] for table in told[: index + 1]]).sum(0)
            logits.append(self.logits[index + 1](torch.relu(heard)))
        return tuple(logits), Memory(h, c, inputs[-1], clocks[-1])

    def generate(self, noise: Tensor, controls: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """Free running: events [steps, batch, 4] as floats, for noise of that shape, with gradients to the logits."""
        memory = memory or self.start(noise.shape[1])
        control = self.controlled(controls)
        events = []
        for step in noise:
            event, memory = self._step(step, control, memory)
            events.append(event)
        return torch.stack(events), memory

    def _step(self, noise: Tensor, control: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        head, tables, values = self.head, self._tables, self._floats
        top, (h, c) = self.lstm(torch.relu(memory.previous + control)[None], (memory.h, memory.c))
        top = top[0]
        said = functional.pad(self.mixed(top), (0, self.hidden))
        floats, clock = [], memory.clock
        for index, logits in enumerate(self.logits):
            heard = top if index == 0 else torch.relu(said[:, (index - 1) * head : index * head])
            chosen = drawn(logits(heard), noise[:, index])
            said = said + chosen @ tables[index]
            if index == 0:
                clock = ((chosen @ self.units).detach().round() + clock) % self.classes.positions
                said = said + functional.embedding(clock.long(), tables[4])
            floats.append(chosen @ values[index])
        delta, pitch, length, velocity = floats
        return torch.stack([delta, length, pitch, velocity], -1), Memory(h, c, said[:, 3 * head :], clock)

    @property
    def _tables(self) -> tuple[Tensor, ...]:
        return tuple(cast(nn.Embedding, table).weight for table in self.told)

    @property
    def _floats(self) -> tuple[Tensor, ...]:
        return tuple(cast(Tensor, getattr(self, f"{name}_floats")) for name in ATTRIBUTES)

    def weights(self, pitch_sharpness: float = 1.0) -> CategoricalWeights:
        """The weights for export, with logits of pitch that are multiplied by `pitch_sharpness`."""

        def plain(tensor: Tensor) -> Weights:
            return tensor.detach().cpu().numpy()

        lines = [cast(nn.Linear, line) for line in self.logits]
        named = {name: plain(tensor) for name, tensor in self.lstm.named_parameters()}
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return CategoricalWeights(
            plain(self.controlled.weight),
            plain(self.controlled.bias),
            tuple(LstmWeights.from_torch_order(*(named[f"{kind}_l{i}"] for kind in kinds)) for i in range(self.layers)),
            plain(self.mixed.weight),
            plain(self.mixed.bias),
            tuple(plain(table) for table in self._tables),
            tuple(
                (plain(line.weight * factor), plain(line.bias * factor))
                for line, factor in zip(lines, (1.0, pitch_sharpness, 1.0, 1.0), strict=True)
            ),
            self.classes.floats,
            self.classes.units,
        )


def drawn(logits: Tensor, noise: Tensor) -> Tensor:
    """One-hot [batch, classes]: the class at which the distribution's cumulated shares pass `noise` [batch].

    The gradient is the softmax's (straight-through). Inverting the distribution needs one uniform draw where Gumbel's
    own way needs one per class, and draws from the same distribution.
    """
    shares = logits.softmax(-1)
    index = (shares.cumsum(-1) < noise[:, None]).sum(-1).clamp(max=logits.shape[-1] - 1)
    hard = functional.one_hot(index, logits.shape[-1]).to(shares.dtype)
    return hard + shares - shares.detach()
