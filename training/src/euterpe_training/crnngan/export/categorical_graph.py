"""The categorical generator as an ONNX graph, built from its weights; needs no PyTorch.

Tensor names are part of a graph's bytes, and so of the digests of released bundles: they keep their spelling.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from euterpe_training.crnngan.export.weights import CategoricalWeights
from euterpe_training.onnx_graph import Axes, GraphBuilder

#: Below this noise scale every draw is the most probable class.
_MIN_NOISE_SCALE: Final = 1e-4
#: Uniform draws per step: one for each attribute of an event.
DRAWS: Final = 4


def build_categorical(weights: CategoricalWeights) -> bytes:
    """Return the serialized graph: a Scan over the steps, as in `build_generator`.

    Inputs `noise` [steps, batch, 4], `controls` [batch, controls + 1] with the noise scale last, and the state
    `previous` [batch, hidden], `clock` [batch, 1], `h` and `c` [layers, batch, hidden]; outputs `events`
    [steps, batch, 4] and the next state under the same names with `_out`.
    """
    graph, state = GraphBuilder(), state_axes(weights)
    graph.input("noise", "steps", "batch", DRAWS)
    graph.input("controls", "batch", weights.controls + 1)
    for name, axes in state.items():
        graph.input(name, *axes)
    graph.add("Slice", ["controls", "axis0", "scale_at", "axis1"], ["style"])
    graph.add("Slice", ["controls", "scale_at", "scale_end", "axis1"], ["noise_scale"])
    graph.add("Max", ["noise_scale", "smallest_scale"], ["safe_scale"])
    graph.add("Reciprocal", ["safe_scale"], ["sharpness"])
    graph.add("Gemm", ["style", "controlled_weight", "controlled_bias"], ["control"], transB=1)
    graph.add(
        "Scan", [*state, "noise"], [*(f"{name}_out" for name in state), "events"],
        body=_step(weights).to_graph("step"), num_scan_inputs=1,
    )  # fmt: skip
    graph.output("events", "steps", "batch", DRAWS)
    for name, axes in state.items():
        graph.output(f"{name}_out", *axes)
    graph.constants(_constants(weights))
    return graph.build("crnngan_categorical")


def state_axes(weights: CategoricalWeights) -> dict[str, Axes]:
    """Return the axes of each tensor of the state, by its input's name."""
    recurrent = (len(weights.layers), "batch", weights.hidden)
    return {"previous": ("batch", weights.hidden), "clock": ("batch", 1), "h": recurrent, "c": recurrent}


def _step(weights: CategoricalWeights) -> GraphBuilder:
    step, layers, state = GraphBuilder(), len(weights.layers), state_axes(weights)
    for name, axes in state.items():
        step.input(f"{name}_in", *axes)
    step.input("noise_in", "batch", DRAWS)
    step.add("Add", ["previous_in", "control"], ["linear"])
    step.add("Relu", ["linear"], ["hidden"])
    step.add("Unsqueeze", ["hidden", "axis0"], ["x0"])
    step.add("Split", ["h_in"], [f"h{i}" for i in range(layers)], axis=0)
    step.add("Split", ["c_in"], [f"c{i}" for i in range(layers)], axis=0)
    step.add("Split", ["noise_in"], [f"u{i}" for i in range(DRAWS)], axis=1)
    for i in range(layers):
        inputs = [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "", f"h{i}", f"c{i}"]
        step.add("LSTM", inputs, ["", f"x{i + 1}", f"c_after{i}"], hidden_size=weights.hidden)
    step.add("Concat", [f"x{i + 1}" for i in range(layers)], ["h_next"], axis=0)
    step.add("Concat", [f"c_after{i}" for i in range(layers)], ["c_next"], axis=0)
    step.add("Squeeze", [f"x{layers}", "axis0"], ["top"])
    # Padded with zeros to 3 · head + hidden, so that all embeddings add up in one tensor.
    step.add("Gemm", ["top", "mixed_weight", "mixed_bias"], ["said"], transB=1)
    for index in range(DRAWS):
        _add_draw(step, index)
    step.add("Slice", ["said4", "part3", "part4", "axis1"], ["previous_next"])
    step.add("Concat", ["value0", "value2", "value1", "value3"], ["event"], axis=1)
    for name, axes in state.items():
        step.output(f"{name}_next", *axes)
    step.output("event", "batch", DRAWS)
    return step


