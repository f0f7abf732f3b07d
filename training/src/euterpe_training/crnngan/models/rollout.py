"""Free running of C-RNN-GAN's generator with explicit gradients: the inner loop of every adversarial epoch.

A step's matrices are so small that a framework spends most of its time on overhead, and oneDNN's recurrent kernels,
made for whole sequences, reorder their weights at every step. Here a step is a few calls into preallocated buffers,
and the gradients of weights are one product over all steps at the end.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class _Layer(NamedTuple):
    """One LSTM layer over all steps.

    `inputs` is [steps + 1, batch, width + hidden]: the layer's input and its previous output. `gates`
    [steps, batch, 4 · hidden] are ordered cell, input, forget, output; `cells` is [steps + 1, batch, hidden],
    `cell_tanh` [steps, batch, hidden].
    """

    weight: Tensor
    bias: Tensor
    inputs: Tensor
    gates: Tensor
    cells: Tensor
    cell_tanh: Tensor


class Rollout(torch.autograd.Function):
    """Events [steps, batch, features] from noise [steps, batch, noise], after the event `first` [batch, features].

    `weights` are those of the input layer, of each LSTM layer in PyTorch's order and of the output layer, each with its
    biases. Gradients are for weights only: noise and first events are not parameters.
    """

    @staticmethod
    def forward(ctx: Any, noise: Tensor, first: Tensor, feed_previous: bool, *weights: Tensor) -> Tensor:
        """Run all steps; see the class."""
        (w_in, b_in), (w_out, b_out), middle = weights[:2], weights[-2:], weights[2:-2]
        steps, batch, width = noise.shape
        hidden = w_in.shape[0]
        layers = [_layer(middle[at : at + 4], steps, batch) for at in range(0, len(middle), 4)]
        linear = torch.addmm(b_in, noise.reshape(-1, width), w_in[:, :width].t()).view(steps, batch, hidden)
        w_feedback, w_out_t = w_in[:, width:].t().contiguous(), w_out.t().contiguous()
        events = first.new_empty(steps + 1, batch, w_out.shape[0])
        events[0] = first
        inputs = layers[0].inputs[..., :hidden].unbind(0)
        tops = torch.empty_like(layers[-1].cells[1:])
        views = [_views(layer, hidden) for layer in layers]
        for step, previous in enumerate(events[:-1].unbind(0)):
            if feed_previous:
                torch.addmm(linear[step], previous, w_feedback, out=linear[step])
            torch.clamp(linear[step], min=0, out=inputs[step])
            for number, (layer, view) in enumerate(zip(layers, views, strict=True)):
                gates = view.gates[step]
                torch.addmm(layer.bias, view.inputs[step], layer.weight, out=gates)
                view.cell_gates[step].tanh_()
                view.other_gates[step].sigmoid_()
                cell = torch.mul(view.forget[step], view.cells[step], out=view.cells[step + 1])
                cell.addcmul_(view.input[step], view.cell_gates[step])
                output = torch.tanh(cell, out=view.cell_tanh[step])
                output = torch.mul(view.output[step], output, out=view.previous_output[step + 1])
                (views[number + 1].layer_input[step] if number + 1 < len(layers) else tops[step]).copy_(output)
            torch.addmm(b_out, tops[step], w_out_t, out=events[step + 1])
        ctx.layers, ctx.feed_previous = layers, feed_previous
        ctx.save_for_backward(noise, events, tops, *weights)
        return events[1:].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Back-propagate through time, then compute the gradients of all weights at once."""
        noise, events, tops, *weights = ctx.saved_tensors
        w_in, w_out, width, layers = weights[0], weights[-2], noise.shape[2], ctx.layers
        steps, batch, hidden = tops.shape
        d_events = gradients[0].clone()
        d_gates = [torch.empty_like(layer.gates) for layer in layers]
        d_linear = torch.empty_like(tops)
        factors = [_factors(layer) for layer in layers]
        transposed = [layer.weight.t().contiguous() for layer in layers]
        d_cell = [tops.new_zeros(batch, hidden) for _ in layers]
        d_output = [tops.new_zeros(batch, hidden) for _ in layers]
        active = layers[0].inputs[:-1, :, :hidden] > 0
        w_feedback = w_in[:, width:].contiguous()
        for step in range(steps - 1, -1, -1):
            above = d_events[step] @ w_out
            for number in range(len(layers) - 1, -1, -1):
                to_cell, to_gates, to_output_gate, forget = (part[step] for part in factors[number])
                above += d_output[number]
                d_now = d_cell[number].addcmul_(above, to_cell)
                d_gate = d_gates[number][step].view(batch, 4, hidden)
                torch.mul(d_now[:, None], to_gates, out=d_gate[:, :3])
                torch.mul(above, to_output_gate, out=d_gate[:, 3])
                d_inputs = d_gates[number][step] @ transposed[number]
                d_now.mul_(forget)
                above, d_output[number] = d_inputs[:, :-hidden], d_inputs[:, -hidden:]
            torch.mul(above, active[step], out=d_linear[step])
            if step and ctx.feed_previous:
                d_events[step - 1].addmm_(d_linear[step], w_feedback)
        return None, None, None, *_weight_gradients(noise, events, tops, layers, (d_linear, d_gates, d_events), ctx)


