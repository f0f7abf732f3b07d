"""Released melody models: every style, composed, written, and continued from its file and its stored parameters."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_generator.worker.rendering import render_piece
from euterpe_generator.worker.style_tagging import StyleTagger
from euterpe_music.bundle import load_any_bundle
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.midi.write import WRITER_VERSION
from euterpe_music.piece import Piece, Tempo, Track, make_notes

MODELS = Path(__file__).parents[4] / "models"
BUNDLES = sorted(MODELS.glob("melody-*/*"))
STYLES = [(path, style) for path in BUNDLES for style in load_any_bundle(path).manifest.styles]
GIVEN_BARS = 2


@cache
def loaded(directory: Path) -> Model:
    return load_model(directory, 2)


def compose(model: Model, requested: Mapping[str, Any], prompt: Prompt | None = None, seed: int = 3) -> Any:
    """Return the checked parameters and the MIDI file."""
    parameters = model.check_parameters("body.parameters", requested)
    parameters = model.adapter.resolve_parameters(parameters, requested, prompt)
    inputs = model.adapter.session_inputs(parameters, prompt)
    model.scheduler.submit(Request("piece", "", seed=seed, steps=inputs.steps, inputs=inputs))
    events = None
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            events = getattr(update, "events", events)
    assert events is not None
    generation = Generation(
        id=uuid.uuid4(), order_id=uuid.uuid4(), variation=0, owner=Owner.anonymous("::1"), model=model.name,
        model_version=model.version, seed=seed, length=len(events), title="Añoranza", status=Status.RUNNING, attempt=1,
        steps=0, created_at=datetime.now(UTC), parameters=parameters, prompt=prompt,
    )  # fmt: skip
    rendered = render_piece(model, events, generation, StyleTagger())
    assert rendered.writer_version == WRITER_VERSION
    return parameters, rendered.midi


def continued(
    model: Model, midi: bytes, stored: Mapping[str, Any], requested: Mapping[str, Any], **source: Any
) -> tuple[Any, Piece]:
    checked = model.check_parameters("body.parameters", requested)
    prompt = model.adapter.read_prompt(midi, PromptSource(bars=GIVEN_BARS, **source), checked, stored)
    parameters, result = compose(model, requested, Prompt.from_dict(prompt.to_dict()), seed=11)
    return parameters, read_midi(result)


def given_notes(piece: Piece, bars: int = GIVEN_BARS) -> list[tuple[Any, ...]]:
    """Onset, length, pitch, velocity, program and drums of the first bars' notes."""
    notes = piece.notes[piece.notes["onset"] < piece.bar_starts[bars]]
    tracks = [(piece.tracks[number].program, piece.tracks[number].is_drum) for number in notes["track"]]
    columns = [notes[name].tolist() for name in ("onset", "duration", "pitch", "velocity")]
    return sorted(zip(*columns, tracks, strict=True))


@pytest.mark.parametrize(("directory", "style"), STYLES, ids=[f"{path.parent.name}-{style}" for path, style in STYLES])
def test_a_composed_piece_states_and_keeps_what_it_is(directory: Path, style: str) -> None:
    model = loaded(directory)
    asked = {"bars": 4, "style": style, "key": "A major", "tempo": 97.0, "melody_instrument": "violin"}
    stored, midi = compose(model, asked)
    first = read_midi(midi)
    meter = load_any_bundle(directory).manifest.style_meters[style]
    assert [str(change.meter) for change in first.meters] == [meter]
    assert [str(change.key) for change in first.keys] == ["A major"]
    assert [track.name for track in first.tracks] == ["Melody", "Accompaniment"][: len(first.tracks)]
    assert first.title == "Añoranza"
    assert first.bar_starts[-1] <= 4 * first.bar_starts[1]
    parameters, second = continued(model, midi, stored, {"bars": 5})
    for name in ("style", "key", "tempo", "melody_instrument", "accompaniment_instrument"):
        assert parameters[name] == stored[name]
    assert second.meters == first.meters
    assert second.keys == first.keys
    assert [round(tempo.bpm, 3) for tempo in second.tempos] == [97.0]
    assert given_notes(second) == given_notes(first)
    assert second.end_tick > second.bar_starts[GIVEN_BARS]