def _add_draw(step: GraphBuilder, index: int) -> None:
    """Add attribute `index`: its logits, the class sampled by inverting their distribution, and its embedding."""
    total = f"said{index}" if index else "said"
    if index:
        step.add("Slice", [total, f"part{index - 1}", f"part{index}", "axis1"], [f"heard{index}"])
        step.add("Relu", [f"heard{index}"], [f"input{index}"])
    step.add("Gemm", [f"input{index}" if index else "top", f"lw{index}", f"lb{index}"], [f"logit{index}"], transB=1)
    step.add("Mul", [f"logit{index}", "sharpness"], [f"sharp{index}"])
    # Subtracting the largest keeps exp in range whatever the noise scale.
    step.add("ReduceMax", [f"sharp{index}"], [f"max{index}"], axes=[1])
    step.add("Sub", [f"sharp{index}", f"max{index}"], [f"under{index}"])
    step.add("Exp", [f"under{index}"], [f"mass{index}"])
    step.add("CumSum", [f"mass{index}", "axis1_scalar"], [f"below{index}"])
    step.add("ReduceSum", [f"mass{index}", "axis1"], [f"all{index}"])
    step.add("Mul", [f"all{index}", f"u{index}"], [f"at{index}"])
    step.add("Less", [f"below{index}", f"at{index}"], [f"passed{index}"])
    step.add("Cast", [f"passed{index}"], [f"counted{index}"], to=TensorProto.INT32)
    step.add("ReduceSum", [f"counted{index}", "axis1"], [f"found{index}"], keepdims=0)
    step.add("Min", [f"found{index}", f"last{index}"], [f"class{index}"])
    step.add("Gather", [f"told{index}", f"class{index}"], [f"tells{index}"])
    step.add("Gather", [f"floats{index}", f"class{index}"], [f"value{index}"])
    if index:
        step.add("Add", [total, f"tells{index}"], [f"said{index + 1}"])
        return
    # The first attribute is the delta, which advances the position in the bar.
    step.add("Gather", ["units", "class0"], ["unit"])
    step.add("Add", ["clock_in", "unit"], ["later"])
    step.add("Mod", ["later", "positions"], ["clock_next"], fmod=1)
    step.add("Cast", ["clock_next"], ["place_column"], to=TensorProto.INT32)
    step.add("Squeeze", ["place_column", "axis1"], ["place"])
    step.add("Gather", ["told4", "place"], ["time_tells"])
    step.add("Add", ["tells0", "time_tells"], ["first_tells"])
    step.add("Add", [total, "first_tells"], ["said1"])


def _constants(weights: CategoricalWeights) -> dict[str, NDArray[Any]]:
    head, hidden = weights.head, weights.hidden
    arrays: dict[str, NDArray[Any]] = {
        "axis0": np.zeros(1, np.int64),
        "axis1": np.ones(1, np.int64),
        "axis1_scalar": np.array(1, np.int64),
        "scale_at": np.array([weights.controls], np.int64),
        "scale_end": np.array([weights.controls + 1], np.int64),
        "smallest_scale": np.array([_MIN_NOISE_SCALE], np.float32),
        "positions": np.array([len(weights.embeddings[4])], np.float32),
        "units": weights.units[:, None],
        "controlled_weight": weights.control_weight,
        "controlled_bias": weights.control_bias,
        "mixed_weight": np.concatenate([weights.head_weight, np.zeros((hidden, hidden), np.float32)]),
        "mixed_bias": np.concatenate([weights.head_bias, np.zeros(hidden, np.float32)]),
        "told4": weights.embeddings[4],
    }
    for index, edge in enumerate((0, head, 2 * head, 3 * head, 3 * head + hidden)):
        arrays[f"part{index}"] = np.array([edge], np.int64)
    for index, (weight, bias) in enumerate(weights.logits):
        arrays |= {f"lw{index}": weight, f"lb{index}": bias, f"told{index}": weights.embeddings[index]}
        arrays |= {f"floats{index}": weights.floats[index][:, None], f"last{index}": np.array(len(bias) - 1, np.int32)}
    for i, layer in enumerate(weights.layers):
        arrays |= {f"w{i}": layer.w[None], f"r{i}": layer.r[None], f"b{i}": layer.b[None]}
    return arrays
