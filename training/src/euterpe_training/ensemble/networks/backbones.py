"""Backbones: sequence networks with a state of fixed size.

All take rows x [batch, time, width], a state, and `keep` [batch, time / CHUNK], which is 0 where a new sequence begins
at a chunk's start; they return rows of the same shape and the next state. Time is a multiple of `CHUNK` in training;
a single row is a step of generation. States are tuples of tensors with the batch first.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.ensemble.config import CHUNK, NetworkConfig

State = tuple[Tensor, ...]


def make_backbone(config: NetworkConfig) -> "LstmBackbone | RetentionBackbone | TransformerBackbone":
    """Build the backbone that a configuration names."""
    if config.backbone == "lstm":
        return LstmBackbone(config)
    return RetentionBackbone(config) if config.backbone == "retention" else TransformerBackbone(config)


class LstmBackbone(nn.Module):
    """LSTM layers around which the input passes unchanged."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.layers, self.hidden = config.layers, config.recurrent
        self.norm = nn.RMSNorm(config.width)
        self.lstm = nn.LSTM(config.width, config.recurrent, config.layers, batch_first=True)
        self.out = zero_initialized(nn.Linear(config.recurrent, config.width, bias=False))

    def initial_state(self, batch: int, device: torch.device) -> State:
        """Return zeros for hidden and cell state."""
        shape = (batch, self.layers, self.hidden)
        return torch.zeros(shape, device=device), torch.zeros(shape, device=device)

    def forward(self, x: Tensor, state: State, keep: Tensor) -> tuple[Tensor, State]:
        """Run the layers, chunk by chunk where states may be reset."""
        hidden, cell = (part.transpose(0, 1).contiguous() for part in state)
        inputs = self.norm(x)
        outputs = []
        size = min(CHUNK, x.shape[1])
        for number in range(x.shape[1] // size):
            kept = keep[:, number].view(1, -1, 1)
            out, (hidden, cell) = self.lstm(
                inputs[:, number * size : (number + 1) * size], (hidden * kept, cell * kept)
            )
            outputs.append(out)
        mixed = self.out(torch.cat(outputs, dim=1) if len(outputs) > 1 else outputs[0])
        return x + mixed, (hidden.transpose(0, 1).float(), cell.transpose(0, 1).float())


class FeedForward(nn.Module):
    """A gated linear unit with SiLU (Shazeer 2020, "GLU Variants Improve Transformer")."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width)
        self.inner = nn.Linear(width, 2 * hidden, bias=False)
        self.outer = zero_initialized(nn.Linear(hidden, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual update."""
        gate, value = self.inner(self.norm(x)).chunk(2, dim=-1)
        update: Tensor = self.outer(functional.silu(gate) * value)
        return update


class RetentionLayer(nn.Module):
    """Linear attention whose memory fades by a gate per head and row, in chunks of matrix products.

    Follows the chunked form of Sun et al. 2023 ("Retentive Network") with the scalar data-dependent decay of Dao and Gu
    2024 ("Transformers are SSMs"). Each row also sees the row before it (token shift, Peng et al. 2023, "RWKV").
    """

    causal: Tensor

    def __init__(self, config: NetworkConfig, number: int) -> None:
        super().__init__()
        self.heads, self.keys = config.heads, config.key_width
        self.values = config.width // config.heads
        self.norm = nn.RMSNorm(config.width)
        self.shift = nn.Parameter(torch.full((config.width,), 0.3))
        sizes = (self.heads * self.keys, self.heads * self.keys, config.width, config.width, self.heads)
        self.sizes = sizes
        self.inner = nn.Linear(config.width, sum(sizes), bias=False)
        self.head_norm = nn.RMSNorm(self.values, elementwise_affine=False)
        self.outer = zero_initialized(nn.Linear(config.width, config.width, bias=False))
        # Memories of about 8 to 2,000 rows, other ones in each layer.
        spans = torch.logspace(0.9, 3.3, self.heads) * (1.0 + 0.05 * number)
        self.fading = nn.Parameter(torch.log(spans))
        self.register_buffer("causal", torch.ones(CHUNK, CHUNK, dtype=torch.bool).tril(), persistent=False)

    def initial_state(self, batch: int, device: torch.device) -> State:
        """Return zeros for the memory and the previous row."""
        memory = torch.zeros(batch, self.heads, self.keys, self.values, device=device)
        return memory, torch.zeros(batch, self.norm.normalized_shape[0], device=device)

    def forward(self, x: Tensor, memory: Tensor, last: Tensor, keep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the residual update, the new memory and the new last row."""
        batch, time, width = x.shape
        size = min(CHUNK, time)
        chunks = time // size
        rows = self.norm(x).view(batch, chunks, size, width)
        first = torch.cat([last.unsqueeze(1).to(rows.dtype), rows[:, :-1, -1]], dim=1) * keep.unsqueeze(-1).to(
            rows.dtype
        )
        before = torch.cat([first.unsqueeze(2), rows[:, :, :-1]], dim=2)
        mixed = torch.lerp(rows, before, self.shift.to(rows.dtype))
        query, key, value, gate, fading = self.inner(mixed).split(self.sizes, dim=-1)

        def by_head(part: Tensor, width: int) -> Tensor:
            return part.reshape(batch, chunks, size, self.heads, width).permute(1, 0, 3, 2, 4)

        query, key = by_head(query, self.keys), by_head(key, self.keys) * self.keys**-0.5
        value = by_head(value, self.values)
        log_decay = -functional.softplus(-(fading.float() + self.fading)).permute(1, 0, 3, 2)
        total = log_decay.cumsum(dim=-1)
        between = (total.unsqueeze(-1) - total.unsqueeze(-2)).masked_fill(~self.causal[:size, :size], -torch.inf).exp()
        weights = (query @ key.transpose(-1, -2)) * between.to(query.dtype)
        inside = weights @ value
        to_end = (total[..., -1:] - total).exp().unsqueeze(-1).to(key.dtype)
        written = ((key * to_end).transpose(-1, -2) @ value).float()
        ends = total[..., -1].exp()
        read = query * total.exp().unsqueeze(-1).to(query.dtype)
        outputs = []
        for number in range(chunks):
            memory = memory * keep[:, number].view(-1, 1, 1, 1)
            outputs.append(inside[number] + read[number] @ memory.to(read.dtype))
            memory = memory * ends[number][..., None, None] + written[number]
        output = (
            self.head_norm(torch.stack(outputs).float()).to(x.dtype).permute(1, 0, 3, 2, 4).reshape(batch, time, width)
        )
        update = self.outer(output * functional.silu(gate.reshape(batch, time, width)))
        return update, memory, rows[:, -1, -1].float()


class RetentionBackbone(nn.Module):
    """Layers of fading linear attention, each with a gated linear unit."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.mixers = nn.ModuleList(RetentionLayer(config, number) for number in range(config.layers))
        self.forwards = nn.ModuleList(FeedForward(config.width, config.feed_forward) for _ in range(config.layers))

    def _layers(self) -> list[RetentionLayer]:
        return [mixer for mixer in self.mixers if isinstance(mixer, RetentionLayer)]

    def initial_state(self, batch: int, device: torch.device) -> State:
        """Return two tensors per layer."""
        layers = [mixer.initial_state(batch, device) for mixer in self._layers()]
        return tuple(part for layer in layers for part in layer)

    def forward(self, x: Tensor, state: State, keep: Tensor) -> tuple[Tensor, State]:
        """Run all layers."""
        after: list[Tensor] = []
        for number, (mixer, forward) in enumerate(zip(self.mixers, self.forwards, strict=True)):
            update, memory, last = mixer(x, state[2 * number], state[2 * number + 1], keep)
            x = x + update
            x = x + forward(x)
            after += [memory, last]
        return x, tuple(after)


class AttentionLayer(nn.Module):
    """Attention over a bounded window of earlier rows, whose keys and values are the state."""

    rates: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads, self.window = config.heads, config.window
        self.values = config.width // config.heads
        self.norm = nn.RMSNorm(config.width)
        self.inner = nn.Linear(config.width, 3 * config.width, bias=False)
        self.outer = zero_initialized(nn.Linear(config.width, config.width, bias=False))
        rates = 1.0 / 10_000 ** (torch.arange(0, self.values, 2) / self.values)
        self.register_buffer("rates", rates, persistent=False)

    def initial_state(self, batch: int, device: torch.device) -> State:
        """Return keys and values of the window and how many rows of it are filled."""
        shape = (batch, self.heads, self.window, self.values)
        return (
            torch.zeros(shape, device=device),
            torch.zeros(shape, device=device),
            torch.zeros(batch, 1, device=device),
        )

    def rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        """Apply rotary position embedding (Su et al. 2021)."""
        angles = positions[:, None].float() * self.rates
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, filled: Tensor, keep: Tensor) -> tuple[Tensor, State]:
        """Return the residual update and the new window."""
        batch, time, width = x.shape
        parts = self.inner(self.norm(x)).view(batch, time, 3, self.heads, self.values).permute(2, 0, 3, 1, 4)
        query, key, value = parts[0], parts[1], parts[2]
        keys, values = torch.cat([keys.to(key.dtype), key], dim=2), torch.cat([values.to(value.dtype), value], dim=2)
        size = min(CHUNK, time)
        here = torch.arange(self.window, self.window + time, device=x.device)
        all_rows = torch.arange(self.window + time, device=x.device)
        # The first row of each row's own sequence: behind the last reset, or where the filled window begins.
        starts = torch.where(keep.bool(), -1, torch.arange(keep.shape[1], device=x.device) * size + self.window)
        starts = torch.cummax(starts, dim=1).values.repeat_interleave(size, dim=1)
        starts = torch.maximum(starts, self.window - filled.long())
        distance = here[:, None] - all_rows
        allowed = (distance >= 0) & (distance < self.window) & (all_rows >= starts[..., None])
        attended = functional.scaled_dot_product_attention(
            self.rotate(query, here), self.rotate(keys, all_rows), values, attn_mask=allowed[:, None]
        )
        count = torch.minimum(self.window + time - starts[:, -1:], torch.tensor(self.window, device=x.device)).float()
        update = self.outer(attended.transpose(1, 2).reshape(batch, time, width))
        return update, (keys[:, :, -self.window :].float(), values[:, :, -self.window :].float(), count)


class TransformerBackbone(nn.Module):
    """Layers of windowed attention, each with a gated linear unit."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.mixers = nn.ModuleList(AttentionLayer(config) for _ in range(config.layers))
        self.forwards = nn.ModuleList(FeedForward(config.width, config.feed_forward) for _ in range(config.layers))

    def _layers(self) -> list[AttentionLayer]:
        return [mixer for mixer in self.mixers if isinstance(mixer, AttentionLayer)]

    def initial_state(self, batch: int, device: torch.device) -> State:
        """Return three tensors per layer."""
        layers = [mixer.initial_state(batch, device) for mixer in self._layers()]
        return tuple(part for layer in layers for part in layer)

    def forward(self, x: Tensor, state: State, keep: Tensor) -> tuple[Tensor, State]:
        """Run all layers."""
        after: list[Tensor] = []
        for number, (mixer, forward) in enumerate(zip(self.mixers, self.forwards, strict=True)):
            update, window = mixer(x, *state[3 * number : 3 * number + 3], keep)
            x = x + update
            x = x + forward(x)
            after += window
        return x, tuple(after)


def zero_initialized(layer: nn.Linear) -> nn.Linear:
    """Set the weights of a residual branch's last layer to zero, so that the branch initially adds nothing."""
    nn.init.zeros_(layer.weight)
    return layer


def detach(state: Sequence[Tensor]) -> State:
    """Cut a state off from the graph and the memory of the window that computed it."""
    return tuple(part.detach().clone() for part in state)
