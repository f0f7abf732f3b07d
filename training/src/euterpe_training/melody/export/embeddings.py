"""The inputs of a step: embeddings of tokens and conditioning features, multiplied by the first layer in advance."""

import numpy as np

from euterpe_training.onnx_graph import INT64, Array, GraphBuilder

#: Weights by their names in PyTorch's state_dict.
Weights = dict[str, Array]


def embed_inputs(graph: GraphBuilder, weights: Weights, matrix: Array, bias: Array, *, int8: bool = False) -> str:
    """Add the inputs `token` and `condition`, and return the first layer's product with their embeddings.

    `matrix` [out, in] and `bias` [out] are the first layer's. Multiplying the tables in advance saves each step a
    matrix product. With `int8` the tables are integers.
    """
    tokens, features = _folded_tables(weights, matrix, bias)
    total = graph.sum_embeddings(graph.input("token", "batch", len(tokens), dtype=INT64), tokens, int8=int8)
    if features:
        condition = graph.input("condition", "batch", len(features), dtype=INT64)
        total = graph.node("Add", total, graph.sum_embeddings(condition, features, int8=int8))
    return total


def _folded_tables(weights: Weights, matrix: Array, bias: Array) -> tuple[list[Array], list[Array]]:
    """Return the tables of tokens and of conditioning features, multiplied by `matrix`; the first has the bias."""
    tokens = [weights[name] for name in sorted(weights) if name.startswith("inputs.tokens.")]
    count = sum(name.startswith("inputs.columns.") for name in weights)
    features = [weights[f"inputs.columns.{index}.weight"] for index in range(count)]
    borders = np.cumsum([table.shape[1] for table in tokens])
    parts = np.split(matrix, borders, axis=1)
    tables = [table @ part.T for table, part in zip(tokens, parts, strict=False)]
    tables[0] = tables[0] + bias
    return tables, [table @ parts[-1].T for table in features]
