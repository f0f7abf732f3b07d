"""One step of layers of LSTM or GRU, in fp32 or with int8 products."""

from typing import Literal

import numpy as np

from euterpe_training.onnx_graph import Array, GraphBuilder, Weights, folded_inputs

Variant = Literal["fp32", "int8"]


def recurrent_step(weights: Weights, cell: Literal["lstm", "gru"], variant: Variant = "fp32") -> GraphBuilder:
    """The graph of a RecurrentNetwork's weights: `token`, `condition`, `h0`, `c0`, … → `logits`, `h0_out`, ….

    With `int8` the tables are integers, and so are both factors of the products over hidden states. A hidden state lies
    in (-1, 1), so that its scale is known, and a row's result does not depend on the other rows of its batch, as scales
    found while running would make it. The output layer stays fp32.
    """
    graph = GraphBuilder()
    layers = sum(name.startswith("cells.weight_hh_l") for name in weights)
    tokens, columns = folded_inputs(weights, weights["cells.weight_ih_l0"], weights["cells.bias_ih_l0"])
    token = graph.input("token", len(tokens), integers=True)
    int8 = variant == "int8"
    given = graph.look_up(token, tokens, int8=int8)
    if columns:
        condition = graph.input("condition", len(columns), integers=True)
        given = graph.node("Add", given, graph.look_up(condition, columns, int8=int8))
    hidden = ""
    for layer in range(layers):
        if layer:
            kernel, bias = weights[f"cells.weight_ih_l{layer}"], weights[f"cells.bias_ih_l{layer}"]
            given = graph.node("Add", product(graph, hidden, kernel, variant), graph.constant(bias))
        step = _lstm if cell == "lstm" else _gru
        hidden = step(graph, layer, given, weights, variant)
    _output(graph, hidden, weights)
    return graph


def product(graph: GraphBuilder, hidden: str, weight: Array, variant: Variant) -> str:
    """hidden · weightᵀ; see recurrent_step for what int8 means."""
    if variant == "fp32":
        return graph.linear(hidden, weight)
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127
    whole = np.clip(np.rint(weight / scale[:, None]), -127, 127).astype(np.int8).T
    zero = graph.constant(128, np.uint8)
    rounded = graph.node("QuantizeLinear", hidden, graph.constant(1 / 127), zero)
    sums = graph.node("MatMulInteger", rounded, graph.constant(whole, np.int8), zero)
    return graph.node("Mul", graph.node("Cast", sums, to=1), graph.constant(scale / 127))


def _lstm(graph: GraphBuilder, layer: int, given: str, weights: Weights, variant: Variant) -> str:
    """Gates i, f, g, o as torch orders them: c' = f·c + i·g, h' = o·tanh(c')."""
    recurrent, bias = weights[f"cells.weight_hh_l{layer}"], weights[f"cells.bias_hh_l{layer}"]
    units = recurrent.shape[1]
    h, c = graph.input(f"h{layer}", units), graph.input(f"c{layer}", units)
    sums = graph.node("Sum", given, product(graph, h, recurrent, variant), graph.constant(bias))
    i, f, g, o = graph.split(sums, units, units, units, units)
    i, f, o = (graph.node("Sigmoid", gate) for gate in (i, f, o))
    kept, new = graph.node("Mul", f, c), graph.node("Mul", i, graph.node("Tanh", g))
    cell = graph.node("Add", kept, new)
    hidden = graph.node("Mul", o, graph.node("Tanh", cell))
    graph.output(f"h{layer}_out", hidden, units)
    graph.output(f"c{layer}_out", cell, units)
    return hidden


def _gru(graph: GraphBuilder, layer: int, given: str, weights: Weights, variant: Variant) -> str:
    """Gates r, z, n as torch orders them: n = tanh(x + r·(R·h + b)), h' = n + z·(h - n)."""
    recurrent, bias = weights[f"cells.weight_hh_l{layer}"], weights[f"cells.bias_hh_l{layer}"]
    units = recurrent.shape[1]
    h = graph.input(f"h{layer}", units)
    before = graph.node("Add", product(graph, h, recurrent, variant), graph.constant(bias))
    given_rz, given_n = graph.split(given, 2 * units, units)
    before_rz, before_n = graph.split(before, 2 * units, units)
    r, z = graph.split(graph.node("Sigmoid", graph.node("Add", given_rz, before_rz)), units, units)
    n = graph.node("Tanh", graph.node("Add", given_n, graph.node("Mul", r, before_n)))
    hidden = graph.node("Add", n, graph.node("Mul", z, graph.node("Sub", h, n)))
    graph.output(f"h{layer}_out", hidden, units)
    return hidden


def _output(graph: GraphBuilder, hidden: str, weights: Weights) -> None:
    if "norm.weight" in weights:
        hidden = graph.normalised(hidden, weights["norm.weight"], weights["norm.bias"])
    weight = weights["output.weight"]
    graph.output("logits", graph.linear(hidden, weight, weights["output.bias"]), weight.shape[0])
