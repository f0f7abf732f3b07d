"""The discriminator's LSTM with a thread for each direction.

Neither direction needs the other before both have been through a layer. PyTorch goes through them one after the other
and splits every step's small matrices between the threads instead, which wait for each other hundreds of times a batch.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

Result = TypeVar("Result")


class _Way(NamedTuple):
    """One direction of a layer: `heard` and PyTorch's four `weights` as leaves of a graph that ends in `said`."""

    heard: Tensor
    weights: tuple[Tensor, ...]
    said: Tensor


def listen(lstm: nn.LSTM, events: Tensor) -> Tensor:
    """What `lstm` says of `events` [steps, batch, width] after empty memories: [steps, batch, directions · hidden].

    Results are equal for equal numbers of threads. RuntimeError for events of another width.
    """
    lstm.check_input(events, None)  # oneDNN itself would read what lies beside them.
    # Autocast belongs to a thread, and the second one would not have it.
    if not lstm.bidirectional or torch.get_num_threads() == 1 or torch.is_autocast_enabled("cpu"):
        said: Tensor = lstm(events)[0]
    else:
        said = BothWays.apply(events, *lstm.parameters())  # type: ignore[no-untyped-call]
    return said


class BothWays(torch.autograd.Function):
    """`listen` with the weights of a bidirectional `nn.LSTM` in its order."""

    @staticmethod
    def forward(ctx: Any, events: Tensor, *weights: Tensor) -> Tensor:
        """Layer by layer; see the module."""
        ctx.layers = []
        for at in range(0, len(weights), 8):
            there, back = weights[at : at + 4], weights[at + 4 : at + 8]
            layer = _side_by_side(
                partial(_hear, events, there, reverse=False), partial(_hear, events, back, reverse=True)
            )
            ctx.layers.append(layer)
            events = torch.cat([way.said.detach() for way in layer], 2)
        return events

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Layer by layer from above."""
        [d_said] = gradients
        found: list[Tensor] = []
        for layer in reversed(ctx.layers):
            there, back = (partial(_learn, *pair) for pair in zip(layer, d_said.chunk(2, 2), strict=True))
            (d_there, *of_there), (d_back, *of_back) = _side_by_side(there, back)
            d_said, found = d_there + d_back, [*of_there, *of_back, *found]
        return d_said, *found


@torch.enable_grad()
def _hear(events: Tensor, weights: tuple[Tensor, ...], reverse: bool) -> _Way:
    heard = events.detach().requires_grad_()
    leaves = tuple(weight.detach().requires_grad_() for weight in weights)
    empty = heard.new_zeros(1, heard.shape[1], weights[1].shape[1])
    said = torch.lstm(heard.flip(0) if reverse else heard, (empty, empty), leaves, True, 1, 0.0, True, False, False)[0]
    return _Way(heard, leaves, said.flip(0) if reverse else said)


def _learn(way: _Way, d_said: Tensor) -> tuple[Tensor, ...]:
    """Gradients in what the direction heard and in its weights; kept, as both sides of a game may ask."""
    return torch.autograd.grad(way.said, (way.heard, *way.weights), d_said, retain_graph=True)


def _side_by_side(one: Callable[[], Result], other: Callable[[], Result]) -> tuple[Result, Result]:
    """Results of both, each with half of the threads; `other` runs beside this thread."""
    threads = torch.get_num_threads()

    def with_half(work: Callable[[], Result]) -> Result:
        torch.set_num_threads(threads // 2)
        return work()

    beside = _second_thread().submit(with_half, other)
    try:
        return with_half(one), beside.result()
    finally:
        beside.exception()
        torch.set_num_threads(threads)


@cache
def _second_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "second-direction")
