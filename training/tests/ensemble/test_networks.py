from dataclasses import replace

import numpy as np
import pytest
import torch
from euterpe_music.ensemble_manifest import STATIC_COUNT
from euterpe_music.note_events.features import ECHO_COUNT, ECHO_SIZES, FEATURE_SIZES
from euterpe_music.note_events.part_history import HISTORY_SIZES
from euterpe_music.note_events.spec import COLUMN_SIZES
from euterpe_training.ensemble.config import CHUNK, recipe
from euterpe_training.ensemble.loader import Batch
from euterpe_training.ensemble.losses import column_losses
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from torch import Tensor, nn

_TIME = 3 * CHUNK
BACKBONES = ("lstm", "retention", "transformer")


def _network(backbone: str) -> EnsembleNetwork:
    torch.manual_seed(0)
    config = replace(recipe("tiny").network, backbone=backbone, window=96, style_sizes=(3, 3, 3))  # type: ignore[arg-type]
    network = EnsembleNetwork(config)
    # Residual branches are initialized to zero; random weights make them observable.
    for weight in network.backbone.parameters():
        if weight.ndim == 2 and not weight.any():
            nn.init.normal_(weight, std=0.2)
    return network


def _inputs(batch: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = np.random.default_rng(0)
    values = generator.integers(0, FEATURE_SIZES, (batch, _TIME, len(FEATURE_SIZES)))
    echoes = generator.integers(0, ECHO_SIZES, (batch, _TIME, ECHO_COUNT, len(ECHO_SIZES)))
    statics = generator.integers(0, 3, (batch, 1, STATIC_COUNT)).repeat(_TIME // CHUNK, axis=1)
    return torch.from_numpy(values), torch.from_numpy(echoes), torch.from_numpy(statics)


def _run(network: EnsembleNetwork, keep: list[float], part: slice = slice(0, 3)) -> Tensor:
    values, echoes, statics = _inputs(2)
    rows = slice(part.start * CHUNK, part.stop * CHUNK)
    with torch.no_grad():
        hidden, _ = network.hidden(
            values[:, rows], echoes[:, rows], statics[:, part], network.initial_state(2), torch.tensor([keep, keep])
        )
    return hidden


@pytest.mark.parametrize("backbone", BACKBONES)
def test_steps_compute_what_chunks_compute(backbone: str) -> None:
    network = _network(backbone)
    values, echoes, statics = _inputs(2)
    whole = network.heads.norm(_run(network, [0, 1, 1]))
    state, steps = network.initial_state(2), []
    with torch.no_grad():
        for time in range(_TIME):
            hidden, state = network.step(values[:, time], echoes[:, time], statics[:, 0], state)
            steps.append(hidden)
    assert torch.allclose(whole, torch.stack(steps, dim=1), atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_new_example_knows_nothing_of_the_one_before(backbone: str) -> None:
    network = _network(backbone)
    assert torch.allclose(_run(network, [0, 0, 1])[:, CHUNK:], _run(network, [0, 1], slice(1, 3)), atol=1e-5)
    assert not torch.allclose(_run(network, [0, 1, 1])[:, CHUNK:], _run(network, [0, 1], slice(1, 3)), atol=1e-2)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_windows_continue_each_other(backbone: str) -> None:
    network = _network(backbone)
    values, echoes, statics = _inputs(2)
    keep = torch.tensor([[0.0, 1.0, 1.0]] * 2)
    state, parts = network.initial_state(2), []
    with torch.no_grad():
        for chunks in (slice(0, 2), slice(2, 3)):
            rows = slice(chunks.start * CHUNK, chunks.stop * CHUNK)
            hidden, state = network.hidden(values[:, rows], echoes[:, rows], statics[:, chunks], state, keep[:, chunks])
            parts.append(hidden)
    assert torch.allclose(torch.cat(parts, dim=1), _run(network, [0, 1, 1]), atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_no_row_sees_later_rows(backbone: str) -> None:
    network = _network(backbone)
    values, echoes, statics = _inputs(1)
    values.requires_grad_(False)
    keep = torch.tensor([[0.0, 1.0, 1.0]])
    changed = values.clone()
    changed[:, 100:, :5] = 0
    with torch.no_grad():
        first, _ = network.hidden(values, echoes, statics, network.initial_state(1), keep)
        second, _ = network.hidden(changed, echoes, statics, network.initial_state(1), keep)
    assert torch.allclose(first[:, :100], second[:, :100], atol=1e-6)
    assert not torch.allclose(first[:, 100], second[:, 100], atol=1e-3)


def test_a_column_depends_on_the_columns_before_it_alone() -> None:
    network = _network("retention")
    nn.init.normal_(network.heads.gates[2])
    hidden = torch.randn(4, 32)
    targets = torch.ones(4, 5, dtype=torch.long)
    changed = targets.clone()
    changed[:, 2] = 7
    history = torch.zeros(4, len(HISTORY_SIZES), dtype=torch.long)
    before, after = network.heads(hidden, targets, history), network.heads(hidden, changed, history)
    for number in range(3):
        assert torch.equal(before[number], after[number])
    for number in (3, 4):
        assert not torch.allclose(before[number], after[number])


def test_the_history_of_a_part_matters_once_the_part_is_chosen() -> None:
    network = _network("retention")
    hidden, targets = torch.randn(4, 32), torch.ones(4, 5, dtype=torch.long)
    history = torch.zeros(4, len(HISTORY_SIZES), dtype=torch.long)
    before, after = network.heads(hidden, targets, history), network.heads(hidden, targets, history + 1)
    for number in range(2):
        assert torch.equal(before[number], after[number])
    for number in (2, 3, 4):
        assert not torch.allclose(before[number], after[number])


def _batch(targets: Tensor, counts: Tensor) -> Batch:
    unused = torch.zeros(0)
    history = torch.zeros(*targets.shape[:2], len(HISTORY_SIZES), dtype=torch.long)
    return Batch(unused, unused, unused, unused, history, targets, counts, 0)


def test_losses_count_only_what_is_to_be_composed() -> None:
    network = _network("retention")
    hidden = torch.randn(2, 8, 32)
    targets = torch.ones(2, 8, 5, dtype=torch.long)
    counts = torch.zeros(2, 8, 5, dtype=torch.bool)
    counts[0, :3, 0] = True
    counts[0, :2, 1:3] = True
    losses = column_losses(network, hidden, _batch(targets, counts)).detach()
    assert losses[3] == losses[4] == 0
    other = targets.clone()
    other[0, 2, 1:] = 5
    other[0, 3:] = 3
    other[1] = 4
    assert torch.allclose(losses, column_losses(network, hidden, _batch(other, counts)).detach())
    assert losses[0] == pytest.approx(3 * np.log(COLUMN_SIZES[0]), rel=0.5)
