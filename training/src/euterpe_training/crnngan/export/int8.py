"""The int8 variant of a generator's graph: its LSTM layers in 8-bit integers.

An LSTM's output lies within -1..1 by construction, so it is quantized with one fixed scale instead of one taken from
the batch: a piece does not depend on the other pieces of its batch, and sums of integers do not depend on their order.
Weights have a scale per unit. Only what an LSTM takes from other nodes than an LSTM stays in floats.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from euterpe_training.onnx_graph import FLOAT, Array, serialize

#: Levels of an output on either side of 0, and of a weight: 7 bits, because products of two 8-bit numbers would
#: saturate on CPUs without VNNI.
_LEVELS: Final = 127
_WEIGHT_LEVELS: Final = 63
#: QuantizeLinear and MatMulInteger are fastest with unsigned numbers on the left; this one stands for 0.
_ZERO: Final = 128
_CONSTANTS: Final[dict[str, NDArray[Any]]] = {
    "int8_scale": np.array(1 / _LEVELS, np.float32),
    "int8_zero": np.array(_ZERO, np.uint8),
    "int8_two": np.array(2, np.float32),
    "int8_one": np.array(1, np.float32),
}


def to_int8(model: bytes) -> bytes:
    """Return the graph of `build_generator` or `build_categorical` with every LSTM in its Scan in integers.

    Inputs and outputs stay as they are. Raise ValueError for a graph without such LSTMs.
    """
    graph = onnx.load_from_string(model)
    initializers = {one.name: numpy_helper.to_array(one) for one in graph.graph.initializer}
    scan = next((node for node in graph.graph.node if node.op_type == "Scan"), None)
    body = None if scan is None else next(one.g for one in scan.attribute if one.name == "body")
    if body is None or not any(node.op_type == "LSTM" for node in body.node):
        raise ValueError("the graph has no LSTM in a Scan")
    arrays: dict[str, NDArray[Any]] = dict(_CONSTANTS)
    nodes = _replaced(list(body.node), initializers, arrays)
    del body.node[:]
    body.node.extend(nodes)
    used = {name for node in (*nodes, *graph.graph.node) for name in node.input}
    kept = [one for one in graph.graph.initializer if one.name in used]
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
    graph.graph.initializer.extend(numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in arrays.items())
    return serialize(graph)


def _replaced(nodes: list[Any], initializers: dict[str, Array], arrays: dict[str, NDArray[Any]]) -> list[Any]:
    """Return `nodes` with LSTMs replaced; `arrays` receives their constants."""
    bounded: set[str] = set()
    replaced: list[Any] = []
    for node in nodes:
        if node.op_type == "LSTM":
            layer = _Layer(f"int8_{len(bounded)}", arrays)
            replaced += layer.build(node, initializers, quantized=node.input[0] in bounded)
            bounded |= {node.output[1]}
        else:
            replaced.append(node)
            if node.op_type in ("Identity", "Unsqueeze") and node.input[0] in bounded:
                bounded |= set(node.output)
    return replaced


@dataclass
class _Layer:
    """One LSTM of one step: x [1, batch, in], h and c [1, batch, H] → h and c."""

    name: str
    arrays: dict[str, NDArray[Any]]

    def build(self, node: Any, initializers: dict[str, Array], *, quantized: bool) -> list[Any]:
        """Return the nodes that replace it; `quantized` says whether x lies within -1..1."""
        x, w, r, b, _, h, c = node.input
        weight, recurrent = initializers[w][0].T, initializers[r][0].T
        units = recurrent.shape[0]
        bias = initializers[b][0].reshape(2, -1).sum(axis=0)
        # tanh(x) = 2 · sigmoid(2x) - 1: one activation serves all four gates (i o f c).
        factors = np.repeat(np.array([1, 1, 1, 2], np.float32), units)
        weight, recurrent, bias = weight * factors, recurrent * factors, bias * factors
        name, n = self.name, helper.make_node
        if quantized:
            nodes = [n("Concat", [x, h], [f"{name}_xh"], axis=2)]
            nodes += self._product(f"{name}_xh", np.concatenate([weight, recurrent]))
            self.arrays[f"{name}_bias"] = bias
            nodes.append(n("Add", [f"{name}_sum", f"{name}_bias"], [f"{name}_gates"]))
        else:
            self.arrays |= {f"{name}_w": weight, f"{name}_bias": bias}
            nodes = [n("MatMul", [x, f"{name}_w"], [f"{name}_given"]), *self._product(h, recurrent)]
            nodes.append(n("Add", [f"{name}_given", f"{name}_bias"], [f"{name}_told"]))
            nodes.append(n("Add", [f"{name}_sum", f"{name}_told"], [f"{name}_gates"]))
        return nodes + self._cell(c, node.output[1], node.output[2])

    def _product(self, source: str, weight: Array) -> list[Any]:
        """Multiply `source` by `weight` in integers, and scale the sums back to floats."""
        name, n = self.name, helper.make_node
        scale = np.abs(weight).max(axis=0) / _WEIGHT_LEVELS
        scale[scale == 0] = 1
        self.arrays[f"{name}_q"] = np.rint(weight / scale).astype(np.int8)
        self.arrays[f"{name}_scale"] = (scale / _LEVELS).astype(np.float32)
        return [
            n("QuantizeLinear", [source, "int8_scale", "int8_zero"], [f"{name}_source"]),
            n("MatMulInteger", [f"{name}_source", f"{name}_q", "int8_zero"], [f"{name}_product"]),
            n("Cast", [f"{name}_product"], [f"{name}_float"], to=FLOAT),
            n("Mul", [f"{name}_float", f"{name}_scale"], [f"{name}_sum"]),
        ]

    def _cell(self, c: str, h_after: str, c_after: str) -> list[Any]:
        name, n = self.name, helper.make_node
        return [
            n("Sigmoid", [f"{name}_gates"], [f"{name}_open"]),
            n("Split", [f"{name}_open"], [f"{name}_i", f"{name}_o", f"{name}_f", f"{name}_half"], axis=2),
            n("Mul", [f"{name}_half", "int8_two"], [f"{name}_twice"]),
            n("Sub", [f"{name}_twice", "int8_one"], [f"{name}_new"]),
            n("Mul", [f"{name}_f", c], [f"{name}_kept"]),
            n("Mul", [f"{name}_i", f"{name}_new"], [f"{name}_added"]),
            n("Add", [f"{name}_kept", f"{name}_added"], [c_after]),
            n("Tanh", [c_after], [f"{name}_tanh"]),
            n("Mul", [f"{name}_o", f"{name}_tanh"], [h_after]),
        ]
