"""The continuous C-RNN-GAN generator as an ONNX graph, built from its weights; needs no PyTorch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_training.crnngan.export.weights import GeneratorWeights
from euterpe_training.onnx_graph import Axes, GraphBuilder


def build_generator(weights: GeneratorWeights) -> bytes:
    """Return the serialized graph: a Scan over the steps with LSTM operators inside (the fastest form measured).

    Inputs `noise` [steps, batch, noise], `previous` [batch, features], `h` and `c` [layers, batch, hidden];
    outputs `events` [steps, batch, features], `previous_out`, `h_out`, `c_out`. With `multiscale` the state also has
    `slow_h` and `slow_c` [1, batch, hidden] and `tick` [batch, 1], the events since the slow layer's last step. Steps
    and batch are dynamic, and steps run over several calls, with the state passed on, equal those of one call.
    """
    graph, state = GraphBuilder(), state_axes(weights)
    graph.input("noise", "steps", "batch", weights.noise)
    for name, axes in state.items():
        graph.input(name, *axes)
    graph.add(
        "Scan", [*state, "noise"], [*(f"{name}_out" for name in state), "events"],
        body=_step(weights).to_graph("step"), num_scan_inputs=1,
    )  # fmt: skip
    graph.output("events", "steps", "batch", weights.features)
    for name, axes in state.items():
        graph.output(f"{name}_out", *axes)
    graph.constants(_constants(weights))
    return graph.build("crnngan_generator")


def state_axes(weights: GeneratorWeights) -> dict[str, Axes]:
    """Return the axes of each tensor of the state, by its input's name."""
    recurrent: Axes = (len(weights.layers), "batch", weights.hidden)
    axes: dict[str, Axes] = {"previous": ("batch", weights.features), "h": recurrent, "c": recurrent}
    if weights.slow is not None:
        slow: Axes = (1, "batch", weights.hidden)
        axes |= {"slow_h": slow, "slow_c": slow, "tick": ("batch", 1)}
    return axes


def _step(weights: GeneratorWeights) -> GraphBuilder:
    """Build one step: concat(noise, previous) → linear, ReLU → LSTM layers → linear."""
    step, layers, state = GraphBuilder(), len(weights.layers), state_axes(weights)
    for name, axes in state.items():
        step.input(f"{name}_in", *axes)
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
    if weights.slow is None:
        step.add("Squeeze", [f"x{layers}", "axis0"], ["top"])
    else:
        _add_slow_layer(step, weights.hidden, f"x{layers}")
    step.add("Gemm", ["top", "output_weight", "output_bias"], ["event"], transB=1)
    step.add("Identity", ["event"], ["event_state"])
    for name, axes in state.items():
        step.output("event_state" if name == "previous" else f"{name}_next", *axes)
    step.output("event", *state["previous"])
    return step


def _add_slow_layer(step: GraphBuilder, hidden: int, top: str) -> None:
    """Add the slow layer's output to `top`; its rows step where their `tick` is 0, and keep their state elsewhere."""
    step.add("LSTM", ["x0", "slow_w", "slow_r", "slow_b", "", "slow_h_in", "slow_c_in"],
             ["", "slow_h_after", "slow_c_after"], hidden_size=hidden)  # fmt: skip
    step.add("Less", ["tick_in", "half"], ["is_due"])
    step.add("Where", ["is_due", "slow_h_after", "slow_h_in"], ["slow_h_next"])
    step.add("Where", ["is_due", "slow_c_after", "slow_c_in"], ["slow_c_next"])
    step.add("Add", ["tick_in", "one"], ["next_tick"])
    step.add("Mod", ["next_tick", "slow_ticks"], ["tick_next"], fmod=1)
    step.add("Add", [top, "slow_h_next"], ["both"])
    step.add("Squeeze", ["both", "axis0"], ["top"])


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
    if slow := weights.slow:
        arrays |= {"slow_w": slow.w[None], "slow_r": slow.r[None], "slow_b": slow.b[None]}
        numbers = {"half": 0.5, "one": 1.0, "slow_ticks": weights.slow_ticks}
        arrays |= {name: np.array([value], np.float32) for name, value in numbers.items()}
    return arrays
