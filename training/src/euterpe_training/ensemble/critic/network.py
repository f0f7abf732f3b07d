"""The critic's network, and its ONNX graph."""

from typing import Final

import torch
from euterpe_music.note_events.critic_features import CRITIC_FEATURES
from torch import Tensor, nn

from euterpe_training.onnx_graph import INT64, Array, GraphBuilder

_EMBEDDING: Final = 12
_WIDTH: Final = 64
_KERNEL: Final = 5
#: A position sees some 120 notes: figures, phrases and bars, but no form.
_DILATIONS: Final = (1, 2, 4, 8)


class Critic(nn.Module):
    """Features [batch, notes, features] → how real each note's surroundings look [batch, notes], as logits.

    The logit of a piece is the mean over its notes, so that it does not depend on its length.
    """

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, _EMBEDDING) for _, size in CRITIC_FEATURES)
        self.inner = nn.Linear(_EMBEDDING * len(CRITIC_FEATURES), _WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(_WIDTH) for _ in _DILATIONS)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(_WIDTH, _WIDTH, _KERNEL, padding=dilation * (_KERNEL // 2), dilation=dilation)
            for dilation in _DILATIONS
        )
        self.norm = nn.LayerNorm(_WIDTH)
        self.outer = nn.Linear(_WIDTH, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        embedded = [table(features[..., column]) for column, table in enumerate(self.tables)]
        hidden = self.inner(self.dropout(torch.cat(embedded, -1)))
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            change = convolution(norm(hidden).transpose(1, 2)).transpose(1, 2)
            hidden = hidden + self.dropout(torch.relu(change))
        logits: Tensor = self.outer(self.norm(hidden)).squeeze(-1)
        return logits


def critic_graph(critic: Critic) -> bytes:
    """Return the graph: `features` int64 [notes, features] → `score` [1], the mean logit of a piece."""
    weights: dict[str, Array] = {name: value.detach().numpy() for name, value in critic.state_dict().items()}
    graph = GraphBuilder()
    source = graph.input("features", "notes", len(CRITIC_FEATURES), dtype=INT64)
    columns = graph.nodes(
        "Split", len(CRITIC_FEATURES), source, graph.constant([1] * len(CRITIC_FEATURES), "int64"), axis=1
    )
    last = graph.constant([1], "int64")
    embedded = [
        graph.node("Gather", graph.constant(weights[f"tables.{number}.weight"]), graph.node("Squeeze", column, last))
        for number, column in enumerate(columns)
    ]
    hidden = graph.linear(graph.node("Concat", *embedded, axis=1), weights["inner.weight"], weights["inner.bias"])
    first = graph.constant([0], "int64")
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