@pytest.mark.parametrize(("directory", "style"), STYLES, ids=[f"{path.parent.name}-{style}" for path, style in STYLES])
def test_a_file_alone_tells_meter_key_tempo_and_instruments(directory: Path, style: str) -> None:
    model = loaded(directory)
    _, midi = compose(
        model, {"bars": 4, "style": style, "key": "G major", "tempo": 97.0, "accompaniment_instrument": "cello"}
    )
    first = read_midi(midi)
    parameters, second = continued(model, midi, {}, {"bars": 5})
    assert second.meters == first.meters
    assert second.keys == first.keys
    assert [track.program for track in second.tracks[: len(first.tracks)]] == [t.program for t in first.tracks]
    assert parameters["tempo"] == 97.0
    assert given_notes(second) == given_notes(first)


@pytest.fixture(scope="module")
def folk() -> Model:
    return loaded(next(path for path in BUNDLES if path.parent.name == "melody-folk"))


def test_requested_parameters_win_over_those_of_the_song(folk: Model) -> None:
    stored, midi = compose(folk, {"bars": 4, "style": "jigs", "key": "D major"})
    requested = {"bars": 5, "style": "ashover", "key": "E major", "tempo": 60.0, "melody_instrument": "oboe"}
    parameters, piece = continued(folk, midi, stored, requested)
    assert {name: parameters[name] for name in requested} == requested
    assert [str(change.key) for change in piece.keys] == ["E major"]
    moved = [(onset, length, pitch + 2) for onset, length, pitch, *_ in given_notes(read_midi(midi))]
    assert sorted(note[:3] for note in given_notes(piece)) == sorted(moved)


def test_a_stored_minor_key_of_an_earlier_release_keeps_its_notes(folk: Model) -> None:
    # Earlier releases composed the relative major for a minor key.
    stored, midi = compose(folk, {"bars": 4, "style": "jigs", "key": "D major"})
    parameters, piece = continued(folk, midi, {**stored, "key": "B minor"}, {"bars": 5})
    assert parameters["key"] == "B minor"
    assert [str(change.key) for change in piece.keys] == ["B minor"]
    assert given_notes(piece) == given_notes(read_midi(midi))


def test_the_accompaniment_is_replaced_or_left_out_on_request(folk: Model) -> None:
    stored, midi = compose(folk, {"bars": 4, "style": "reels"})
    first = read_midi(midi)
    melody = [note for note in given_notes(first) if note[4][0] == first.tracks[0].program]
    _, alone = continued(folk, midi, stored, {"bars": 5, "accompaniment": "off"})
    assert given_notes(alone) == melody
    _, replaced = continued(folk, midi, stored, {"bars": 5}, replace_accompaniment=True)
    assert [note for note in given_notes(replaced) if note[4][0] == first.tracks[0].program] == melody
    assert given_notes(replaced) != given_notes(first)


def test_drums_and_further_instruments_of_a_file_are_kept(folk: Model) -> None:
    quarters = 480 * 8
    melody = make_notes(range(0, quarters, 240), 200, [72, 74, 76, 77] * 4, 81, 0)
    bass = make_notes(range(0, quarters, 960), 901, 48, 70, 1)
    drums = make_notes(range(0, quarters, 480), 31, 38, 101, 2)
    pad = make_notes(0, quarters, [60, 64], 44, 3)
    file = Piece(
        480, np.concatenate([melody, bass, drums, pad]),
        (Track(40, name="Fiddle"), Track(32), Track(8, is_drum=True), Track(89)), (Tempo(0, 111.0),),
    )  # fmt: skip
    parameters, piece = continued(folk, write_midi(file), {}, {"bars": 4, "style": "reels"})
    assert given_notes(piece) == given_notes(file)
    assert (parameters["melody_instrument"], parameters["tempo"]) == ("violin", 111.0)


def test_chords_before_the_melody_belong_to_the_given_bars(folk: Model) -> None:
    stored, midi = compose(folk, {"bars": 4, "style": "reels"})
    first = read_midi(midi)
    assert (first.notes["onset"][first.notes["track"] == 1] < first.bar_starts[1]).any()
    later = first.notes[(first.notes["track"] == 1) | (first.notes["onset"] >= first.bar_starts[1])]
    midi = write_midi(replace(first, notes=later))
    _, piece = continued(folk, midi, stored, {"bars": 5})
    assert given_notes(piece) == given_notes(read_midi(midi))
