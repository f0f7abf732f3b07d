"""The categorical generator: sampling, carried state, and the exported graph."""

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.events import decode
from euterpe_music.spec import EventSpec
from euterpe_training.crnngan.export.categorical_graph import build_categorical
from euterpe_training.crnngan.export.torch_weights import categorical_weights
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, sample_one_hot
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.models.controls import Controls
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


def conditions(rows: int, style: int = 0) -> torch.Tensor:
    return torch.from_numpy(CONTROLS.vector(style, 0)).expand(rows, -1)


def test_classes_are_decoded_to_their_notes() -> None:
    random = np.random.default_rng(1)
    codes = np.stack([random.integers(0, size, 200) for size in CLASSES.sizes], 1)
    columns = [floats[codes[:, at]] for at, floats in enumerate(CLASSES.floats)]
    events = np.stack([columns[0], columns[2], columns[1], columns[3]], 1)
    assert np.array_equal(CLASSES.encode(events), codes)
    notes = decode(events, SPEC).notes
    assert len(notes) == 200
    assert sorted(notes["pitch"].tolist()) == sorted((21 + codes[:, 1]).tolist())
    assert (notes["duration"] % 16 == 0).all()


def test_samples_follow_the_distribution() -> None:
    logits = torch.tensor([0.1, 2.0, -1.0, 0.5]).repeat(20000, 1)
    torch.manual_seed(0)
    shares = sample_one_hot(logits, torch.rand(20000)).mean(0)
    assert torch.allclose(shares, logits[0].softmax(-1), atol=0.015)


def test_gradients_pass_through_a_sample() -> None:
    g = generator()
    events, _ = g.generate(torch.rand(3, 2, 4), conditions(2))
    events.sum().backward()
    assert g.lstm.weight_hh_l0.grad is not None
    assert float(g.lstm.weight_hh_l0.grad.abs().sum()) > 0


def test_free_running_equals_teacher_forcing_on_its_own_samples() -> None:
    g = generator()
    events, memory = g.generate(torch.rand(30, 3, 4), conditions(3))
    codes = torch.from_numpy(CLASSES.encode(events.detach().numpy().reshape(-1, 4)).astype(np.int64)).view(30, 3, 4)
    _, forced = g(codes, conditions(3), g.initial_state(3))
    for one, other in zip(memory, forced, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def session_run(g: CategoricalGenerator, noise: np.ndarray, controls: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(build_categorical(categorical_weights(g)))
    rows = noise.shape[1]
    state = {"previous": (rows, 24), "clock": (rows, 1), "h": (2, rows, 24), "c": (2, rows, 24)}
    feeds = {name: np.zeros(shape, np.float32) for name, shape in state.items()}
    return session.run(["events"], {"noise": noise, "controls": controls, **feeds})[0]


def test_the_graph_samples_what_the_network_samples() -> None:
    g = generator()
    noise = torch.rand(60, 5, 4)
    controls = torch.cat([conditions(5, style=1), torch.ones(5, 1)], 1)
    expected, _ = g.generate(noise, conditions(5, style=1))
    # Floats of different classes would differ by whole quantizer levels.
    assert np.allclose(session_run(g, noise.numpy(), controls.numpy()), expected.detach().numpy(), atol=1e-6)


def test_without_noise_the_graph_outputs_the_most_probable_class() -> None:
    g = generator()
    controls = torch.cat([conditions(1), torch.zeros(1, 1)], 1).numpy()
    runs = [session_run(g, torch.rand(20, 1, 4).numpy(), controls) for _ in range(2)]
    assert np.array_equal(*runs)


def test_the_style_changes_the_music() -> None:
    g = generator()
    noise = torch.rand(30, 1, 4)
    assert not torch.equal(g.generate(noise, conditions(1, 1))[0], g.generate(noise, conditions(1, 2))[0])


def test_guidance_moves_styles_away_from_any_and_nothing_else() -> None:
    weights = np.random.default_rng(0).random((5, CONTROLS.size), np.float32)
    same, twice = (CONTROLS.with_guidance(weights, factor) for factor in (1, 2))
    assert np.allclose(same, weights)
    assert np.array_equal(twice[:, 0], weights[:, 0])
    assert np.allclose(twice[:, 1:3] - weights[:, :1], 2 * (weights[:, 1:3] - weights[:, :1]), atol=1e-6)
    assert np.array_equal(twice[:, 3:], weights[:, 3:])


def test_styles_come_from_the_path_and_densities_from_their_edges() -> None:
    assert CONTROLS.styles_of("classical/bach/x.mid") == [2]
    assert CONTROLS.styles_of("jazz/MilesDavis/x.mid") == [1]
    assert CONTROLS.styles_of("bach.mid") == []
    assert CONTROLS.density_of(np.array([0.5, 1.5, 2.5, 3.5, 4.5])).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("spec", [EventSpec(tones_per_cell=2), EventSpec(representation="faithful")])
def test_other_representations_are_refused(spec: EventSpec) -> None:
    with pytest.raises(TrainingError, match="normalised representation with one tone"):
        EventClasses(spec)


def test_the_recipe_has_a_spec_for_classes() -> None:
    config = recipe("euterpe")
    assert EventClasses(config.spec).sizes == (50, 88, 49, 16)
    assert len(config.density_edges) == 4
