"""The categorical generator: drawing, carrying on, and the graph that a service runs."""

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.events import decode
from euterpe_music.spec import EventSpec
from euterpe_training.crnngan.export.categorical_graph import build_categorical
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, drawn
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.models.controls import Controls, density_edges
from euterpe_training.crnngan.recipes import recipe
from euterpe_training.errors import TrainingError

SPEC = EventSpec(
    grid=16, pitch_low=21, pitch_high=108, time_rungs=tuple(16 * n for n in range(40)), pitch_rungs=tuple(range(128))
)
CLASSES = EventClasses(SPEC)
CONTROLS = Controls(("jazz", "bach"), (1.0, 2.0, 3.0, 4.0))


def generator() -> CategoricalGenerator:
    torch.manual_seed(0)
    g = CategoricalGenerator(CLASSES, 24, 2, CONTROLS.size, head=16)
    with torch.no_grad():
        for parameter in g.parameters():
            parameter *= 3
    return g


def wish(rows: int, style: int = 0) -> torch.Tensor:
    return torch.from_numpy(CONTROLS.vector(style, 0)).expand(rows, -1)


def test_classes_are_read_back_as_the_notes_that_they_are() -> None:
    random = np.random.default_rng(1)
    codes = np.stack([random.integers(0, size, 200) for size in CLASSES.sizes], 1)
    columns = [floats[codes[:, at]] for at, floats in enumerate(CLASSES.floats)]
    events = np.stack([columns[0], columns[2], columns[1], columns[3]], 1)
    assert np.array_equal(CLASSES.encode(events), codes)
    notes = decode(events, SPEC).notes
    assert len(notes) == 200
    assert sorted(notes["pitch"].tolist()) == sorted((21 + codes[:, 1]).tolist())
    assert (notes["duration"] % 16 == 0).all()


def test_draws_follow_the_distribution() -> None:
    logits = torch.tensor([0.1, 2.0, -1.0, 0.5]).repeat(20000, 1)
    torch.manual_seed(0)
    shares = drawn(logits, torch.rand(20000)).mean(0)
    assert torch.allclose(shares, logits[0].softmax(-1), atol=0.015)


def test_gradients_pass_through_a_draw() -> None:
    g = generator()
    events, _ = g.generate(torch.rand(3, 2, 4), wish(2))
    events.sum().backward()
    assert g.lstm.weight_hh_l0.grad is not None
    assert float(g.lstm.weight_hh_l0.grad.abs().sum()) > 0


def test_free_running_is_teacher_forcing_on_its_own_draws() -> None:
    g = generator()
    events, memory = g.generate(torch.rand(30, 3, 4), wish(3))
    codes = torch.from_numpy(CLASSES.encode(events.detach().numpy().reshape(-1, 4)).astype(np.int64)).view(30, 3, 4)
    _, forced = g(codes, wish(3), g.start(3))
    for one, other in zip(memory, forced, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def session_run(g: CategoricalGenerator, noise: np.ndarray, controls: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(build_categorical(g.weights()))
    rows = noise.shape[1]
    state = {"previous": (rows, 24), "clock": (rows, 1), "h": (2, rows, 24), "c": (2, rows, 24)}
    feeds = {name: np.zeros(shape, np.float32) for name, shape in state.items()}
    return session.run(["events"], {"noise": noise, "controls": controls, **feeds})[0]


def test_the_graph_draws_what_the_network_draws() -> None:
    g = generator()
    noise = torch.rand(60, 5, 4)
    controls = torch.cat([wish(5, style=1), torch.ones(5, 1)], 1)
    expected, _ = g.generate(noise, wish(5, style=1))
    # Classes are equal, or floats would differ by whole rungs.
    assert np.allclose(session_run(g, noise.numpy(), controls.numpy()), expected.detach().numpy(), atol=1e-6)


def test_without_noise_the_graph_takes_the_likeliest_whatever_is_drawn() -> None:
    g = generator()
    controls = torch.cat([wish(1), torch.zeros(1, 1)], 1).numpy()
    runs = [session_run(g, torch.rand(20, 1, 4).numpy(), controls) for _ in range(2)]
    assert np.array_equal(*runs)


def test_the_style_changes_the_music() -> None:
    g = generator()
    noise = torch.rand(30, 1, 4)
    assert not torch.equal(g.generate(noise, wish(1, 1))[0], g.generate(noise, wish(1, 2))[0])


def test_sharpened_styles_lie_further_from_none_and_all_else_stays() -> None:
    weights = np.random.default_rng(0).random((5, CONTROLS.size), np.float32)
    same, twice = (CONTROLS.sharpened(weights, factor) for factor in (1, 2))
    assert np.allclose(same, weights)
    assert np.array_equal(twice[:, 0], weights[:, 0])
    assert np.allclose(twice[:, 1:3] - weights[:, :1], 2 * (weights[:, 1:3] - weights[:, :1]), atol=1e-6)
    assert np.array_equal(twice[:, 3:], weights[:, 3:])


def test_styles_are_found_in_the_path_and_densities_in_fifths() -> None:
    assert CONTROLS.styles_of("classical/bach/x.mid") == [2]
    assert CONTROLS.styles_of("jazz/MilesDavis/x.mid") == [1]
    assert CONTROLS.styles_of("bach.mid") == []
    edges = density_edges(np.arange(100.0))
    levels = Controls((), edges).density_of(np.arange(100.0))
    assert np.bincount(levels).tolist() == [20] * 5


@pytest.mark.parametrize("spec", [EventSpec(tones_per_cell=2), EventSpec(representation="faithful")])
def test_other_representations_are_refused(spec: EventSpec) -> None:
    with pytest.raises(TrainingError, match="normalised representation with one tone"):
        EventClasses(spec)


def test_the_recipe_states_what_it_needs() -> None:
    config = recipe("euterpe")
    assert EventClasses(config.spec).sizes == (50, 88, 49, 16)
    assert len(config.density_edges) == 4
