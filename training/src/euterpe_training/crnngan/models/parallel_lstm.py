"""A bidirectional LSTM that runs each direction in a thread of its own.

The directions of a layer do not depend on each other. PyTorch runs them one after the other, and splits every step's
small matrices between the threads instead, which then synchronize hundreds of times per batch.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

Result = TypeVar("Result")


class _Direction(NamedTuple):
    """One direction of a layer: `inputs` and PyTorch's four `weights` are leaves of the graph of `outputs`."""

    inputs: Tensor
    weights: tuple[Tensor, ...]
    outputs: Tensor


def run_lstm(lstm: nn.LSTM, inputs: Tensor) -> Tensor:
    """Return the outputs [steps, batch, directions · hidden] for `inputs` [steps, batch, width] from a zero state.

    Results are equal for equal numbers of threads. Raise RuntimeError for inputs of another width.
    """
    lstm.check_input(inputs, None)  # oneDNN itself would read beyond the end of narrower inputs.
    # Autocast is a setting of a thread, which the second thread would not have.
    on_cpu = inputs.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    if not lstm.bidirectional or torch.get_num_threads() == 1 or not on_cpu:
        outputs: Tensor = lstm(inputs)[0]
    else:
        outputs = ParallelBidirectionalLstm.apply(inputs, *lstm.parameters())  # type: ignore[no-untyped-call]
    return outputs


class ParallelBidirectionalLstm(torch.autograd.Function):
    """`run_lstm` with the weights of a bidirectional `nn.LSTM`, in its order."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, *weights: Tensor) -> Tensor:
        """Run the layers in order, both directions of each in parallel."""
        ctx.layers = []
        for first in range(0, len(weights), 8):
            forwards, backwards = weights[first : first + 4], weights[first + 4 : first + 8]
            layer = _in_parallel(
                partial(_run_direction, inputs, forwards, reverse=False),
                partial(_run_direction, inputs, backwards, reverse=True),
            )
            ctx.layers.append(layer)
            inputs = torch.cat([direction.outputs.detach() for direction in layer], 2)
        return inputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Return the gradients of the inputs and of all weights, from the last layer to the first."""
        [d_outputs] = gradients
        d_weights: list[Tensor] = []
        for layer in reversed(ctx.layers):
            works = (partial(_gradients, *pair) for pair in zip(layer, d_outputs.chunk(2, 2), strict=True))
            (d_forwards, *of_forwards), (d_backwards, *of_backwards) = _in_parallel(*works)
            d_outputs, d_weights = d_forwards + d_backwards, [*of_forwards, *of_backwards, *d_weights]
        return d_outputs, *d_weights


@torch.enable_grad()
def _run_direction(inputs: Tensor, weights: tuple[Tensor, ...], reverse: bool) -> _Direction:
    inputs = inputs.detach().requires_grad_()
    leaves = tuple(weight.detach().requires_grad_() for weight in weights)
    zeros = inputs.new_zeros(1, inputs.shape[1], weights[1].shape[1])
    steps = inputs.flip(0) if reverse else inputs
    outputs = torch.lstm(steps, (zeros, zeros), leaves, True, 1, 0.0, True, False, False)[0]
    return _Direction(inputs, leaves, outputs.flip(0) if reverse else outputs)


def _gradients(direction: _Direction, d_outputs: Tensor) -> tuple[Tensor, ...]:
    """Return the gradients of a direction's inputs and weights; keep the graph, as G and D may both ask for them."""
    leaves = (direction.inputs, *direction.weights)
    return torch.autograd.grad(direction.outputs, leaves, d_outputs, retain_graph=True)


def _in_parallel(one: Callable[[], Result], other: Callable[[], Result]) -> tuple[Result, Result]:
    """Return the results of both, each run with half of the threads; `other` runs in a second Python thread."""
    threads = torch.get_num_threads()

    def with_half(work: Callable[[], Result]) -> Result:
        torch.set_num_threads(threads // 2)
        return work()

    future = _second_thread().submit(with_half, other)
    try:
        return with_half(one), future.result()
    finally:
        future.exception()
        torch.set_num_threads(threads)


@cache
def _second_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "second-direction")
