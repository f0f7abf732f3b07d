"""The categorical generator as an ONNX graph, built by hand from its weights; needs no torch."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from euterpe_training.crnngan.export.generator_graph import IR_VERSION, OPSET, LstmWeights, Weights

#: Under this, every draw is the likeliest class anyway.
_SMALLEST_SCALE: Final = 1e-4
DRAWS: Final = 4


@dataclass(frozen=True)
class CategoricalWeights:
    """All weights of a categorical generator, under the names of `models.categorical`.

    `told` are the embeddings of delta, pitch, length, velocity and place in the bar, [classes, 3 · head + hidden];
    `logits` pairs of weight and bias per attribute; `floats` what each class is in an event; `units` what each
    class of delta adds to the place in the bar.
    """

    controlled_weight: Weights
    controlled_bias: Weights
    layers: tuple[LstmWeights, ...]
    mixed_weight: Weights
    mixed_bias: Weights
    told: tuple[Weights, ...]
    logits: tuple[tuple[Weights, Weights], ...]
    floats: tuple[Weights, ...]
    units: Weights

    @property
    def hidden(self) -> int:
        """Units per layer."""
        return int(self.controlled_weight.shape[0])

    @property
    def controls(self) -> int:
        """Floats of style and density; the graph's `controls` has the noise scale after them."""
        return int(self.controlled_weight.shape[1])

    @property
    def head(self) -> int:
        """Units between one attribute and the next."""
        return int(self.mixed_weight.shape[0]) // 3


