from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.ensemble_manifest import STATIC_COUNT
from euterpe_music.note_events.features import ECHO_COUNT, ECHO_SIZES, FEATURE_SIZES
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES
from euterpe_music.note_events.spec import COLUMN_SIZES
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.export.graphs import Variant, head_graph, state_arrays, state_names, step_graph
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.errors import TrainingError
from torch import nn

_STEPS = 12
BACKBONES = ("lstm", "retention")


def _network(backbone: str) -> EnsembleNetwork:
    torch.manual_seed(0)
    config = replace(recipe("tiny").network, backbone=backbone, style_sizes=(3, 4, 5))  # type: ignore[arg-type]
    network = EnsembleNetwork(config)
    for weight in network.parameters():
        if weight.ndim == 2 and not weight.any():
            nn.init.normal_(weight, std=0.2)
    return network.eval()


def _inputs(batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    values = generator.integers(0, FEATURE_SIZES, (_STEPS, batch, len(FEATURE_SIZES)))
    echoes = generator.integers(0, ECHO_SIZES, (_STEPS, batch, ECHO_COUNT, len(ECHO_SIZES)))
    statics = generator.integers(0, 3, (batch, STATIC_COUNT))
    return values, echoes, statics


def _session(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _run_graph(network: EnsembleNetwork, variant: Variant, rows: slice) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the entries of all steps [steps, batch, width] and the last state."""
    session = _session(step_graph(network, variant).build("step"))
    names = state_names(network.config)
    values, echoes, statics = _inputs(4)
    state = state_arrays(network.config, len(statics[rows]))
    entries = []
    for step in range(_STEPS):
        feed = {"values": values[step, rows], "echoes": echoes[step, rows].reshape(-1, 40), "statics": statics[rows]}
        result = dict(
            zip((out.name for out in session.get_outputs()), session.run(None, {**feed, **state}), strict=True)
        )
        entries.append(result["entries"])
        state = {name: result[f"{name}_out"] for name in names}
    return np.stack(entries), state


@torch.no_grad()
def _run_network(network: EnsembleNetwork) -> np.ndarray:
    values, echoes, statics = (torch.from_numpy(array) for array in _inputs(4))
    state, entries = network.initial_state(4), []
    for step in range(_STEPS):
        hidden, state = network.step(values[step], echoes[step], statics, state)
        entries.append(torch.cat([entry(hidden) for entry in network.heads.entries], dim=1))
    return torch.stack(entries).numpy()


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_graph_steps_as_the_network_does(backbone: str) -> None:
    network = _network(backbone)
    entries, _ = _run_graph(network, "fp32", slice(None))
    assert np.allclose(entries, _run_network(network), atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_int8_stays_close(backbone: str) -> None:
    network = _network(backbone)
    entries, _ = _run_graph(network, "int8", slice(None))
    expected = _run_network(network)
    assert np.abs(entries - expected).mean() < 0.05 * np.abs(expected).mean()
    assert len(step_graph(network, "int8").build("step")) < 0.5 * len(step_graph(network, "fp32").build("step"))


@pytest.mark.parametrize("variant", ["fp32", "int8"])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_row_does_not_depend_on_its_company(backbone: str, variant: Variant) -> None:
    network = _network(backbone)
    together, state = _run_graph(network, variant, slice(None))
    alone, own = _run_graph(network, variant, slice(2, 3))
    tolerance = 0 if variant == "int8" else 1e-5
    assert np.allclose(together[:, 2:3], alone, atol=tolerance + 1e-6)
    for name, part in own.items():
        assert np.allclose(state[name][2:3], part, atol=1e-5), name


@pytest.mark.parametrize("variant", ["fp32", "int8"])
@pytest.mark.parametrize("column", range(5))
def test_heads_give_the_logits_of_the_network(column: int, variant: Variant) -> None:
    network = _network("retention")
    session = _session(head_graph(network, column, variant).build("head"))
    hidden = torch.randn(6, 32)
    chosen = torch.from_numpy(np.random.default_rng(0).integers(0, COLUMN_SIZES[:column], (6, column)))
    history = torch.from_numpy(np.random.default_rng(1).integers(0, HISTORY_SIZES, (6, len(HISTORY_SIZES))))
    with torch.no_grad():
        entry = network.heads.entries[column](hidden)
        expected = network.heads.column(column, hidden, chosen, history).numpy()
    feed = {"entry": entry.numpy()}
    if column:
        feed["chosen"] = chosen.numpy()
    if column >= FIRST_COLUMN:
        feed["history"] = history.numpy()
    logits = session.run(None, feed)[0]
    assert np.abs(logits - expected).max() < (1e-4 if variant == "fp32" else 0.1)


def test_a_backbone_without_a_graph_is_named() -> None:
    with pytest.raises(TrainingError, match="transformer has no step graph; known are retention, lstm"):
        step_graph(_network("transformer"))
