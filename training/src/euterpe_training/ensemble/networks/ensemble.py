"""The whole network: embeddings of inputs, a backbone, and heads that decode an event column by column."""

import torch
from euterpe_music.note_events.features import ECHO_COUNT, ECHO_SIZES, FEATURE_SIZES, MAX_PARTS
from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES
from euterpe_music.note_events.spec import COLUMN_SIZES
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.ensemble.config import NetworkConfig
from euterpe_training.ensemble.networks.backbones import State, make_backbone


class Inputs(nn.Module):
    """Sums embeddings of all features of a row, and reads the echoes through a layer of their own."""

    value_offsets: Tensor
    echo_offsets: Tensor
    static_offsets: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.randn(sum(FEATURE_SIZES), config.width) * 0.02)
        self.echoes = nn.Parameter(torch.randn(sum(ECHO_SIZES), config.echo_width) * 0.05)
        static_sizes = (*config.style_sizes, PART_COUNT + 1)
        self.statics = nn.Parameter(torch.randn(sum(static_sizes), config.width) * 0.02)
        self.echo_layer = nn.Linear(ECHO_COUNT * config.echo_width, config.width, bias=False)
        self.norm = nn.RMSNorm(config.width)
        self.register_buffer("value_offsets", _offsets(FEATURE_SIZES), persistent=False)
        self.register_buffer("echo_offsets", _offsets(ECHO_SIZES), persistent=False)
        styles = _offsets((*config.style_sizes, 1))
        offsets = torch.cat([styles[:3], styles[3:].expand(MAX_PARTS)])
        self.register_buffer("static_offsets", offsets, persistent=False)

    def forward(self, values: Tensor, echoes: Tensor, statics: Tensor) -> Tensor:
        """Embed rows: values [b, t, features], echoes [b, t, candidates, 4], statics [b, chunks, styles and parts]."""
        batch, time = values.shape[:2]
        rows = functional.embedding_bag((values + self.value_offsets).flatten(0, 1), self.values, mode="sum")
        index = (echoes + self.echo_offsets).reshape(-1, len(ECHO_SIZES))
        embedded_echoes = functional.embedding_bag(index, self.echoes, mode="sum").view(batch, time, -1)
        fixed = functional.embedding_bag((statics + self.static_offsets).flatten(0, 1), self.statics, mode="sum")
        fixed = fixed.view(batch, -1, 1, fixed.shape[-1])
        size = time // fixed.shape[1]
        rows = rows.view(batch, fixed.shape[1], size, -1) + fixed
        embedded: Tensor = self.norm(rows.view(batch, time, -1) + self.echo_layer(embedded_echoes))
        return embedded


class Heads(nn.Module):
    """Predicts the columns of the next event one after another: each knows those before it.

    Once the part is chosen, the heads also see what it played last (`part_history`). Compare the sub-decoder of Ryu et
    al. 2024, "Nested Music Transformer".
    """

    offsets: Tensor
    history_offsets: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(config.width)
        count = len(COLUMN_SIZES)
        self.entries = nn.ModuleList(nn.Linear(config.width, config.head_width) for _ in range(count))
        self.exits = nn.ModuleList(nn.Linear(config.head_width, size) for size in COLUMN_SIZES)
        # For each column from the second on, embeddings of all columns before it.
        self.chosen = nn.ParameterList(
            nn.Parameter(torch.randn(sum(COLUMN_SIZES[:number]), config.head_width) * 0.05)
            for number in range(1, count)
        )
        self.gates = nn.ParameterList(
            nn.Parameter(torch.zeros(sum(COLUMN_SIZES[:number]), config.head_width)) for number in range(1, count)
        )
        with_history = range(FIRST_COLUMN, count)
        history_size = (sum(HISTORY_SIZES), config.head_width)
        self.history = nn.ParameterList(nn.Parameter(torch.randn(history_size) * 0.05) for _ in with_history)
        self.history_gates = nn.ParameterList(nn.Parameter(torch.zeros(history_size)) for _ in with_history)
        self.register_buffer("offsets", _offsets(COLUMN_SIZES), persistent=False)
        self.register_buffer("history_offsets", _offsets(HISTORY_SIZES), persistent=False)

    def column(self, number: int, hidden: Tensor, before: Tensor, history: Tensor) -> Tensor:
        """Return the logits of one column.

        `hidden` [n, width] are normalised rows, `before` [n, number] the columns before this one, `history` [n, 5] of
        the chosen part, which the first two columns ignore.
        """
        inner = self.entries[number](hidden)
        if number:
            index = before + self.offsets[:number]
            gate = functional.embedding_bag(index, self.gates[number - 1], mode="sum")
            shift = functional.embedding_bag(index, self.chosen[number - 1], mode="sum")
            if number >= FIRST_COLUMN:
                past, place = history + self.history_offsets, number - FIRST_COLUMN
                gate = gate + functional.embedding_bag(past, self.history_gates[place], mode="sum")
                shift = shift + functional.embedding_bag(past, self.history[place], mode="sum")
            inner = inner * (1.0 + gate) + shift
        logits: Tensor = self.exits[number](functional.silu(inner))
        return logits

    def forward(self, hidden: Tensor, targets: Tensor, history: Tensor) -> list[Tensor]:
        """Return the logits of all columns where the true ones [n, 5] are known, as in training."""
        hidden = self.norm(hidden)
        return [self.column(number, hidden, targets[:, :number], history) for number in range(len(COLUMN_SIZES))]


class EnsembleNetwork(nn.Module):
    """Inputs, backbone and heads."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.inputs = Inputs(config)
        self.backbone = make_backbone(config)
        self.heads = Heads(config)

    def initial_state(self, batch: int, device: torch.device | None = None) -> State:
        """Return the state before the first row."""
        return self.backbone.initial_state(batch, device or torch.device("cpu"))

    def hidden(
        self, values: Tensor, echoes: Tensor, statics: Tensor, state: State, keep: Tensor
    ) -> tuple[Tensor, State]:
        """Return hidden rows [b, t, width] and the next state; `keep` and `statics` have one value per chunk."""
        rows, state = self.backbone(self.inputs(values, echoes, statics), state, keep)
        return rows, state

    def step(self, values: Tensor, echoes: Tensor, statics: Tensor, state: State) -> tuple[Tensor, State]:
        """Process one row per sequence: values [b, features], echoes [b, candidates, 4], statics [b, 3 + parts]."""
        keep = torch.ones(len(values), 1, device=values.device)
        hidden, state = self.hidden(values[:, None], echoes[:, None], statics[:, None], state, keep)
        return self.heads.norm(hidden[:, 0]), state


def _offsets(sizes: tuple[int, ...]) -> Tensor:
    return torch.tensor([0, *sizes[:-1]]).cumsum(0)


def weight_count(module: nn.Module) -> int:
    """Return the number of trained weights."""
    return sum(parameter.numel() for parameter in module.parameters())
