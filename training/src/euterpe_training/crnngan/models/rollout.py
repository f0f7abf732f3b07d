"""Free running of C-RNN-GAN's generator with its gradients by hand: the inner loop of every adversarial epoch.

A step's matrices are so small that a framework spends most of its time around them, and oneDNN's recurrent kernels,
made for whole sequences, reorder their weights at every single step. Here a step is a few calls into buffers that exist
already, and gradients of weights are one product over all steps at the end.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class _Layer(NamedTuple):
    """One LSTM layer over all steps. `heard` is [steps + 1, batch, width + hidden]: input and previous output.

    `gates` [steps, batch, 4 · hidden] come as cell, input, forget, output; `cells` [steps + 1, batch, hidden].
    """

    weight: Tensor
    bias: Tensor
    heard: Tensor
    gates: Tensor
    cells: Tensor
    squashed: Tensor


class Rollout(torch.autograd.Function):
    """Events [steps, batch, features] from noise [steps, batch, noise], after the event `first` [batch, features].

    `weights` are those of the input layer, of each LSTM layer in PyTorch's order and of the output layer, each with its
    biases. Gradients are for weights only: noise and first events are nobody's parameters.
    """

    @staticmethod
    def forward(ctx: Any, noise: Tensor, first: Tensor, heard_previous: bool, *weights: Tensor) -> Tensor:
        """Runs freely; see the class."""
        (w_in, b_in), (w_out, b_out), middle = weights[:2], weights[-2:], weights[2:-2]
        steps, batch, width = noise.shape
        hidden = w_in.shape[0]
        layers = [_layer(middle[at : at + 4], steps, batch) for at in range(0, len(middle), 4)]
        entered = torch.addmm(b_in, noise.reshape(-1, width), w_in[:, :width].t()).view(steps, batch, hidden)
        echo, out = w_in[:, width:].t().contiguous(), w_out.t().contiguous()
        events = first.new_empty(steps + 1, batch, w_out.shape[0])
        events[0] = first
        inputs = layers[0].heard[..., :hidden].unbind(0)
        tops = torch.empty_like(layers[-1].cells[1:])
        views = [_views(layer, hidden) for layer in layers]
        for step, previous in enumerate(events[:-1].unbind(0)):
            if heard_previous:
                torch.addmm(entered[step], previous, echo, out=entered[step])
            torch.clamp(entered[step], min=0, out=inputs[step])
            for number, (layer, view) in enumerate(zip(layers, views, strict=True)):
                gates = view.gates[step]
                torch.addmm(layer.bias, view.heard[step], layer.weight, out=gates)
                view.cell_gates[step].tanh_()
                view.other_gates[step].sigmoid_()
                cell = torch.mul(view.forget[step], view.cells[step], out=view.cells[step + 1])
                cell.addcmul_(view.input[step], view.cell_gates[step])
                said = torch.tanh(cell, out=view.squashed[step])
                said = torch.mul(view.output[step], said, out=view.said[step + 1])
                (views[number + 1].entered[step] if number + 1 < len(layers) else tops[step]).copy_(said)
            torch.addmm(b_out, tops[step], out, out=events[step + 1])
        ctx.layers, ctx.heard_previous = layers, heard_previous
        ctx.save_for_backward(noise, events, tops, *weights)
        return events[1:].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Back through time, then the weights' gradients at once."""
        noise, events, tops, *weights = ctx.saved_tensors
        w_in, w_out, width, layers = weights[0], weights[-2], noise.shape[2], ctx.layers
        steps, batch, hidden = tops.shape
        d_events = gradients[0].clone()
        d_gates = [torch.empty_like(layer.gates) for layer in layers]
        d_entered = torch.empty_like(tops)
        factors = [_factors(layer) for layer in layers]
        backwards = [layer.weight.t().contiguous() for layer in layers]
        d_cell = [tops.new_zeros(batch, hidden) for _ in layers]
        d_said = [tops.new_zeros(batch, hidden) for _ in layers]
        active = layers[0].heard[:-1, :, :hidden] > 0
        echo = w_in[:, width:].contiguous()
        for step in range(steps - 1, -1, -1):
            above = d_events[step] @ w_out
            for number in range(len(layers) - 1, -1, -1):
                past, gate, opened, kept = (part[step] for part in factors[number])
                above += d_said[number]
                d_now = d_cell[number].addcmul_(above, past)
                d_gate = d_gates[number][step].view(batch, 4, hidden)
                torch.mul(d_now[:, None], gate, out=d_gate[:, :3])
                torch.mul(above, opened, out=d_gate[:, 3])
                heard = d_gates[number][step] @ backwards[number]
                d_now.mul_(kept)
                above, d_said[number] = heard[:, :-hidden], heard[:, -hidden:]
            torch.mul(above, active[step], out=d_entered[step])
            if step and ctx.heard_previous:
                d_events[step - 1].addmm_(d_entered[step], echo)
        return None, None, None, *_weights(noise, events, tops, layers, (d_entered, d_gates, d_events), ctx)


