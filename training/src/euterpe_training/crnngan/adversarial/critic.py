"""The critic of a categorical generator: D in training, and the graph that selects the best of several candidates."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from euterpe_training.critics import SequenceCritic, add_score
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.onnx_graph import GraphBuilder

#: Columns of an event (delta, length, pitch, velocity) in the order of classes (delta, pitch, length, velocity).
_COLUMNS = (0, 2, 1, 3)


def make_critic(classes: EventClasses, dropout: float) -> SequenceCritic:
    """Return a critic of events as classes."""
    return SequenceCritic(classes.sizes, dropout)


def critic_graph(critic: SequenceCritic, classes: EventClasses) -> bytes:
    """Return the graph: `events` [events, 4] as a generator outputs them → `score` [1], the mean logit of a piece."""
    graph = GraphBuilder()
    source = graph.input("events", "events", len(_COLUMNS))
    parts = graph.nodes("Split", len(_COLUMNS), source, graph.constant([1] * len(_COLUMNS), "int64"), axis=1)
    columns = []
    for column, floats in zip(_COLUMNS, classes.floats, strict=True):
        distance = graph.node("Abs", graph.node("Sub", parts[column], graph.constant(floats[None])))
        columns.append(graph.node("ArgMin", distance, axis=1, keepdims=0))
    return add_score(graph, critic, columns)


def critic_loss(
    critic: SequenceCritic, real: Sequence[Tensor], fake: Sequence[Tensor], *, penalty: float, real_label: float,
    relativistic: bool,
) -> Tensor:  # fmt: skip
    """Return the critic's loss on windows [batch, events, classes] per attribute of real and of generated music.

    With `relativistic` it compares pairs (Jolicoeur-Martineau 2019). `penalty` weights the squared gradients.
    """
    logits = [critic.rate(critic.embed(side)).mean(1) for side in (real, fake)]
    if relativistic:
        loss = functional.softplus(logits[1] - logits[0]).mean()
    else:
        targets = (torch.full_like(logits[0], real_label), torch.zeros_like(logits[1]))
        loss = torch.stack(
            [functional.binary_cross_entropy_with_logits(*pair) for pair in zip(logits, targets, strict=True)]
        ).sum()
    for side in (real, fake) if penalty else ():
        embedded = critic.embed(side).detach().requires_grad_()
        [gradient] = torch.autograd.grad(critic.rate(embedded).mean(1).sum(), embedded, create_graph=True)
        loss = loss + 0.5 * penalty * gradient.square().sum((1, 2)).mean()
    return loss