def build_categorical(weights: CategoricalWeights) -> bytes:
    """The serialised graph: a Scan over the steps, as `export.graph.build_generator` makes it.

    Inputs `noise` [steps, batch, 4], `controls` [batch, controls + 1] with the noise scale last, and the state
    `previous` [batch, hidden], `clock` [batch, 1], `h` and `c` [layers, batch, hidden]; outputs `events`
    [steps, batch, 4] and the next state under the same names with `_out`.
    """
    step = helper.make_graph(_step_nodes(weights), "step", *_step_ends(weights))
    state = ["previous", "clock", "h", "c"]
    nodes = [
        helper.make_node("Slice", ["controls", "axis0", "scale_at", "axis1"], ["style"]),
        helper.make_node("Slice", ["controls", "scale_at", "scale_end", "axis1"], ["noise_scale"]),
        helper.make_node("Max", ["noise_scale", "smallest_scale"], ["safe_scale"]),
        helper.make_node("Reciprocal", ["safe_scale"], ["sharpness"]),
        helper.make_node("Gemm", ["style", "controlled_weight", "controlled_bias"], ["control"], transB=1),
        helper.make_node(
            "Scan", [*state, "noise"], [*(f"{name}_out" for name in state), "events"], body=step, num_scan_inputs=1
        ),
    ]
    inputs, outputs = _ends(weights)
    graph = helper.make_graph(nodes, "crnngan_categorical", inputs, outputs, _initializers(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="euterpe-training")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _info(name: str, *axes: str | int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(axes))


def _ends(weights: CategoricalWeights) -> tuple[list[Any], list[Any]]:
    recurrent = (len(weights.layers), "batch", weights.hidden)
    state = {"previous": ("batch", weights.hidden), "clock": ("batch", 1), "h": recurrent, "c": recurrent}
    inputs = [
        _info("noise", "steps", "batch", DRAWS),
        _info("controls", "batch", weights.controls + 1),
        *(_info(name, *axes) for name, axes in state.items()),
    ]
    outputs = [_info("events", "steps", "batch", DRAWS), *(_info(f"{name}_out", *axes) for name, axes in state.items())]
    return inputs, outputs


def _step_ends(weights: CategoricalWeights) -> tuple[list[Any], list[Any]]:
    recurrent = (len(weights.layers), "batch", weights.hidden)
    state = {"previous": ("batch", weights.hidden), "clock": ("batch", 1), "h": recurrent, "c": recurrent}
    inputs = [*(_info(f"{name}_in", *axes) for name, axes in state.items()), _info("noise_in", "batch", DRAWS)]
    outputs = [*(_info(f"{name}_next", *axes) for name, axes in state.items()), _info("event", "batch", DRAWS)]
    return inputs, outputs


def _step_nodes(weights: CategoricalWeights) -> list[Any]:
    node, layers = helper.make_node, len(weights.layers)
    nodes = [
        node("Add", ["previous_in", "control"], ["linear"]),
        node("Relu", ["linear"], ["hidden"]),
        node("Unsqueeze", ["hidden", "axis0"], ["x0"]),
        node("Split", ["h_in"], [f"h{i}" for i in range(layers)], axis=0),
        node("Split", ["c_in"], [f"c{i}" for i in range(layers)], axis=0),
        node("Split", ["noise_in"], [f"u{i}" for i in range(DRAWS)], axis=1),
    ]
    for i in range(layers):
        source = [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "", f"h{i}", f"c{i}"]
        nodes.append(node("LSTM", source, ["", f"x{i + 1}", f"c_after{i}"], hidden_size=weights.hidden))
    nodes += [
        node("Concat", [f"x{i + 1}" for i in range(layers)], ["h_next"], axis=0),
        node("Concat", [f"c_after{i}" for i in range(layers)], ["c_next"], axis=0),
        node("Squeeze", [f"x{layers}", "axis0"], ["top"]),
        # Padded with zeros to 3 · head + hidden, so that everything that is told adds up in one tensor.
        node("Gemm", ["top", "mixed_weight", "mixed_bias"], ["said"], transB=1),
    ]
    for index in range(DRAWS):
        nodes += _draw_nodes(index)
    return [
        *nodes,
        node("Slice", ["said4", "part3", "part4", "axis1"], ["previous_next"]),
        node("Concat", ["value0", "value2", "value1", "value3"], ["event"], axis=1),
    ]


def _draw_nodes(index: int) -> list[Any]:
    """Attribute `index`: logits from what was said, a class by inverting their distribution, and what it tells."""
    node, said = helper.make_node, f"said{index}" if index else "said"
    nodes = []
    if index:
        nodes += [
            node("Slice", [said, f"part{index - 1}", f"part{index}", "axis1"], [f"heard{index}"]),
            node("Relu", [f"heard{index}"], [f"input{index}"]),
        ]
    nodes += [
        node("Gemm", [f"input{index}" if index else "top", f"lw{index}", f"lb{index}"], [f"logit{index}"], transB=1),
        node("Mul", [f"logit{index}", "sharpness"], [f"sharp{index}"]),
        # Subtracting the largest keeps exp in range whatever the noise scale.
        node("ReduceMax", [f"sharp{index}"], [f"max{index}"], axes=[1]),
        node("Sub", [f"sharp{index}", f"max{index}"], [f"under{index}"]),
        node("Exp", [f"under{index}"], [f"mass{index}"]),
        node("CumSum", [f"mass{index}", "axis1_scalar"], [f"below{index}"]),
        node("ReduceSum", [f"mass{index}", "axis1"], [f"all{index}"]),
        node("Mul", [f"all{index}", f"u{index}"], [f"at{index}"]),
        node("Less", [f"below{index}", f"at{index}"], [f"passed{index}"]),
        node("Cast", [f"passed{index}"], [f"counted{index}"], to=TensorProto.INT32),
        node("ReduceSum", [f"counted{index}", "axis1"], [f"found{index}"], keepdims=0),
        node("Min", [f"found{index}", f"last{index}"], [f"class{index}"]),
        node("Gather", [f"told{index}", f"class{index}"], [f"tells{index}"]),
        node("Gather", [f"floats{index}", f"class{index}"], [f"value{index}"]),
    ]
    if index:
        return [*nodes, node("Add", [said, f"tells{index}"], [f"said{index + 1}"])]
    return [
        *nodes,
        node("Gather", ["units", "class0"], ["unit"]),
        node("Add", ["clock_in", "unit"], ["later"]),
        node("Mod", ["later", "positions"], ["clock_next"], fmod=1),
        node("Cast", ["clock_next"], ["place_column"], to=TensorProto.INT32),
        node("Squeeze", ["place_column", "axis1"], ["place"]),
        node("Gather", ["told4", "place"], ["time_tells"]),
        node("Add", ["tells0", "time_tells"], ["first_tells"]),
        node("Add", [said, "first_tells"], ["said1"]),
    ]


def _initializers(weights: CategoricalWeights) -> list[Any]:
    head, hidden = weights.head, weights.hidden
    arrays: dict[str, NDArray[Any]] = {
        "axis0": np.zeros(1, np.int64),
        "axis1": np.ones(1, np.int64),
        "axis1_scalar": np.array(1, np.int64),
        "scale_at": np.array([weights.controls], np.int64),
        "scale_end": np.array([weights.controls + 1], np.int64),
        "smallest_scale": np.array([_SMALLEST_SCALE], np.float32),
        "positions": np.array([len(weights.told[4])], np.float32),
        "units": weights.units[:, None],
        "controlled_weight": weights.controlled_weight,
        "controlled_bias": weights.controlled_bias,
        "mixed_weight": np.concatenate([weights.mixed_weight, np.zeros((hidden, hidden), np.float32)]),
        "mixed_bias": np.concatenate([weights.mixed_bias, np.zeros(hidden, np.float32)]),
        "told4": weights.told[4],
    }
    for index, edge in enumerate((0, head, 2 * head, 3 * head, 3 * head + hidden)):
        arrays[f"part{index}"] = np.array([edge], np.int64)
    for index, (weight, bias) in enumerate(weights.logits):
        arrays |= {f"lw{index}": weight, f"lb{index}": bias, f"told{index}": weights.told[index]}
        arrays |= {f"floats{index}": weights.floats[index][:, None], f"last{index}": np.array(len(bias) - 1, np.int32)}
    for i, layer in enumerate(weights.layers):
        arrays |= {f"w{i}": layer.w[None], f"r{i}": layer.r[None], f"b{i}": layer.b[None]}
    return [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