class _Views(NamedTuple):
    """A layer's buffers step by step."""

    heard: tuple[Tensor, ...]
    entered: tuple[Tensor, ...]
    said: tuple[Tensor, ...]
    gates: tuple[Tensor, ...]
    cell_gates: tuple[Tensor, ...]
    other_gates: tuple[Tensor, ...]
    input: tuple[Tensor, ...]
    forget: tuple[Tensor, ...]
    output: tuple[Tensor, ...]
    cells: tuple[Tensor, ...]
    squashed: tuple[Tensor, ...]


def _views(layer: _Layer, hidden: int) -> _Views:
    cell, gate, forget, output = layer.gates.chunk(4, -1)
    parts = (
        layer.heard, layer.heard[..., :-hidden], layer.heard[..., -hidden:], layer.gates, cell,
        layer.gates[..., hidden:], gate, forget, output, layer.cells, layer.squashed,
    )  # fmt: skip
    return _Views(*(part.unbind(0) for part in parts))


def _layer(weights: tuple[Tensor, ...], steps: int, batch: int) -> _Layer:
    w_ih, w_hh, b_ih, b_hh = weights
    hidden = w_hh.shape[1]
    zeros = w_hh.new_zeros
    return _Layer(
        _ordered(torch.cat([w_ih, w_hh], 1)).t().contiguous(), _ordered(b_ih + b_hh),
        zeros(steps + 1, batch, w_ih.shape[1] + hidden), w_hh.new_empty(steps, batch, 4 * hidden),
        zeros(steps + 1, batch, hidden), w_hh.new_empty(steps, batch, hidden),
    )  # fmt: skip


def _ordered(rows: Tensor) -> Tensor:
    """Rows of PyTorch's gates (input, forget, cell, output) as cell, input, forget, output."""
    gate, forget, cell, output = rows.chunk(4)
    return torch.cat([cell, gate, forget, output])


def _restored(rows: Tensor) -> Tensor:
    """The inverse of `_ordered`."""
    cell, gate, forget, output = rows.chunk(4)
    return torch.cat([gate, forget, cell, output])


def _factors(layer: _Layer) -> tuple[tuple[Tensor, ...], ...]:
    """What a step's gradients are multiplied by, for all steps at once.

    From output to cell; from cell to its three gates [batch, 3, hidden]; from output to its gate; to the cell before.
    """
    cell, gate, forget, output = layer.gates.chunk(4, -1)
    gates = torch.stack(
        [gate * (1 - cell * cell), cell * gate * (1 - gate), layer.cells[:-1] * forget * (1 - forget)], 2
    )
    past = output * (1 - layer.squashed * layer.squashed)
    opened = layer.squashed * output * (1 - output)
    return past.unbind(0), gates.unbind(0), opened.unbind(0), forget.unbind(0)


def _weights(
    noise: Tensor,
    events: Tensor,
    tops: Tensor,
    layers: list[_Layer],
    found: tuple[Tensor, list[Tensor], Tensor],
    ctx: Any,
) -> list[Tensor]:
    """Gradients of all weights, in the order in which `Rollout` takes them."""
    d_entered, d_gates, d_events = found
    entered = d_entered.flatten(0, 1)
    previous = entered.t() @ events[:-1].flatten(0, 1)
    if not ctx.heard_previous:
        previous.zero_()
    result = [torch.cat([entered.t() @ noise.flatten(0, 1), previous], 1), entered.sum(0)]
    for layer, gates in zip(layers, d_gates, strict=True):
        rows = gates.flatten(0, 1)
        hidden = layer.cells.shape[2]
        weight = _restored(rows.t() @ layer.heard[:-1].flatten(0, 1))
        bias = _restored(rows.sum(0))
        result += [weight[:, :-hidden], weight[:, -hidden:], bias, bias]
    said = d_events.flatten(0, 1)
    return [*result, said.t() @ tops.flatten(0, 1), said.sum(0)]
