"""A C-RNN-GAN generator that outputs probability distributions instead of values.

The reference's generator outputs numbers, which average over what it is uncertain of. This one outputs the
probabilities of every class of delta, pitch, length and velocity, and the noise selects from them, so that one noise
vector still gives one event. Sampling is differentiable with straight-through gradients (Jang et al. 2017, section
2.2), which adversarial training needs; the likelihood can also be learned directly.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.crnngan.models.classes import EventClasses

ATTRIBUTES: Final = ("delta", "pitch", "length", "velocity")
#: (attribute, logits [batch, classes], uniform noise [batch]) → one-hot classes [batch, classes].
Sampler = Callable[[int, Tensor, Tensor], Tensor]


class CategoricalState(NamedTuple):
    """Recurrent state of a batch.

    `h` and `c` are [layers, batch, hidden], `previous` [batch, hidden] embeds the last event, `clock` [batch] is the
    position in the bar, in grid units.
    """

    h: Tensor
    c: Tensor
    previous: Tensor
    clock: Tensor

    def detached(self) -> "CategoricalState":
        """Return the state without its graph, for truncated back-propagation."""
        return CategoricalState(*(tensor.detach() for tensor in self))

    def reset(self, rows: Tensor, clock: Tensor) -> "CategoricalState":
        """Return the state with the rows [batch] that are true at the start of a piece, at position `clock`."""
        keep = (~rows).float()[:, None]
        return CategoricalState(
            self.h * keep, self.c * keep, self.previous * keep, torch.where(rows, clock, self.clock)
        )


class CategoricalGenerator(nn.Module):
    """Per step: previous event and controls → ReLU → LSTM layers → delta → pitch → length → velocity.

    Attributes are sampled one after the other, each conditioned on those before it and on the position in the bar.
    `controls` [batch, controls] apply to a whole piece (style and density, one-hot; zeros where unspecified).
    """

    # The names of layers are keys of checkpoints and keep their spelling.
    def __init__(self, classes: EventClasses, hidden: int, layers: int, controls: int, head: int = 128) -> None:
        super().__init__()
        self.classes, self.hidden, self.layers, self.controls, self.head = classes, hidden, layers, controls, head
        sizes, width = classes.sizes, 3 * head + hidden
        self.controlled = nn.Linear(controls, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers)
        self.mixed = nn.Linear(hidden, 3 * head)
        # Embeddings of each attribute and of the position in the bar, added to the inputs of later attributes
        # (3 · head) and of the next step (hidden).
        self.told = nn.ModuleList(nn.Embedding(size, width) for size in (*sizes, classes.positions))
        self.logits = nn.ModuleList(
            nn.Linear(inner, size) for inner, size in zip((hidden, *[head] * 3), sizes, strict=True)
        )
        for table in self.embeddings:
            nn.init.normal_(table, std=0.1)
        for name, values in zip(ATTRIBUTES, classes.floats, strict=True):
            self.register_buffer(f"{name}_floats", torch.from_numpy(values), persistent=False)
        self.register_buffer("units", torch.from_numpy(classes.units), persistent=False)
        self.units: Tensor

    @property
    def embeddings(self) -> tuple[Tensor, ...]:
        """Tables [classes, 3 · head + hidden] of the four attributes, then of the position in the bar."""
        return tuple(cast(nn.Embedding, table).weight for table in self.told)

    def initial_state(self, batch: int) -> CategoricalState:
        """Return the state before the first step: zeros."""
        zeros = self.mixed.weight.new_zeros
        state = zeros(self.layers, batch, self.hidden)
        return CategoricalState(state, state, zeros(batch, self.hidden), zeros(batch))

    def forward(
        self, codes: Tensor, controls: Tensor, state: CategoricalState
    ) -> tuple[tuple[Tensor, ...], CategoricalState]:
        """Teacher forcing: return logits [steps, batch, classes] per attribute for `codes` [steps, batch, 4]."""
        head = self.head
        clocks = (state.clock + self.units[codes[..., 0]].cumsum(0)) % self.classes.positions
        tables = self.embeddings
        embedded = [functional.embedding(codes[..., index], table) for index, table in enumerate(tables[:4])]
        embedded[0] = embedded[0] + functional.embedding(clocks.long(), tables[4])
        inputs = torch.stack(embedded).sum(0)[..., 3 * head :]
        shifted = torch.cat([state.previous[None], inputs[:-1]])
        top, (h, c) = self.lstm(torch.relu(shifted + self.controlled(controls)), (state.h, state.c))
        heads = self.mixed(top)
        logits = [self.logits[0](top)]
        for index in range(3):
            part = slice(index * head, (index + 1) * head)
            hidden = heads[..., part] + torch.stack([table[..., part] for table in embedded[: index + 1]]).sum(0)
            logits.append(self.logits[index + 1](torch.relu(hidden)))
        return tuple(logits), CategoricalState(h, c, inputs[-1], clocks[-1])

    def generate(
        self, noise: Tensor, controls: Tensor, state: CategoricalState | None = None
    ) -> tuple[Tensor, CategoricalState]:
        """Free running: return events [steps, batch, 4] as floats for uniform `noise` of that shape.

        Gradients reach the logits.
        """
        chosen, state = self.generate_classes(noise, controls, state)
        delta, pitch, length, velocity = (part @ floats for part, floats in zip(chosen, self._floats, strict=True))
        return torch.stack([delta, length, pitch, velocity], -1), state

    def generate_classes(
        self, noise: Tensor, controls: Tensor, state: CategoricalState | None = None, sample: Sampler | None = None
    ) -> tuple[tuple[Tensor, ...], CategoricalState]:
        """Free running: return one-hot classes [steps, batch, classes] per attribute, with gradients.

        `sample` replaces `sample_one_hot`.
        """
        state = state or self.initial_state(noise.shape[1])
        control = self.controlled(controls)
        steps = []
        for step in noise:
            chosen, state = self._step(step, control, state, sample or _sample)
            steps.append(chosen)
        return tuple(torch.stack(part) for part in zip(*steps, strict=True)), state

    def _step(
        self, noise: Tensor, control: Tensor, state: CategoricalState, sample: Sampler
    ) -> tuple[list[Tensor], CategoricalState]:
        head, tables = self.head, self.embeddings
        top, (h, c) = self.lstm(torch.relu(state.previous + control)[None], (state.h, state.c))
        top = top[0]
        total = functional.pad(self.mixed(top), (0, self.hidden))
        classes, clock = [], state.clock
        for index, logits in enumerate(self.logits):
            hidden = top if index == 0 else torch.relu(total[:, (index - 1) * head : index * head])
            chosen = sample(index, logits(hidden), noise[:, index])
            total = total + chosen @ tables[index]
            if index == 0:
                clock = ((chosen @ self.units).detach().round() + clock) % self.classes.positions
                total = total + functional.embedding(clock.long(), tables[4])
            classes.append(chosen)
        return classes, CategoricalState(h, c, total[:, 3 * head :], clock)

    @property
    def _floats(self) -> tuple[Tensor, ...]:
        return tuple(cast(Tensor, getattr(self, f"{name}_floats")) for name in ATTRIBUTES)


def _sample(_: int, logits: Tensor, noise: Tensor) -> Tensor:
    return sample_one_hot(logits, noise)


def sample_one_hot(logits: Tensor, noise: Tensor) -> Tensor:
    """Return one-hot samples [batch, classes]: the class at which the cumulated probabilities pass `noise` [batch].

    The gradient is that of the softmax (straight-through). Inverting the distribution needs one uniform draw, where
    Gumbel's method needs one per class, and samples from the same distribution.
    """
    probabilities = logits.softmax(-1)
    index = (probabilities.cumsum(-1) < noise[:, None]).sum(-1).clamp(max=logits.shape[-1] - 1)
    hard = functional.one_hot(index, logits.shape[-1]).to(probabilities.dtype)
    return hard + probabilities - probabilities.detach()
