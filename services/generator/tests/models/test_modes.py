"""A key's mode reaches networks that know modes, and its tonic is that of the piece."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_generator.models.token_masks import key_bias, scale_of
from euterpe_music.key import estimate_key
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.midi import Piece, Tempo, Track, write_midi
from euterpe_music.piece import make_notes
from euterpe_music.tokens import Vocabulary
from euterpe_music.tokens.conditioning import MAJOR, MINOR, UNKNOWN_MODE
from euterpe_test_kit.melodies import melody_bundle

MODELS = Path(__file__).parents[4] / "models"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(melody_bundle(tmp_path_factory.mktemp("models"), modes=True).directory, 1)


def _modes(model: Model, requested: dict[str, object], midi: bytes | None = None) -> set[int]:
    """Return the values of the condition `mode` that the melody's network gets."""
    names = [info.name for info in model.adapter.manifest.graphs["melody"].conditions]  # type: ignore[attr-defined]
    parameters = model.check_parameters("body.parameters", requested)
    prompt = None
    if midi is not None:
        prompt = model.adapter.read_prompt(midi, PromptSource(bars=2), parameters, {})
        parameters = model.adapter.resolve_parameters(parameters, requested, prompt)
    part = model.adapter.session_inputs(parameters, prompt).parts[0]
    assert part.conditioning is not None
    return set(part.conditioning(())[:, names.index("mode")].tolist())


@pytest.mark.parametrize(("key", "mode"), [("any", UNKNOWN_MODE), ("D major", MAJOR), ("D minor", MINOR)])
def test_the_requested_mode_is_a_condition(model: Model, key: str, mode: int) -> None:
    assert _modes(model, {"key": key}) == {mode}


def test_a_prompt_is_continued_in_its_own_mode(model: Model) -> None:
    scale = 62 + np.array([0, 2, 3, 5, 7, 8, 10, 12] * 2)
    notes = make_notes(np.arange(16) * 240, 240, scale, 90)
    piece = Piece(480, notes, (Track(0),), (Tempo(0, 120.0),), keys=(KeyChange(0, KeySignature.parse("D minor")),))
    assert _modes(model, {"bars": 4}, write_midi(piece)) == {MINOR}


def test_a_minor_piece_has_the_notes_of_its_relative_major(model: Model) -> None:
    pieces = {}
    for key in ("A minor", "D minor", "F major"):
        parameters = model.check_parameters("body.parameters", {"key": key})
        events = np.array([[0.0, word] for word in range(2, 8)])
        pieces[key] = model.decode(events, parameters)
    assert [str(change.key) for change in pieces["D minor"].keys] == ["D minor"]
    distance = pieces["D minor"].notes["pitch"] - pieces["A minor"].notes["pitch"]
    assert set(distance.tolist()) == {5}
    assert (pieces["D minor"].notes["pitch"] == pieces["F major"].notes["pitch"]).all()


def test_minor_scales_have_the_raised_sixth_and_seventh() -> None:
    assert sorted(scale_of("D minor", white_keys=False)) == [0, 1, 2, 4, 5, 7, 9, 10, 11]
    assert scale_of("D minor", white_keys=True) == scale_of("A minor", white_keys=False) == {9, 11, 0, 2, 4, 5, 6, 7, 8}
    assert sorted(scale_of("D major", white_keys=True)) == [0, 2, 4, 5, 7, 9, 11]


def test_notes_and_chords_that_confirm_a_key_are_made_more_probable() -> None:
    words = ("<begin>", "<unknown>", "r", "_", *map(str, range(60, 72)), "9.0.4", "7.11.2")
    vocabulary = Vocabulary("steps", words)
    for key, tonic, dominant in (("D minor", 9, 4), ("D major", 0, 7)):
        bias = key_bias(vocabulary, key, 0.5, white_keys=True)
        assert (bias[:4] == 0).all(), "rests and holds are as frequent as without it"
        notes = bias[4:16]
        assert notes.argsort()[::-1][:1].tolist() == [tonic]
        assert notes[dominant] > 0 > notes[1]
        scale = sorted(scale_of(key, white_keys=True))
        assert notes[scale].mean() == pytest.approx(0, abs=1e-6)
        assert np.allclose(key_bias(vocabulary, key, 1.0, white_keys=True), 2 * bias)
    in_minor = key_bias(vocabulary, "D minor", 1.0, white_keys=True)
    assert in_minor[16] > in_minor[17]
    assert not key_bias(vocabulary, "any", 1.0, white_keys=True).any()
    durations = Vocabulary("durations", ("<begin>", "<unknown>", "1/3", "2"))
    assert not key_bias(durations, "D minor", 1.0, white_keys=False).any()


def compose(model: Model, key: str, seeds: range) -> list[Piece]:
    parameters = model.check_parameters("body.parameters", {"key": key})
    inputs = model.adapter.session_inputs(parameters, None)
    for seed in seeds:
        model.scheduler.submit(Request(str(seed), "", seed=seed, steps=inputs.steps, inputs=inputs))
    found: dict[int, Piece] = {}
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                found[int(update.id)] = model.decode(update.events, parameters)
    return [found[seed] for seed in seeds]


@pytest.mark.parametrize("name", ["melody-folk", "melody-pop"])
def test_pieces_of_released_models_are_in_the_requested_key(name: str) -> None:
    model = load_model(sorted((MODELS / name).iterdir())[-1], 16)
    pieces = {key: compose(model, key, range(16)) for key in ("D major", "D minor")}
    for key, composed in pieces.items():
        estimates = Counter(estimate_key(piece) for piece in composed)
        assert estimates[key] >= 12, estimates
        assert {str(change.key) for piece in composed for change in piece.keys} == {key}
    moved = [
        np.array_equal(minor.notes["pitch"], major.notes["pitch"] + 3)
        for minor, major in zip(pieces["D minor"], pieces["D major"], strict=True)
    ]
    assert not any(moved), "D minor is not the piece in D major moved to F major"
