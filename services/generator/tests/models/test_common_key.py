"""Networks that compose in C major and A minor only: other keys are moved to it and from it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.key import KEYS, rate_keys
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.midi import write_midi
from euterpe_music.note_events.features import INDEX
from euterpe_music.piece import Piece, Track, make_notes

TINY = Path(__file__).parents[1] / "data/tiny-ensemble/0.0.1"
TICKS = 240
TUNE = 62 + np.array([0, 2, 4, 5, 7, 9, 11, 12] * 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    directory = tmp_path_factory.mktemp("models") / "tiny-ensemble" / "0.0.1"
    shutil.copytree(TINY, directory)
    manifest = json.loads((directory / "manifest.json").read_text())
    for style in manifest["styles"]:
        style["key"] = "G major" if style["path"] == "folk" else ""
    (directory / "manifest.json").write_text(json.dumps(manifest | {"has_common_key": True}))
    return load_model(directory, slots=2)


def _composed(model: Model, settings: dict[str, Any], midi: bytes | None = None, **source: Any) -> tuple[Piece, Any]:
    """Return the piece, and the key and the first half's chord that the network was given in the first bar."""
    parameters, prompt = model.check_parameters("body.parameters", settings), None
    if midi is not None:
        prompt = model.adapter.read_prompt(midi, PromptSource(**source), parameters, {})
    parameters = model.adapter.resolve_parameters(parameters, settings, prompt)
    plan: Any = model.adapter.session_inputs(parameters, prompt)
    return _run(model, plan, parameters, prompt), plan


def _run(model: Model, plan: Any, parameters: dict[str, Any], prompt: Prompt | None) -> Piece:
    model.scheduler.submit(Request("a", "a", 4, plan.steps, plan))
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                return model.adapter.decode(update.events, parameters, prompt)
    raise AssertionError("the piece did not finish")


def _pitches(piece: Piece) -> np.ndarray:
    is_drum = np.array([track.is_drum for track in piece.tracks])
    return np.asarray(piece.notes["pitch"][~is_drum[piece.notes["track"]]].astype(int))


def test_keys_are_the_same_piece_moved(model: Model) -> None:
    settings = {"parts": "violin, cello", "bars": 6, "density": "high"}
    (first, plan), (second, _) = (_composed(model, {**settings, "key": key}) for key in ("C major", "D major"))
    assert plan.conditions["key"] == [0]
    assert len(first.notes)
    # A random network reaches the ends of MIDI's range, where notes are moved by an octave more.
    assert set(np.unique(_pitches(second) - _pitches(first)).tolist()) <= {2, -10, 14}
    assert [str(change.key) for change in second.keys] == ["D major"]


def test_chords_are_moved_with_the_key(model: Model) -> None:
    _, plan = _composed(model, {"bars": 4, "key": "D major", "chords": "D | A7"})
    _, same = _composed(model, {"bars": 4, "key": "C major", "chords": "C | G7"})
    assert plan.conditions == same.conditions
    assert set(plan.conditions) == {"key", "chord_1", "chord_2"} <= set(INDEX)


def test_a_key_that_is_left_open_is_usual_in_the_style(model: Model) -> None:
    _, plan = _composed(model, {"bars": 2, "style": "folk"})
    assert (plan.transposition, "key" in plan.conditions) == (-5, False)
    _, plan = _composed(model, {"bars": 2})
    assert plan.transposition == 0


@pytest.mark.parametrize(
    "source",
    [{"use": "continue"}, {"use": "accompany"}, {"use": "replace", "first_bar": 2, "last_bar": 3}],
    ids=lambda source: str(source["use"]),
)
def test_a_prompt_in_another_key_gets_the_same_notes_moved(model: Model, source: dict[str, Any]) -> None:
    settings = {"parts": "cello"} if source["use"] == "accompany" else {}
    pieces = []
    for semitones, key in ((0, "D major"), (3, "F major")):
        notes = make_notes(np.arange(32) * TICKS, TICKS, TUNE + semitones, 80)
        keys = (KeyChange(0, KeySignature.parse(key)),)
        midi = write_midi(Piece(2 * TICKS, notes, (Track(40),), keys=keys))
        pieces.append(_composed(model, settings, midi, **source))
    (first, plan), (second, other) = pieces
    assert (plan.transposition, other.transposition) == (2, 5)
    assert len(first.notes) != len(TUNE) or source["use"] == "replace"
    distances = _pitches(second) - _pitches(first)
    # The highest notes of a network with random weights are moved down, because MIDI ends at 127.
    assert (distances[_pitches(first) <= 124] == 3).all()
    assert (distances % 12 == 3).all()


@pytest.mark.parametrize(("key", "composed_in"), [("D major", "C major"), ("B minor", "A minor")])
def test_pieces_are_steered_to_the_requested_key(model: Model, key: str, composed_in: str) -> None:
    settings = {"parts": "violin, cello", "bars": 8, "density": "high"}
    composed, plan = _composed(model, {**settings, "key": key})
    assert [KEYS[key] for key in plan.keys] == [composed_in]
    plain = _run(model, replace(plan, keys=()), model.check_parameters("p", {**settings, "key": key}), None)
    fits = [rate_keys(np.bincount(_pitches(piece) % 12, minlength=12))[KEYS.index(key)] for piece in (composed, plain)]
    assert fits[0] > fits[1] + 0.1
    assert [KEYS[key] for key in _composed(model, settings)[1].keys] == ["C major", "A minor"]
