"""One step of LSTM or GRU layers as an ONNX graph, in fp32 or with int8 products."""

from typing import Literal

import numpy as np

from euterpe_training.melody.export.embeddings import Weights, embed_inputs
from euterpe_training.onnx_graph import FLOAT, Array, GraphBuilder

Variant = Literal["fp32", "int8"]


def recurrent_step(weights: Weights, cell: Literal["lstm", "gru"], variant: Variant = "fp32") -> GraphBuilder:
    """Build `token`, `condition`, `h0`, `c0`, … → `logits`, `h0_out`, … from a RecurrentNetwork's weights.

    With `int8` the embedding tables are integers, and so are both factors of the products over hidden states. A hidden
    state lies in (-1, 1), so its scale is constant, and a row's result does not depend on the other rows of its batch,
    as it would with scales taken from the batch. The dense layer and the output layer stay in fp32.
    """
    graph = GraphBuilder()
    layers = sum(name.startswith("cells.weight_hh_l") for name in weights)
    kernel, bias = weights["cells.weight_ih_l0"], weights["cells.bias_ih_l0"]
    inputs = embed_inputs(graph, weights, kernel, bias, int8=variant == "int8")
    hidden = ""
    for layer in range(layers):
        if layer:
            kernel, bias = weights[f"cells.weight_ih_l{layer}"], weights[f"cells.bias_ih_l{layer}"]
            inputs = graph.node("Add", product(graph, hidden, kernel, variant), graph.constant(bias))
        step = _lstm if cell == "lstm" else _gru
        hidden = step(graph, layer, inputs, weights, variant)
    _output(graph, hidden, weights)
    return graph


def product(graph: GraphBuilder, hidden: str, weight: Array, variant: Variant) -> str:
    """Compute hidden · weightᵀ; `recurrent_step` describes int8."""
    if variant == "fp32":
        return graph.linear(hidden, weight)
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127
    whole = np.clip(np.rint(weight / scale[:, None]), -127, 127).astype(np.int8).T
    zero = graph.constant(128, np.uint8)
    rounded = graph.node("QuantizeLinear", hidden, graph.constant(1 / 127), zero)
    sums = graph.node("MatMulInteger", rounded, graph.constant(whole, np.int8), zero)
    return graph.node("Mul", graph.node("Cast", sums, to=FLOAT), graph.constant(scale / 127))


def _lstm(graph: GraphBuilder, layer: int, inputs: str, weights: Weights, variant: Variant) -> str:
    """Add an LSTM layer with gates i, f, g, o in PyTorch's order: c' = f·c + i·g, h' = o·tanh(c')."""
    recurrent, bias = weights[f"cells.weight_hh_l{layer}"], weights[f"cells.bias_hh_l{layer}"]
    units = recurrent.shape[1]
    h, c = graph.input(f"h{layer}", "batch", units), graph.input(f"c{layer}", "batch", units)
    sums = graph.node("Sum", inputs, product(graph, h, recurrent, variant), graph.constant(bias))
    i, f, g, o = graph.split(sums, units, units, units, units)
    i, f, o = (graph.node("Sigmoid", gate) for gate in (i, f, o))
    kept, new = graph.node("Mul", f, c), graph.node("Mul", i, graph.node("Tanh", g))
    cell = graph.node("Add", kept, new)
    hidden = graph.node("Mul", o, graph.node("Tanh", cell))
    graph.output(f"h{layer}_out", "batch", units, value=hidden)
    graph.output(f"c{layer}_out", "batch", units, value=cell)
    return hidden


def _gru(graph: GraphBuilder, layer: int, inputs: str, weights: Weights, variant: Variant) -> str:
    """Add a GRU layer with gates r, z, n in PyTorch's order: n = tanh(x + r·(R·h + b)), h' = n + z·(h - n)."""
    recurrent, bias = weights[f"cells.weight_hh_l{layer}"], weights[f"cells.bias_hh_l{layer}"]
    units = recurrent.shape[1]
    h = graph.input(f"h{layer}", "batch", units)
    state = graph.node("Add", product(graph, h, recurrent, variant), graph.constant(bias))
    inputs_rz, inputs_n = graph.split(inputs, 2 * units, units)
    state_rz, state_n = graph.split(state, 2 * units, units)
    r, z = graph.split(graph.node("Sigmoid", graph.node("Add", inputs_rz, state_rz)), units, units)
    n = graph.node("Tanh", graph.node("Add", inputs_n, graph.node("Mul", r, state_n)))
    hidden = graph.node("Add", n, graph.node("Mul", z, graph.node("Sub", h, n)))
    graph.output(f"h{layer}_out", "batch", units, value=hidden)
    return hidden


def _output(graph: GraphBuilder, hidden: str, weights: Weights) -> None:
    if "norm.weight" in weights:
        hidden = graph.layer_norm(hidden, weights["norm.weight"], weights["norm.bias"])
    if "dense.weight" in weights:
        hidden = graph.node("Relu", graph.linear(hidden, weights["dense.weight"], weights["dense.bias"]))
    weight = weights["output.weight"]
    graph.output("logits", "batch", weight.shape[0], value=graph.linear(hidden, weight, weights["output.bias"]))
