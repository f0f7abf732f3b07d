"""The networks: recurrent ones as in the thesis, and a small transformer over the same tokens.

The names of layers are keys of checkpoints.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.data import TokenFormat


class Inputs(nn.Module):
    """Tokens [batch, steps, streams] and conditions [batch, steps, features] → inputs [batch, steps, width].

    The embeddings of the streams are concatenated with the sum of the embeddings of the features. With `one_hot` the
    tokens are one-hot vectors.
    """

    def __init__(self, sizes: Sequence[int], features: Sequence[int], embedding: int, *, one_hot: bool = False) -> None:
        super().__init__()
        widths = [size if one_hot else embedding for size in sizes]
        self.tokens = nn.ModuleList(nn.Embedding(size, width) for size, width in zip(sizes, widths, strict=True))
        self.columns = nn.ModuleList(nn.Embedding(size, embedding) for size in features)
        self.width = sum(widths) + embedding * bool(features)
        for table in [*self.tokens, *self.columns]:
            nn.init.normal_(table.weight, std=0.1)
        if one_hot:
            for table, size in zip(self.tokens, sizes, strict=True):
                # A fixed identity matrix gives one-hot vectors, so that checkpoints and exports need no special case.
                table.weight = nn.Parameter(torch.eye(size), requires_grad=False)

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """See the class."""
        parts = [table(tokens[..., at]) for at, table in enumerate(self.tokens)]
        if len(self.columns):
            parts.append(torch.stack([table(conditions[..., at]) for at, table in enumerate(self.columns)]).sum(0))
        return torch.cat(parts, -1)


class RecurrentNetwork(nn.Module):
    """Inputs → layers of LSTM or GRU, dropout after each → logits of each stream, concatenated.

    With `dense` (Model 2 of the thesis) a layer with ReLU, shared by the streams, precedes the logits.
    """

    def __init__(self, config: MelodyConfig, token_format: TokenFormat) -> None:
        super().__init__()
        features = [feature.size for feature in token_format.features]
        self.inputs = Inputs(token_format.sizes, features, config.embedding, one_hot=config.has_one_hot_inputs)
        kind = nn.LSTM if config.cell == "lstm" else nn.GRU
        between = config.dropout if config.layers > 1 else 0.0
        self.cells = kind(self.inputs.width, config.units, config.layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(config.units) if config.layer_norm else nn.Identity()
        self.dense = nn.Linear(config.units, config.units) if config.has_dense_layer else None
        self.output = nn.Linear(config.units, sum(token_format.sizes))
        if config.tied:
            self.output.weight = self.inputs.tokens[0].weight  # type: ignore[assignment]

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """Return logits [batch, steps, sum of sizes], from a zero state."""
        hidden, _ = self.cells(self.inputs(tokens, conditions))
        hidden = self.dropout(self.norm(hidden))
        if self.dense is not None:
            hidden = nn.functional.relu(self.dense(hidden))
        logits: Tensor = self.output(hidden)
        return logits


class Block(nn.Module):
    """Causal attention and a feed-forward layer, each with layer norm before it and a residual connection."""

    def __init__(self, units: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(units), nn.LayerNorm(units)
        self.qkv, self.proj = nn.Linear(units, 3 * units), nn.Linear(units, units)
        self.up, self.down = nn.Linear(units, 4 * units), nn.Linear(4 * units, units)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Map [batch, steps, units] with the attention bias `bias` [heads, steps, steps]."""
        batch, steps, units = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        x = x + self.dropout(self.proj(mixed.transpose(1, 2).reshape(batch, steps, units)))
        fed: Tensor = x + self.dropout(self.down(nn.functional.relu(self.up(self.norm2(x)))))
        return fed


class Transformer(nn.Module):
    """A decoder of `layers` blocks with relative positions (ALiBi, Press et al. 2022), for a sliding window."""

    def __init__(self, config: MelodyConfig, token_format: TokenFormat) -> None:
        super().__init__()
        features = [feature.size for feature in token_format.features]
        self.inputs = Inputs(token_format.sizes, features, config.embedding)
        self.enter = nn.Linear(self.inputs.width, config.units)
        self.blocks = nn.ModuleList(Block(config.units, config.heads, config.dropout) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.units)
        self.output = nn.Linear(config.units, sum(token_format.sizes))
        self.register_buffer("slopes", alibi_slopes(config.heads), persistent=False)

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """Return logits [batch, steps, sum of sizes]."""
        x = self.enter(self.inputs(tokens, conditions))
        steps = torch.arange(tokens.shape[1], device=x.device)
        distance = (steps[:, None] - steps).float()
        slopes: Tensor = self.slopes  # type: ignore[assignment]
        bias = torch.where(distance >= 0, -slopes[:, None, None] * distance, -math.inf)
        for block in self.blocks:
            x = block(x, bias)
        logits: Tensor = self.output(self.norm(x))
        return logits


def alibi_slopes(heads: int) -> Tensor:
    """Return the penalty per step of distance of each head: 2^(−8/heads), 2^(−16/heads), …"""
    return 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)


def build_network(config: MelodyConfig, token_format: TokenFormat) -> nn.Module:
    """Return the network of the configuration, with weights from PyTorch's global random generator."""
    return Transformer(config, token_format) if config.cell == "transformer" else RecurrentNetwork(config, token_format)
