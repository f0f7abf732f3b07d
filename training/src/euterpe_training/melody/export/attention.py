"""One step of a transformer, whose cache is its state: the last keys and values of each layer."""

import numpy as np

from euterpe_training.onnx_graph import GraphBuilder, Weights, folded_inputs


def transformer_step(weights: Weights, heads: int, context: int) -> GraphBuilder:
    """The graph of a Transformer's weights: `token`, `condition`, `filled`, `k0`, `v0`, … → `logits`, `filled_out`, ….

    `k0` and its like [batch, heads, context, size] hold the last `context` steps, the latest at the end; `filled`
    [batch, 1] is how many of them there are yet. A step drops the oldest, so that a piece can go on for ever.
    """
    graph = GraphBuilder()
    layers = sum(name.endswith(".qkv.weight") for name in weights)
    tokens, columns = folded_inputs(weights, weights["enter.weight"], weights["enter.bias"])
    x = graph.look_up(graph.input("token", len(tokens), integers=True), tokens)
    if columns:
        condition = graph.input("condition", len(columns), integers=True)
        x = graph.node("Add", x, graph.look_up(condition, columns))
    bias = _bias(graph, heads, context)
    for layer in range(layers):
        prefix = f"blocks.{layer}."
        block = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        x = graph.node("Add", x, _attention(graph, x, block, layer, bias, heads, context))
        inner = graph.normalised(x, block["norm2.weight"], block["norm2.bias"])
        inner = graph.node("Relu", graph.linear(inner, block["up.weight"], block["up.bias"]))
        x = graph.node("Add", x, graph.linear(inner, block["down.weight"], block["down.bias"]))
    x = graph.normalised(x, weights["norm.weight"], weights["norm.bias"])
    weight = weights["output.weight"]
    graph.output("logits", graph.linear(x, weight, weights["output.bias"]), weight.shape[0])
    return graph


def _bias(graph: GraphBuilder, heads: int, context: int) -> str:
    """[batch, heads, 1, context]: what distance costs (ALiBi), and the end of the world for places not filled."""
    filled = graph.input("filled", 1)
    one, most = graph.constant(1.0), graph.constant(float(context))
    now = graph.node("Min", graph.node("Add", filled, one), most)
    graph.output("filled_out", now, 1)
    age = np.arange(context - 1, -1, -1, dtype=np.float32)
    slopes = 2.0 ** (-8.0 * np.arange(1, heads + 1) / heads)
    empty = graph.node("GreaterOrEqual", graph.constant(age[None]), now)
    wall = graph.node("Where", empty, graph.constant(-1e9), graph.constant(0.0))
    wall = graph.node("Unsqueeze", wall, graph.constant([1, 2], np.int64))
    return graph.node("Add", wall, graph.constant(-slopes[:, None, None] * age))


def _attention(graph: GraphBuilder, x: str, block: Weights, layer: int, bias: str, heads: int, context: int) -> str:
    units = block["proj.weight"].shape[0]
    size = units // heads
    inner = graph.normalised(x, block["norm1.weight"], block["norm1.bias"])
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
    """The cache without its oldest step, and with the new one."""
    old = graph.input(name, heads, context, size)
    first, last, axis = (graph.constant([number], np.int64) for number in (1, context, 2))
    cache = graph.node("Concat", graph.node("Slice", old, first, last, axis), new, axis=2)
    graph.output(f"{name}_out", cache, heads, context, size)
    return cache
