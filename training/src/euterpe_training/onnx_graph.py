"""ONNX graphs built node by node from arrays, without PyTorch."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
Axes = tuple[str | int, ...]

OPSET: Final = 17
#: ONNX Runtime refuses graphs of an IR version that it does not know; 8 belongs to opset 17.
IR_VERSION: Final = 8
FLOAT: Final = TensorProto.FLOAT
INT64: Final = TensorProto.INT64
UINT8: Final = TensorProto.UINT8


class GraphBuilder:
    """Collects the nodes, constants, inputs and outputs of a graph, or of a subgraph such as a Scan's body.

    Values are named by the caller (`add`, `constants`) or automatically (`node`, `constant`). Equal calls give equal
    bytes.
    """

    def __init__(self, opset: int = OPSET, ir_version: int = IR_VERSION) -> None:
        self.opset, self.ir_version = opset, ir_version
        self.inputs: dict[str, Axes] = {}
        self.outputs: dict[str, Axes] = {}
        self._dtypes: dict[str, int] = {}
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._node_count = 0

    def input(self, name: str, *axes: str | int, dtype: int = FLOAT) -> str:
        """Declare an input; an axis given as text has a size of its own in each call."""
        self.inputs[name], self._dtypes[name] = axes, dtype
        return name

    def output(self, name: str, *axes: str | int, value: str | None = None) -> None:
        """Declare an output: the value of that name, or `value` copied to it."""
        if value is not None:
            self.add("Identity", [value], [name])
        self.outputs[name] = axes

    def constants(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add constants under names; those without an axis get one of length 1."""
        self._constants |= {name: np.ascontiguousarray(array) for name, array in arrays.items()}

    def constant(self, value: Any, dtype: Any = np.float32, name: str = "") -> str:
        """Return the name of a constant: `name`, or an automatic one, under which equal constants are stored once."""
        array = np.ascontiguousarray(value, dtype) if np.ndim(value) else np.array(value, dtype)
        if name:
            self._constants[name] = array
            return name
        for name, known in self._constants.items():
            if known.dtype == array.dtype and known.shape == array.shape and np.array_equal(known, array):
                return name
        name = f"constant{len(self._constants)}"
        self._constants[name] = array
        return name

    def add(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> None:
        """Add a node between named values."""
        self._nodes.append(helper.make_node(kind, list(inputs), list(outputs), **attributes))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        return self.nodes(kind, 1, *inputs, **attributes)[0]

    def nodes(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node with several outputs; return their names."""
        self._node_count += 1
        names = [f"{kind.lower()}{self._node_count}_{index}" for index in range(outputs)]
        self.add(kind, inputs, names, **attributes)
        return names

    def split(self, value: str, *sizes: int) -> list[str]:
        """Cut `value` along its last axis."""
        return self.nodes("Split", len(sizes), value, self.constant(list(sizes), np.int64), axis=-1)

    def linear(self, value: str, weight: Array, bias: Array | None = None) -> str:
        """Compute value · weightᵀ + bias, with `weight` [out, in] as PyTorch stores it."""
        product = self.node("MatMul", value, self.constant(np.ascontiguousarray(weight.T)))
        return product if bias is None else self.node("Add", product, self.constant(bias))

    def layer_norm(self, value: str, weight: Array, bias: Array) -> str:
        """Normalize over the last axis."""
        return self.node("LayerNormalization", value, self.constant(weight), self.constant(bias), axis=-1)

    def sum_embeddings(self, source: str, tables: list[Array], *, int8: bool = False) -> str:
        """Add up one row of each table [size, width], indexed by the columns of `source` [batch, columns].

        With `int8` the tables are stored as integers, with a scale for each of their columns.
        """
        sizes = [len(table) for table in tables]
        first_rows = self.constant(np.cumsum([0, *sizes[:-1]]), np.int64)
        stacked = np.concatenate(tables)
        scale = np.maximum(np.abs(stacked).max(axis=0), 1e-12) / 127
        # One Gather for all tables: a node for each would cost more in overhead than in work.
        stored = self.constant(np.rint(stacked / scale), np.int8) if int8 else self.constant(stacked)
        rows = self.node("Gather", stored, self.node("Add", source, first_rows), axis=0)
        floats = self.node("Cast", rows, to=FLOAT) if int8 else rows
        total = self.node("ReduceSum", floats, self.constant([1], np.int64), keepdims=0)
        return self.node("Mul", total, self.constant(scale)) if int8 else total

    def to_graph(self, name: str) -> Any:
        """Return the graph alone, for use as a subgraph."""
        return helper.make_graph(
            self._nodes, name,
            [self._info(*each) for each in self.inputs.items()], [self._info(*each) for each in self.outputs.items()],
            [numpy_helper.from_array(array, constant) for constant, array in self._constants.items()],
        )  # fmt: skip

    def build(self, name: str) -> bytes:
        """Return the checked model, serialized."""
        opset = helper.make_opsetid("", self.opset)
        model = helper.make_model(self.to_graph(name), opset_imports=[opset], producer_name="euterpe-training")
        model.ir_version = self.ir_version
        return serialize(model)

    def _info(self, name: str, axes: Axes) -> Any:
        return helper.make_tensor_value_info(name, self._dtypes.get(name, FLOAT), list(axes))


def serialize(model: Any) -> bytes:
    """Check a model and return its bytes, the same for equal models."""
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
