"""The C-RNN-GAN generator as an ONNX graph, built by hand from its weights; needs no torch."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = NDArray[np.float32]

OPSET: Final = 17
#: ONNX Runtime refuses graphs of an IR version that it does not know; 8 belongs to opset 17.
IR_VERSION: Final = 8


@dataclass(frozen=True)
class LstmWeights:
    """One LSTM layer: `w` [4H, in], `r` [4H, H], `b` [8H] (input biases, then recurrent ones), gates i o f c."""

    w: Weights
    r: Weights
    b: Weights

    @classmethod
    def from_torch_order(cls, w: Weights, r: Weights, b_input: Weights, b_recurrent: Weights) -> "LstmWeights":
        """The layer from PyTorch's gate order (i f g o) in ONNX's (i o f c)."""

        def reorder(matrix: Weights) -> Weights:
            i, f, g, o = np.split(matrix, 4)
            return np.concatenate([i, o, f, g])

        return cls(reorder(w), reorder(r), np.concatenate([reorder(b_input), reorder(b_recurrent)]))


@dataclass(frozen=True)
class GeneratorWeights:
    """All weights of a generator: input [H, noise + features], its layers, and output [features, H]."""

    input_weight: Weights
    input_bias: Weights
    layers: tuple[LstmWeights, ...]
    output_weight: Weights
    output_bias: Weights

    @property
    def hidden(self) -> int:
        """Units per layer."""
        return int(self.input_weight.shape[0])

    @property
    def features(self) -> int:
        """Floats per event."""
        return int(self.output_weight.shape[0])

    @property
    def noise(self) -> int:
        """Uniform draws per step."""
        return int(self.input_weight.shape[1]) - self.features


def build_generator(weights: GeneratorWeights) -> bytes:
    """The serialised graph: a Scan over the steps with LSTM operators inside (the fastest form measured).

    Inputs `noise` [steps, batch, noise], `previous` [batch, features], `h` and `c` [layers, batch, hidden];
    outputs `events` [steps, batch, features], `previous_out`, `h_out`, `c_out`. Steps and batch are dynamic, and
    steps done over several calls, with the state handed on, equal those of one call.
    """
    state = ["layers", "batch", "hidden"]
    sizes: dict[str, int | str] = {
        "features": weights.features, "noise": weights.noise, "hidden": weights.hidden, "layers": len(weights.layers),
    }  # fmt: skip

    def info(name: str, *axes: str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [sizes.get(axis, axis) for axis in axes])

    inputs = [
        info("noise", "steps", "batch", "noise"), info("previous", "batch", "features"),
        info("h", *state), info("c", *state),
    ]  # fmt: skip
    outputs = [
        info("events", "steps", "batch", "features"), info("previous_out", "batch", "features"),
        info("h_out", *state), info("c_out", *state),
    ]  # fmt: skip
    step_inputs = [info("previous_in", "batch", "features"), info("h_in", *state), info("c_in", *state)]
    step_inputs.append(info("noise_in", "batch", "noise"))
    step_outputs = [info("event_state", "batch", "features"), info("h_next", *state), info("c_next", *state)]
    step_outputs.append(info("event", "batch", "features"))
    step = helper.make_graph(_step_nodes(weights), "step", step_inputs, step_outputs)
    scan = helper.make_node(
        "Scan", ["previous", "h", "c", "noise"], ["previous_out", "h_out", "c_out", "events"],
        body=step, num_scan_inputs=1,
    )  # fmt: skip
    graph = helper.make_graph([scan], "crnngan_generator", inputs, outputs, _initializers(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="euterpe-training")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _step_nodes(weights: GeneratorWeights) -> list[Any]:
    """One step: concat(noise, previous) → linear, ReLU → LSTM layers → linear."""
    node, layers = helper.make_node, len(weights.layers)
    nodes = [
        node("Concat", ["noise_in", "previous_in"], ["joined"], axis=1),
        node("Gemm", ["joined", "input_weight", "input_bias"], ["linear"], transB=1),
        node("Relu", ["linear"], ["hidden"]),
        node("Unsqueeze", ["hidden", "axis0"], ["x0"]),
        node("Split", ["h_in"], [f"h{i}" for i in range(layers)], axis=0),
        node("Split", ["c_in"], [f"c{i}" for i in range(layers)], axis=0),
    ]
    for i in range(layers):
        source = [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "", f"h{i}", f"c{i}"]
        nodes.append(node("LSTM", source, ["", f"h_after{i}", f"c_after{i}"], hidden_size=weights.hidden))
        nodes.append(node("Identity", [f"h_after{i}"], [f"x{i + 1}"]))
    return [
        *nodes,
        node("Concat", [f"h_after{i}" for i in range(layers)], ["h_next"], axis=0),
        node("Concat", [f"c_after{i}" for i in range(layers)], ["c_next"], axis=0),
        node("Squeeze", [f"x{layers}", "axis0"], ["top"]),
        node("Gemm", ["top", "output_weight", "output_bias"], ["event"], transB=1),
        node("Identity", ["event"], ["event_state"]),
    ]


def _initializers(weights: GeneratorWeights) -> list[Any]:
    arrays: dict[str, NDArray[Any]] = {
        "axis0": np.zeros(1, np.int64),
        "input_weight": weights.input_weight,
        "input_bias": weights.input_bias,
        "output_weight": weights.output_weight,
        "output_bias": weights.output_bias,
    }
    for i, layer in enumerate(weights.layers):
        arrays |= {f"w{i}": layer.w[None], f"r{i}": layer.r[None], f"b{i}": layer.b[None]}
    return [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
