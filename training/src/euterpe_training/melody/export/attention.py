"""One step of a transformer as an ONNX graph; its state is the cache of each layer's last keys and values."""

import numpy as np

from euterpe_training.melody.export.embeddings import Weights, embed_inputs
from euterpe_training.onnx_graph import GraphBuilder


def transformer_step(weights: Weights, heads: int, context: int) -> GraphBuilder:
    """Build `token`, `condition`, `filled`, `k0`, `v0`, … → `logits`, `filled_out`, … from a Transformer's weights.

    `k0`, `v0` and so on [batch, heads, context, size] hold the last `context` steps, the latest at the end; `filled`
    [batch, 1] counts the steps that they hold. Each step drops the oldest, so the length of a piece is not limited.
    """
    graph = GraphBuilder()
    layers = sum(name.endswith(".qkv.weight") for name in weights)
    x = embed_inputs(graph, weights, weights["enter.weight"], weights["enter.bias"])
    bias = _bias(graph, heads, context)
    for layer in range(layers):
        prefix = f"blocks.{layer}."
        block = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        x = graph.node("Add", x, _attention(graph, x, block, layer, bias, heads, context))
        inner = graph.layer_norm(x, block["norm2.weight"], block["norm2.bias"])
        inner = graph.node("Relu", graph.linear(inner, block["up.weight"], block["up.bias"]))
        x = graph.node("Add", x, graph.linear(inner, block["down.weight"], block["down.bias"]))
    x = graph.layer_norm(x, weights["norm.weight"], weights["norm.bias"])
    weight = weights["output.weight"]
    graph.output("logits", "batch", weight.shape[0], value=graph.linear(x, weight, weights["output.bias"]))
    return graph


def _bias(graph: GraphBuilder, heads: int, context: int) -> str:
    """Build the bias [batch, heads, 1, context]: ALiBi's penalty by distance, and a mask of unfilled positions."""
    filled = graph.input("filled", "batch", 1)
    one, maximum = graph.constant(1.0), graph.constant(float(context))
    now = graph.node("Min", graph.node("Add", filled, one), maximum)
    graph.output("filled_out", "batch", 1, value=now)
    age = np.arange(context - 1, -1, -1, dtype=np.float32)
    slopes = 2.0 ** (-8.0 * np.arange(1, heads + 1) / heads)
    empty = graph.node("GreaterOrEqual", graph.constant(age[None]), now)
    mask = graph.node("Where", empty, graph.constant(-1e9), graph.constant(0.0))
    mask = graph.node("Unsqueeze", mask, graph.constant([1, 2], np.int64))
    return graph.node("Add", mask, graph.constant(-slopes[:, None, None] * age))


def _attention(graph: GraphBuilder, x: str, block: Weights, layer: int, bias: str, heads: int, context: int) -> str:
    units = block["proj.weight"].shape[0]
    size = units // heads
    inner = graph.layer_norm(x, block["norm1.weight"], block["norm1.bias"])
    parts = graph.split(graph.linear(inner, block["qkv.weight"], block["qkv.bias"]), units, units, units)
    shape = graph.constant([0, heads, 1, size], np.int64)
    q, k, v = (graph.node("Reshape", part, shape) for part in parts)
    keys, values = (_pushed(graph, f"{name}{layer}", new, heads, context, size) for name, new in (("k", k), ("v", v)))
    scores = graph.node("MatMul", q, graph.node("Transpose", keys, perm=[0, 1, 3, 2]))
    scores = graph.node("Add", graph.node("Mul", scores, graph.constant(size**-0.5)), bias)
    mixed = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), values)
    flat = graph.node("Reshape", mixed, graph.constant([0, units], np.int64))
    return graph.linear(flat, block["proj.weight"], block["proj.bias"])


def _pushed(graph: GraphBuilder, name: str, new: str, heads: int, context: int, size: int) -> str:
    """Drop the cache's oldest step and append the new one."""
    old = graph.input(name, "batch", heads, context, size)
    first, last, axis = (graph.constant([number], np.int64) for number in (1, context, 2))
    cache = graph.node("Concat", graph.node("Slice", old, first, last, axis), new, axis=2)
    graph.output(f"{name}_out", "batch", heads, context, size, value=cache)
    return cache
