"""The critic's network for the features of an ensemble's notes, and its ONNX graph."""

from euterpe_music.note_events.critic_features import CRITIC_FEATURES

from euterpe_training.critics import SequenceCritic, add_score
from euterpe_training.onnx_graph import INT64, GraphBuilder


class Critic(SequenceCritic):
    """Features [batch, notes, features] of `CRITIC_FEATURES` → logits [batch, notes]."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__([size for _, size in CRITIC_FEATURES], dropout)


def critic_graph(critic: Critic) -> bytes:
    """Return the graph: `features` int64 [notes, features] → `score` [1], the mean logit of a piece."""
    graph = GraphBuilder()
    source = graph.input("features", "notes", len(CRITIC_FEATURES), dtype=INT64)
    columns = graph.nodes(
        "Split", len(CRITIC_FEATURES), source, graph.constant([1] * len(CRITIC_FEATURES), "int64"), axis=1
    )
    last = graph.constant([1], "int64")
    return add_score(graph, critic, [graph.node("Squeeze", column, last) for column in columns])
