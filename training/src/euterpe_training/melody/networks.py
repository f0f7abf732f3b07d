"""The networks: recurrent ones as in the thesis, and a small transformer over the same tokens."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.data import Language


class Inputs(nn.Module):
    """Tokens [batch, steps, streams] and conditions [batch, steps, columns] → numbers [batch, steps, width].

    One embedding per stream, side by side; one per column, added up and put beside them.
    """

    def __init__(self, sizes: Sequence[int], columns: Sequence[int], embedding: int) -> None:
        super().__init__()
        self.tokens = nn.ModuleList(nn.Embedding(size, embedding) for size in sizes)
        self.columns = nn.ModuleList(nn.Embedding(size, embedding) for size in columns)
        self.width = embedding * (len(sizes) + bool(columns))
        for table in [*self.tokens, *self.columns]:
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """See the class."""
        parts = [table(tokens[..., at]) for at, table in enumerate(self.tokens)]
        if len(self.columns):
            parts.append(torch.stack([table(conditions[..., at]) for at, table in enumerate(self.columns)]).sum(0))
        return torch.cat(parts, -1)


class RecurrentNetwork(nn.Module):
    """Embeddings → layers of LSTM or GRU, dropout after each → one softmax per stream (side by side)."""

    def __init__(self, config: MelodyConfig, language: Language) -> None:
        super().__init__()
        self.inputs = Inputs(language.sizes, [column.size for column in language.columns], config.embedding)
        kind = nn.LSTM if config.cell == "lstm" else nn.GRU
        between = config.dropout if config.layers > 1 else 0.0
        self.cells = kind(self.inputs.width, config.units, config.layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(config.units) if config.layer_norm else nn.Identity()
        self.output = nn.Linear(config.units, sum(language.sizes))
        if config.tied:
            self.output.weight = self.inputs.tokens[0].weight  # type: ignore[assignment]

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """Logits [batch, steps, sum of sizes], from a state of zeros."""
        hidden, _ = self.cells(self.inputs(tokens, conditions))
        logits: Tensor = self.output(self.dropout(self.norm(hidden)))
        return logits


class Block(nn.Module):
    """Causal attention and a feed-forward part, each behind a layer norm and beside a shortcut."""

    def __init__(self, units: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(units), nn.LayerNorm(units)
        self.qkv, self.proj = nn.Linear(units, 3 * units), nn.Linear(units, units)
        self.up, self.down = nn.Linear(units, 4 * units), nn.Linear(4 * units, units)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """[batch, steps, units] under `bias` [heads, steps, steps]."""
        batch, steps, units = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        x = x + self.dropout(self.proj(mixed.transpose(1, 2).reshape(batch, steps, units)))
        fed: Tensor = x + self.dropout(self.down(nn.functional.relu(self.up(self.norm2(x)))))
        return fed


class Transformer(nn.Module):
    """A decoder of `layers` blocks. Distance counts by ALiBi (Press et al. 2022), so that a window can slide."""

    def __init__(self, config: MelodyConfig, language: Language) -> None:
        super().__init__()
        self.inputs = Inputs(language.sizes, [column.size for column in language.columns], config.embedding)
        self.enter = nn.Linear(self.inputs.width, config.units)
        self.blocks = nn.ModuleList(Block(config.units, config.heads, config.dropout) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.units)
        self.output = nn.Linear(config.units, sum(language.sizes))
        self.register_buffer("slopes", alibi_slopes(config.heads), persistent=False)

    def forward(self, tokens: Tensor, conditions: Tensor) -> Tensor:
        """Logits [batch, steps, sum of sizes]."""
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
    """How fast each head forgets: 2^(−8/heads), 2^(−16/heads), …"""
    return 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)


def build_network(config: MelodyConfig, language: Language) -> nn.Module:
    """The network of the configuration; its weights come from torch's seed."""
    return Transformer(config, language) if config.cell == "transformer" else RecurrentNetwork(config, language)
