"""Critics of composed music: a network that rates the events of a piece, and its part of an ONNX graph."""

from collections.abc import Sequence
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from euterpe_training.onnx_graph import Array, GraphBuilder

_EMBEDDING: Final = 12
_WIDTH: Final = 64
_KERNEL: Final = 5
#: A position sees some 120 events: figures, phrases and bars, but no form.
_DILATIONS: Final = (1, 2, 4, 8)


class SequenceCritic(nn.Module):
    """Features [batch, events, features] → how real each event's surroundings look [batch, events], as logits.

    Feature number i is a class below `sizes[i]`. The logit of a piece is the mean over its events, so that it does not
    depend on its length. Events are classes, or distributions over them.
    """

    def __init__(self, sizes: Sequence[int], dropout: float = 0.3, width: int = _WIDTH) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, _EMBEDDING) for size in sizes)
        self.inner = nn.Linear(_EMBEDDING * len(sizes), width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in _DILATIONS)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, _KERNEL, padding=dilation * (_KERNEL // 2), dilation=dilation)
            for dilation in _DILATIONS
        )
        self.norm = nn.LayerNorm(width)
        self.outer = nn.Linear(width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Rate classes [batch, events, features]; see the class."""
        embedded = [table(features[..., column]) for column, table in enumerate(self.tables)]
        return self.rate(torch.cat(embedded, -1))

    def embed(self, distributions: Sequence[Tensor]) -> Tensor:
        """Return the input of `rate` for a distribution [batch, events, classes] per feature, with gradients."""
        pairs = zip(distributions, self.tables, strict=True)
        return torch.cat([probabilities @ cast(nn.Embedding, table).weight for probabilities, table in pairs], -1)

    def rate(self, embedded: Tensor) -> Tensor:
        """Return logits [batch, events] of embedded events [batch, events, numbers]."""
        hidden = self.inner(self.dropout(embedded))
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            change = convolution(norm(hidden).transpose(1, 2)).transpose(1, 2)
            hidden = hidden + self.dropout(torch.relu(change))
        logits: Tensor = self.outer(self.norm(hidden)).squeeze(-1)
        return logits


def add_score(graph: GraphBuilder, critic: SequenceCritic, columns: Sequence[Any]) -> bytes:
    """Return the serialized graph with the output `score` [1], the mean logit of a piece.

    `columns` are the values of `graph` that hold the classes [events] of each feature.
    """
    weights: dict[str, Array] = {name: value.detach().cpu().numpy() for name, value in critic.state_dict().items()}
    embedded = [
        graph.node("Gather", graph.constant(weights[f"tables.{number}.weight"]), column)
        for number, column in enumerate(columns)
    ]
    hidden = graph.linear(graph.node("Concat", *embedded, axis=1), weights["inner.weight"], weights["inner.bias"])
    first, last = graph.constant([0], "int64"), graph.constant([1], "int64")
    for number, dilation in enumerate(_DILATIONS):
        normed = graph.layer_norm(hidden, weights[f"norms.{number}.weight"], weights[f"norms.{number}.bias"])
        channels = graph.node("Unsqueeze", graph.node("Transpose", normed, perm=[1, 0]), first)
        padding = dilation * (_KERNEL // 2)
        changed = graph.node(
            "Conv", channels, graph.constant(weights[f"convolutions.{number}.weight"]),
            graph.constant(weights[f"convolutions.{number}.bias"]),
            kernel_shape=[_KERNEL], dilations=[dilation], pads=[padding, padding],
        )  # fmt: skip
        change = graph.node("Relu", graph.node("Transpose", graph.node("Squeeze", changed, first), perm=[1, 0]))
        hidden = graph.node("Add", hidden, change)
    normed = graph.layer_norm(hidden, weights["norm.weight"], weights["norm.bias"])
    logits = graph.linear(normed, weights["outer.weight"], weights["outer.bias"])
    score = graph.node("ReduceMean", graph.node("Squeeze", logits, last), axes=[0], keepdims=1)
    graph.output("score", 1, value=score)
    return graph.build("critic")
