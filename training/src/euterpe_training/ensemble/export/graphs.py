"""Write an ensemble network as ONNX graphs: `step`, and a head per column; in fp32 or with int8 products.

int8 weights have a scale per output, activations a scale per row, so that a piece does not depend on its company.
Constants have the names of the network's weights, so that `bundle_weights` can read them back: matrices of products are
transposed, int8 ones have the suffixes `INT8_SUFFIX` and `SCALE_SUFFIX`, and the entries of all heads are one matrix.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
from euterpe_music.ensemble_manifest import STATIC_COUNT
from euterpe_music.note_events.features import ECHO_COUNT, ECHO_SIZES, FEATURE_SIZES
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES
from euterpe_music.note_events.spec import COLUMN_SIZES, COLUMNS
from numpy.typing import NDArray

from euterpe_training.ensemble.config import NetworkConfig
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.errors import TrainingError
from euterpe_training.onnx_graph import FLOAT, INT64, UINT8, Array, GraphBuilder

Variant = Literal["fp32", "int8"]
Weights = dict[str, Array]

INT8_SUFFIX = "/int8"
SCALE_SUFFIX = "/scale"
ALL_ENTRIES = "heads.entries"

_EPSILON = float(np.finfo(np.float32).eps)
_BATCH = "batch"
_LEVELS = 127
_ZERO = 128


def checked_variants(names: Sequence[str]) -> tuple[Variant, ...]:
    """Return variants by name. Raises `TrainingError` for an unknown one."""
    known: tuple[Variant, ...] = get_args(Variant)
    if unknown := [name for name in names if name not in known]:
        raise TrainingError(f"unknown variant {unknown[0]!r}; known are {', '.join(known)}")
    return tuple(variant for name in dict.fromkeys(names) for variant in known if variant == name)


def step_graph(network: EnsembleNetwork, variant: Variant = "fp32") -> GraphBuilder:
    """Return the graph of one step.

    Inputs: `values` [batch, features], `echoes` [batch, candidates * 4], `statics` [batch, 3 + parts] and the state,
    `memory0`, `last0`, … Outputs: `entries` [batch, 5 * head width], what the heads begin with, and the state with the
    suffix `_out`. Raises `TrainingError` for backbones without a graph.
    """
    writer = _Writer(network, variant)
    row = writer.inputs()
    steps: dict[str, Callable[[str], str]] = {"retention": writer.retention, "lstm": writer.lstm}
    if network.config.backbone not in steps:
        raise TrainingError(f"the backbone {network.config.backbone} has no step graph; known are {', '.join(steps)}")
    row = steps[network.config.backbone](row)
    writer.entries(row)
    return writer.graph


def head_graph(network: EnsembleNetwork, column: int, variant: Variant = "fp32") -> GraphBuilder:
    """Return the graph of one column's head: `entry` [batch, head width] and `chosen` [batch, column] → `logits`.

    From the pitch on, `history` [batch, 5] of the chosen part is an input, too (see `note_events.part_history`).
    """
    writer = _Writer(network, variant)
    graph, width = writer.graph, network.config.head_width
    inner = graph.input("entry", _BATCH, width)
    if column:
        chosen = graph.input("chosen", _BATCH, column, dtype=INT64)
        sizes = COLUMN_SIZES[:column]
        gate = writer.look_up(chosen, f"heads.gates.{column - 1}", sizes, 1)
        shift = writer.look_up(chosen, f"heads.chosen.{column - 1}", sizes, 1)
        if column >= FIRST_COLUMN:
            history, place = (
                graph.input("history", _BATCH, len(HISTORY_SIZES), dtype=INT64),
                column - FIRST_COLUMN,
            )
            past_gate = writer.look_up(history, f"heads.history_gates.{place}", HISTORY_SIZES, 1)
            past = writer.look_up(history, f"heads.history.{place}", HISTORY_SIZES, 1)
            gate, shift = graph.node("Add", gate, past_gate), graph.node("Add", shift, past)
        inner = graph.node("Add", graph.node("Mul", inner, graph.node("Add", gate, graph.constant(1.0))), shift)
    prefix = f"heads.exits.{column}"
    logits = writer.product(writer.silu(inner), f"{prefix}.weight")
    biased = graph.node("Add", logits, writer.vector(f"{prefix}.bias"))
    graph.output("logits", _BATCH, COLUMN_SIZES[column], value=biased)
    return graph


class _Writer:
    """Writes the parts of a network's graphs."""

    def __init__(self, network: EnsembleNetwork, variant: Variant) -> None:
        self.config: NetworkConfig = network.config
        self.weights: Weights = {
            name: value.detach().float().cpu().numpy() for name, value in network.state_dict().items()
        }
        self.variant = variant
        self.graph = GraphBuilder()

    def inputs(self) -> str:
        """Write the embeddings of a row's inputs."""
        graph = self.graph
        values = graph.input("values", _BATCH, len(FEATURE_SIZES), dtype=INT64)
        echoes = graph.input("echoes", _BATCH, ECHO_COUNT * len(ECHO_SIZES), dtype=INT64)
        statics = graph.input("statics", _BATCH, STATIC_COUNT, dtype=INT64)
        row = self.look_up(values, "inputs.values", FEATURE_SIZES, 1)
        styles = self.config.style_sizes
        first_rows = [*np.cumsum([0, *styles[:2]]), *[sum(styles)] * (STATIC_COUNT - 3)]
        fixed = self.look_up_rows(statics, "inputs.statics", first_rows, 1)
        shaped = graph.node("Reshape", echoes, graph.constant([-1, ECHO_COUNT, len(ECHO_SIZES)], np.int64))
        embedded_echoes = self.look_up(shaped, "inputs.echoes", ECHO_SIZES, 2)
        flat = graph.node(
            "Reshape", embedded_echoes, graph.constant([-1, ECHO_COUNT * self.config.echo_width], np.int64)
        )
        total = graph.node("Sum", row, fixed, self.product(flat, "inputs.echo_layer.weight"))
        return self.norm(total, "inputs.norm.weight")

    def entries(self, row: str) -> None:
        """Write what all heads begin with, as one product."""
        graph = self.graph
        for kind in ("weight", "bias"):
            parts = [self.weights[f"heads.entries.{column}.{kind}"] for column in range(len(COLUMNS))]
            self.weights[f"{ALL_ENTRIES}.{kind}"] = np.concatenate(parts)
        product = self.product(self.norm(row, "heads.norm.weight"), f"{ALL_ENTRIES}.weight")
        entries = graph.node("Add", product, self.vector(f"{ALL_ENTRIES}.bias"))
        graph.output("entries", _BATCH, len(COLUMNS) * self.config.head_width, value=entries)

    def retention(self, row: str) -> str:
        """Write all layers of the retention backbone; see `RetentionLayer`."""
        for number in range(self.config.layers):
            row = self.graph.node("Add", row, self._retention_layer(row, number))
            row = self.graph.node("Add", row, self._feed_forward(row, f"backbone.forwards.{number}"))
        return row

    def _retention_layer(self, row: str, number: int) -> str:
        graph, config = self.graph, self.config
        heads, keys, values = config.heads, config.key_width, config.width // config.heads
        prefix = f"backbone.mixers.{number}"
        memory = graph.input(f"memory{number}", _BATCH, heads, keys, values)
        last = graph.input(f"last{number}", _BATCH, config.width)
        now = self.norm(row, f"{prefix}.norm.weight")
        difference = graph.node("Mul", graph.node("Sub", last, now), self.vector(f"{prefix}.shift"))
        inner = self.product(graph.node("Add", now, difference), f"{prefix}.inner.weight")
        sizes = (heads * keys, heads * keys, config.width, config.width, heads)
        query, key, value, gate, fading = graph.split(inner, *sizes)
        kept = graph.node("Add", fading, self.vector(f"{prefix}.fading"))
        decay = self._reshape(graph.node("Sigmoid", kept), heads, 1, 1)
        scaled = graph.node("Mul", key, graph.constant(keys**-0.5))
        written = graph.node("Mul", self._reshape(scaled, heads, keys, 1), self._reshape(value, heads, 1, values))
        kept_memory = graph.node("Mul", memory, decay)
        # Written to the output itself: copying it costs as much as computing it.
        memory = f"memory{number}_out"
        graph.add("Add", [kept_memory, written], [memory])
        graph.output(memory, _BATCH, heads, keys, values)
        read = graph.node("MatMul", self._reshape(query, heads, 1, keys), memory)
        output = self._reshape(self.norm(read), config.width)
        graph.output(f"last{number}_out", _BATCH, config.width, value=now)
        return self.product(graph.node("Mul", output, self.silu(gate)), f"{prefix}.outer.weight")

    def _feed_forward(self, row: str, prefix: str) -> str:
        inner = self.product(self.norm(row, f"{prefix}.norm.weight"), f"{prefix}.inner.weight")
        gate, value = self.graph.split(inner, self.config.feed_forward, self.config.feed_forward)
        return self.product(self.graph.node("Mul", self.silu(gate), value), f"{prefix}.outer.weight")

    def lstm(self, row: str) -> str:
        """Write all layers of the LSTM backbone, gates in torch's order: input, forget, cell, output."""
        graph, units = self.graph, self.config.recurrent
        given = self.norm(row, "backbone.norm.weight")
        for number in range(self.config.layers):
            hidden, cell = graph.input(f"h{number}", _BATCH, units), graph.input(f"c{number}", _BATCH, units)
            own = self.product(given, f"backbone.lstm.weight_ih_l{number}")
            back = self.product(hidden, f"backbone.lstm.weight_hh_l{number}")
            biases = (self.vector(f"backbone.lstm.bias_{kind}_l{number}") for kind in ("ih", "hh"))
            parts = graph.split(graph.node("Sum", own, back, *biases), units, units, units, units)
            enter, keep, leave = (graph.node("Sigmoid", parts[index]) for index in (0, 1, 3))
            new = graph.node("Mul", enter, graph.node("Tanh", parts[2]))
            cell = graph.node("Add", graph.node("Mul", keep, cell), new)
            given = graph.node("Mul", leave, graph.node("Tanh", cell))
            graph.output(f"h{number}_out", _BATCH, units, value=given)
            graph.output(f"c{number}_out", _BATCH, units, value=cell)
        return graph.node("Add", row, self.product(given, "backbone.out.weight"))

    def vector(self, name: str) -> str:
        """Return the name of a constant that holds a weight as it is."""
        return self.graph.constant(self.weights[name], name=name)

    def product(self, rows: str, name: str) -> str:
        """Write rows · weightᵀ. In int8, each row is scaled by its own largest value."""
        graph, weight = self.graph, self.weights[name]
        if self.variant == "fp32":
            return graph.node("MatMul", rows, graph.constant(weight.T, name=name))
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / _LEVELS
        whole = np.clip(np.rint(weight / scale[:, None]), -_LEVELS, _LEVELS).astype(np.int8).T
        largest = graph.node("ReduceMax", graph.node("Abs", rows), axes=[1], keepdims=1)
        size = graph.node("Max", graph.node("Mul", largest, graph.constant(1 / _LEVELS)), graph.constant(1e-12))
        rounded = graph.node("Round", graph.node("Div", rows, size))
        shifted = graph.node("Cast", graph.node("Add", rounded, graph.constant(float(_ZERO))), to=UINT8)
        stored, scales = self._int8(name, whole, scale)
        sums = graph.node("MatMulInteger", shifted, stored, graph.constant(_ZERO, np.uint8))
        return graph.node("Mul", graph.node("Mul", graph.node("Cast", sums, to=FLOAT), size), scales)

    def look_up(self, source: str, name: str, sizes: tuple[int, ...], axis: int) -> str:
        """Write the sum over the last axis of `source` of the rows it names, each column in its own part of a table."""
        return self.look_up_rows(source, name, np.cumsum([0, *sizes[:-1]]).tolist(), axis)

    def look_up_rows(self, source: str, name: str, first_rows: list[int], axis: int) -> str:
        """Write the sum over `axis` of rows of a table, whose parts begin at `first_rows`."""
        graph, table = self.graph, self.weights[name]
        index = graph.node("Add", source, graph.constant(first_rows, np.int64))
        axes = graph.constant([axis], np.int64)
        if self.variant == "fp32":
            return graph.node("ReduceSum", graph.node("Gather", self.vector(name), index), axes, keepdims=0)
        scale = np.maximum(np.abs(table).max(axis=0), 1e-12) / _LEVELS
        stored, scales = self._int8(name, np.rint(table / scale), scale)
        rows = graph.node("Cast", graph.node("Gather", stored, index), to=FLOAT)
        return graph.node("Mul", graph.node("ReduceSum", rows, axes, keepdims=0), scales)

    def _int8(self, name: str, whole: NDArray[Any], scale: Array) -> tuple[str, str]:
        """Store an int8 weight and the scale of each of its columns."""
        constant = self.graph.constant
        return constant(whole, np.int8, name + INT8_SUFFIX), constant(scale, name=name + SCALE_SUFFIX)

    def norm(self, rows: str, name: str = "") -> str:
        """Write the root-mean-square norm over the last axis, times the weight of that name."""
        graph = self.graph
        mean = graph.node("ReduceMean", graph.node("Mul", rows, rows), axes=[-1], keepdims=1)
        root = graph.node("Sqrt", graph.node("Add", mean, graph.constant(_EPSILON)))
        normal = graph.node("Div", rows, root)
        return graph.node("Mul", normal, self.vector(name)) if name else normal

    def silu(self, rows: str) -> str:
        """Write x · sigmoid(x)."""
        return self.graph.node("Mul", rows, self.graph.node("Sigmoid", rows))

    def _reshape(self, value: str, *axes: int) -> str:
        return self.graph.node("Reshape", value, self.graph.constant([-1, *axes], np.int64))


def state_names(config: NetworkConfig) -> list[str]:
    """Return the names of the state's inputs in the order of the network's state tensors."""
    kinds = {"retention": ("memory", "last"), "lstm": ("h", "c")}[config.backbone]
    if config.backbone == "lstm":
        return [f"{kind}{number}" for kind in kinds for number in range(config.layers)]
    return [f"{kind}{number}" for number in range(config.layers) for kind in kinds]


def state_arrays(config: NetworkConfig, batch: int) -> dict[str, Array]:
    """Return the state before the first event, by the names of the graph's inputs."""
    memory = (batch, config.heads, config.key_width, config.width // config.heads)
    widths = {
        "memory": memory,
        "last": (batch, config.width),
        "h": (batch, config.recurrent),
        "c": (batch, config.recurrent),
    }
    shapes = {name: widths[name.rstrip("0123456789")] for name in state_names(config)}
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}
