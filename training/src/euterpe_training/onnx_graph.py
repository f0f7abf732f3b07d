"""A small hand for writing ONNX graphs."""

from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
#: Weights by the names that torch's state_dict gives them.
Weights = dict[str, Array]

OPSET: Final = 17
#: ONNX Runtime refuses graphs of an IR version that it does not know; 8 belongs to opset 17.
_IR_VERSION: Final = 8


class GraphBuilder:
    """Collects nodes, constants, inputs and outputs of a graph whose only dynamic axis is `batch`."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self.inputs: dict[str, tuple[str | int, ...]] = {}
        self.outputs: dict[str, tuple[str | int, ...]] = {}
        self._integers: set[str] = set()
        self._count = 0

    def input(self, name: str, *axes: int, integers: bool = False) -> str:
        """An input [batch, axes]."""
        self.inputs[name] = ("batch", *axes)
        if integers:
            self._integers.add(name)
        return name

    def output(self, name: str, value: str, *axes: int) -> None:
        """`value` under the name of an output [batch, axes]."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs[name] = ("batch", *axes)

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """A constant; equal ones are kept once."""
        array = np.ascontiguousarray(value, dtype) if np.ndim(value) else np.array(value, dtype)
        for name, known in self._constants.items():
            if known.dtype == array.dtype and known.shape == array.shape and np.array_equal(known, array):
                return name
        name = f"constant{len(self._constants)}"
        self._constants[name] = array
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output, whose name is returned."""
        return self.nodes(kind, 1, *inputs, **attributes)[0]

    def nodes(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """A node with several outputs."""
        self._count += 1
        names = [f"{kind.lower()}{self._count}_{at}" for at in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def split(self, value: str, *sizes: int) -> list[str]:
        """`value` cut along its last axis."""
        return self.nodes("Split", len(sizes), value, self.constant(list(sizes), np.int64), axis=-1)

    def linear(self, value: str, weight: Array, bias: Array | None = None) -> str:
        """value · weightᵀ + bias, `weight` [out, in] as torch keeps it."""
        product = self.node("MatMul", value, self.constant(np.ascontiguousarray(weight.T)))
        return product if bias is None else self.node("Add", product, self.constant(bias))

    def normalised(self, value: str, weight: Array, bias: Array) -> str:
        """Layer norm over the last axis."""
        return self.node("LayerNormalization", value, self.constant(weight), self.constant(bias), axis=-1)

    def look_up(self, source: str, tables: list[Array], *, int8: bool = False) -> str:
        """The sum of one row of each table [size, width], which the columns of `source` [batch, columns] name.

        With `int8` the tables are kept as integers, with a scale for each of their columns.
        """
        sizes = [len(table) for table in tables]
        first_rows = self.constant(np.cumsum([0, *sizes[:-1]]), np.int64)
        stacked = np.concatenate(tables)
        scale = np.maximum(np.abs(stacked).max(axis=0), 1e-12) / 127
        # One look-up of all: a node for each table would cost a call more than it does work.
        kept = self.constant(np.rint(stacked / scale), np.int8) if int8 else self.constant(stacked)
        rows = self.node("Gather", kept, self.node("Add", source, first_rows), axis=0)
        floats = self.node("Cast", rows, to=TensorProto.FLOAT) if int8 else rows
        total = self.node("ReduceSum", floats, self.constant([1], np.int64), keepdims=0)
        return self.node("Mul", total, self.constant(scale)) if int8 else total

    def build(self, name: str) -> bytes:
        """The checked model, serialised; equal weights give equal bytes."""

        def info(tensor: str, axes: tuple[str | int, ...]) -> Any:
            kind = TensorProto.INT64 if tensor in self._integers else TensorProto.FLOAT
            return helper.make_tensor_value_info(tensor, kind, list(axes))

        graph = helper.make_graph(
            self._nodes, name,
            [info(*each) for each in self.inputs.items()], [info(*each) for each in self.outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )  # fmt: skip
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="euterpe-training")
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def folded_inputs(weights: Weights, matrix: Array, bias: Array) -> tuple[list[Array], list[Array]]:
    """Tables of tokens and of conditions, already multiplied with the first layer's `matrix` [out, in] and its bias.

    What is looked up and then multiplied can be multiplied before: a step then has no first matrix product at all.
    """
    tokens = [weights[name] for name in sorted(weights) if name.startswith("inputs.tokens.")]
    columns = [weights[f"inputs.columns.{at}.weight"] for at in range(_count(weights, "inputs.columns."))]
    width = tokens[0].shape[1]
    parts = [matrix[:, at * width : (at + 1) * width] for at in range(len(tokens) + bool(columns))]
    tables = [table @ part.T for table, part in zip(tokens, parts, strict=False)]
    tables[0] = tables[0] + bias
    return tables, [table @ parts[-1].T for table in columns]


def _count(weights: Weights, prefix: str) -> int:
    return sum(name.startswith(prefix) for name in weights)