class _Views(NamedTuple):
    """A layer's buffers, step by step."""

    inputs: tuple[Tensor, ...]
    layer_input: tuple[Tensor, ...]
    previous_output: tuple[Tensor, ...]
    gates: tuple[Tensor, ...]
    cell_gates: tuple[Tensor, ...]
    other_gates: tuple[Tensor, ...]
    input: tuple[Tensor, ...]
    forget: tuple[Tensor, ...]
    output: tuple[Tensor, ...]
    cells: tuple[Tensor, ...]
    cell_tanh: tuple[Tensor, ...]


def _views(layer: _Layer, hidden: int) -> _Views:
    cell, gate, forget, output = layer.gates.chunk(4, -1)
    parts = (
        layer.inputs, layer.inputs[..., :-hidden], layer.inputs[..., -hidden:], layer.gates, cell,
        layer.gates[..., hidden:], gate, forget, output, layer.cells, layer.cell_tanh,
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
    """Reorder rows of PyTorch's gates (input, forget, cell, output) into cell, input, forget, output."""
    gate, forget, cell, output = rows.chunk(4)
    return torch.cat([cell, gate, forget, output])


def _restored(rows: Tensor) -> Tensor:
    """Invert `_ordered`."""
    cell, gate, forget, output = rows.chunk(4)
    return torch.cat([gate, forget, cell, output])


def _factors(layer: _Layer) -> tuple[tuple[Tensor, ...], ...]:
    """Return the local derivatives of all steps at once.

    From the output to the cell; from the cell to its three gates [batch, 3, hidden]; from the output to its gate; from
    the cell to the previous cell.
    """
    cell, gate, forget, output = layer.gates.chunk(4, -1)
    gates = torch.stack(
        [gate * (1 - cell * cell), cell * gate * (1 - gate), layer.cells[:-1] * forget * (1 - forget)], 2
    )
    to_cell = output * (1 - layer.cell_tanh * layer.cell_tanh)
    to_output_gate = layer.cell_tanh * output * (1 - output)
    return to_cell.unbind(0), gates.unbind(0), to_output_gate.unbind(0), forget.unbind(0)


def _weight_gradients(
    noise: Tensor,
    events: Tensor,
    tops: Tensor,
    layers: list[_Layer],
    found: tuple[Tensor, list[Tensor], Tensor],
    ctx: Any,
) -> list[Tensor]:
    """Return the gradients of all weights, in the order in which `Rollout` takes them."""
    d_linear, d_gates, d_events = found
    linear = d_linear.flatten(0, 1)
    previous = linear.t() @ events[:-1].flatten(0, 1)
    if not ctx.feed_previous:
        previous.zero_()
    result = [torch.cat([linear.t() @ noise.flatten(0, 1), previous], 1), linear.sum(0)]
    for layer, gates in zip(layers, d_gates, strict=True):
        rows = gates.flatten(0, 1)
        hidden = layer.cells.shape[2]
        weight = _restored(rows.t() @ layer.inputs[:-1].flatten(0, 1))
        bias = _restored(rows.sum(0))
        result += [weight[:, :-hidden], weight[:, -hidden:], bias, bias]
    outputs = d_events.flatten(0, 1)
    return [*result, outputs.t() @ tops.flatten(0, 1), outputs.sum(0)]
