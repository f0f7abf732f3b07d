"""ONNX Runtime against PyTorch: single steps of the graph equal whole windows of the network."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.tokens import ConditioningFeature, Vocabulary
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.data import TokenFormat
from euterpe_training.melody.export.bundle import Variant, step_graph
from euterpe_training.melody.networks import build_network
from numpy.typing import NDArray

STEPS, BATCH, WINDOW = 40, 6, 24
BASE = MelodyConfig("test", units=48, layers=3, embedding=12, window=WINDOW, conditioned=True, layer_norm=True)
CONFIGS = {
    "lstm": BASE,
    "lstm, unconditioned, two streams": replace(BASE, conditioned=False, encoding=2, layer_norm=False),
    "gru, two streams": replace(BASE, cell="gru", layers=2, encoding=2),
    "Model 2, with its dense layer": replace(BASE, conditioned=False, encoding=2, layer_norm=False, dense=True),
    "gru, Model 2, conditioned": replace(BASE, cell="gru", layers=1, encoding=2, dense=True),
    "one-hot inputs": replace(BASE, conditioned=False, layer_norm=False, one_hot=True),
    "tied": replace(BASE, tied=True, embedding=48, layers=1),
    "transformer": replace(BASE, cell="transformer"),
}


def token_format_of(config: MelodyConfig) -> TokenFormat:
    words = [str(pitch) for pitch in range(40, 80)]
    vocabularies = [Vocabulary.build("steps" if config.encoding == 1 else "pitches", [["_", "r", *words]])]
    if config.encoding == 2:
        vocabularies.append(Vocabulary.build("durations", [["1/4", "1/2", "1"]]))
    columns = (
        ConditioningFeature("style", 3),
        ConditioningFeature("position", 24),
        ConditioningFeature("melody", 257, 4),
    )
    return TokenFormat(tuple(vocabularies), columns if config.conditioned else (), ("a", "b", "c"))


def draws(token_format: TokenFormat) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    columns = [[random.integers(0, size, (BATCH, STEPS)) for size in sizes]
               for sizes in (token_format.sizes, [feature.size for feature in token_format.features])]  # fmt: skip
    tokens, conditions = (np.stack(each, -1) if each else np.zeros((BATCH, STEPS, 0), np.int64) for each in columns)
    return tokens, conditions


def run(model: bytes, tokens: NDArray[np.int64], conditions: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return logits [batch, steps, tokens], with one step per call."""
    session = onnxruntime.InferenceSession(model)
    names = [each.name for each in session.get_outputs()]
    state: dict[str, Any] = {
        each.name: np.zeros((len(tokens), *each.shape[1:]), np.float32)
        for each in session.get_inputs() if each.name not in ("token", "condition")
    }  # fmt: skip
    found = []
    for step in range(tokens.shape[1]):
        inputs = {"condition": conditions[:, step]} if conditions.shape[2] else {}
        values = dict(zip(names, session.run(None, {"token": tokens[:, step], **inputs, **state}), strict=True))
        state = {name: values[f"{name}_out"] for name in state}
        found.append(values["logits"])
    return np.stack(found, 1)


@pytest.fixture(scope="module", params=CONFIGS, ids=str)
def case(request: pytest.FixtureRequest) -> tuple[MelodyConfig, TokenFormat, torch.nn.Module]:
    config = CONFIGS[request.param]
    torch.manual_seed(5)
    network = build_network(config, token_format_of(config)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return config, token_format_of(config), network


def graph(case: tuple[MelodyConfig, TokenFormat, torch.nn.Module], variant: Variant = "fp32") -> bytes:
    config, _, network = case
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    return step_graph(weights, config, variant).build("step")


def test_steps_equal_a_whole_window(case: tuple[MelodyConfig, TokenFormat, torch.nn.Module]) -> None:
    config, token_format, network = case
    tokens, conditions = draws(token_format)
    reach = WINDOW if config.cell == "transformer" else STEPS
    with torch.no_grad():
        whole = network(torch.from_numpy(tokens[:, :reach]), torch.from_numpy(conditions[:, :reach])).numpy()
    found = run(graph(case), tokens, conditions)
    assert whole.std() > 0.1
    assert np.abs(found[:, :reach] - whole).max() < 2e-4


def test_equal_weights_give_equal_bytes(case: tuple[MelodyConfig, TokenFormat, torch.nn.Module]) -> None:
    assert graph(case) == graph(case)


def test_a_transformer_s_window_slides() -> None:
    """After more steps than its context, the output depends on the last ones only."""
    config = replace(CONFIGS["transformer"], layers=1)
    torch.manual_seed(6)
    network = build_network(config, token_format_of(config)).eval()
    tokens, conditions = draws(token_format_of(config))
    found = run(graph((config, token_format_of(config), network)), tokens, conditions)
    last = slice(STEPS - WINDOW, STEPS)
    with torch.no_grad():
        whole = network(torch.from_numpy(tokens[:, last]), torch.from_numpy(conditions[:, last])).numpy()
    assert np.abs(found[:, -1] - whole[:, -1]).max() < 2e-4


@pytest.mark.parametrize("config", [
    BASE, replace(BASE, cell="gru"), CONFIGS["Model 2, with its dense layer"], CONFIGS["one-hot inputs"],
])  # fmt: skip
def test_int8_is_near_fp32_and_no_row_depends_on_another(config: MelodyConfig) -> None:
    torch.manual_seed(7)
    case = (config, token_format_of(config), build_network(config, token_format_of(config)).eval())
    tokens, conditions = draws(case[1])
    exact, whole = run(graph(case), tokens, conditions), run(graph(case, "int8"), tokens, conditions)
    assert 0 < np.abs(whole - exact).max() < 0.1 * exact.std()
    for row in range(BATCH):
        alone = run(graph(case, "int8"), tokens[row : row + 1], conditions[row : row + 1])
        assert np.abs(alone[0] - whole[row]).max() < 1e-5
