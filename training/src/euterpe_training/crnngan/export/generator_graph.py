"""The continuous C-RNN-GAN generator as an ONNX graph, built from its weights; needs no PyTorch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_training.crnngan.export.weights import GeneratorWeights
from euterpe_training.onnx_graph import GraphBuilder


def build_generator(weights: GeneratorWeights) -> bytes:
    """Return the serialized graph: a Scan over the steps with LSTM operators inside (the fastest form measured).

    Inputs `noise` [steps, batch, noise], `previous` [batch, features], `h` and `c` [layers, batch, hidden];
    outputs `events` [steps, batch, features], `previous_out`, `h_out`, `c_out`. Steps and batch are dynamic, and
    steps run over several calls, with the state passed on, equal those of one call.
    """
    previous = ("batch", weights.features)
    state = (len(weights.layers), "batch", weights.hidden)
    graph = GraphBuilder()
    graph.input("noise", "steps", "batch", weights.noise)
    graph.input("previous", *previous)
    graph.input("h", *state)
    graph.input("c", *state)
    graph.add(
        "Scan", ["previous", "h", "c", "noise"], ["previous_out", "h_out", "c_out", "events"],
        body=_step(weights).to_graph("step"), num_scan_inputs=1,
    )  # fmt: skip
    graph.output("events", "steps", "batch", weights.features)
    graph.output("previous_out", *previous)
    graph.output("h_out", *state)
    graph.output("c_out", *state)
    graph.constants(_constants(weights))
    return graph.build("crnngan_generator")


def _step(weights: GeneratorWeights) -> GraphBuilder:
    """Build one step: concat(noise, previous) → linear, ReLU → LSTM layers → linear."""
    step, layers = GraphBuilder(), len(weights.layers)
    previous, state = ("batch", weights.features), (layers, "batch", weights.hidden)
    step.input("previous_in", *previous)
    step.input("h_in", *state)
    step.input("c_in", *state)
    step.input("noise_in", "batch", weights.noise)
    step.add("Concat", ["noise_in", "previous_in"], ["joined"], axis=1)
    step.add("Gemm", ["joined", "input_weight", "input_bias"], ["linear"], transB=1)
    step.add("Relu", ["linear"], ["hidden"])
    step.add("Unsqueeze", ["hidden", "axis0"], ["x0"])
    step.add("Split", ["h_in"], [f"h{i}" for i in range(layers)], axis=0)
    step.add("Split", ["c_in"], [f"c{i}" for i in range(layers)], axis=0)
    for i in range(layers):
        inputs = [f"x{i}", f"w{i}", f"r{i}", f"b{i}", "", f"h{i}", f"c{i}"]
        step.add("LSTM", inputs, ["", f"h_after{i}", f"c_after{i}"], hidden_size=weights.hidden)
        step.add("Identity", [f"h_after{i}"], [f"x{i + 1}"])
    step.add("Concat", [f"h_after{i}" for i in range(layers)], ["h_next"], axis=0)
    step.add("Concat", [f"c_after{i}" for i in range(layers)], ["c_next"], axis=0)
    step.add("Squeeze", [f"x{layers}", "axis0"], ["top"])
    step.add("Gemm", ["top", "output_weight", "output_bias"], ["event"], transB=1)
    step.add("Identity", ["event"], ["event_state"])
    step.output("event_state", *previous)
    step.output("h_next", *state)
    step.output("c_next", *state)
    step.output("event", *previous)
    return step


def _constants(weights: GeneratorWeights) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "axis0": np.zeros(1, np.int64),
        "input_weight": weights.input_weight,
        "input_bias": weights.input_bias,
        "output_weight": weights.output_weight,
        "output_bias": weights.output_bias,
    }
    for i, layer in enumerate(weights.layers):
        arrays |= {f"w{i}": layer.w[None], f"r{i}": layer.r[None], f"b{i}": layer.b[None]}
    return arrays
