"""Ensemble pieces as MIDI files: bars, meter, key, names, drums and the end."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.ensemble_adapter import EnsembleAdapter
from euterpe_generator.models.loader import load_model
from euterpe_music.bundle import EnsembleBundle
from euterpe_music.ensemble_manifest import EnsembleManifest, StyleInfo
from euterpe_music.midi import write_midi
from euterpe_music.note_events.features import INDEX
from symusic import Score

TINY = Path(__file__).parents[1] / "data/tiny-ensemble/0.0.1"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(TINY, slots=4)


def resolved(model: Model, **settings: Any) -> dict[str, Any]:
    parameters = model.check_parameters("body.parameters", settings)
    return model.adapter.resolve_parameters(parameters, settings, None)


def composed(model: Model, parameters: dict[str, Any], seed: int = 4) -> Array:
    inputs = model.adapter.session_inputs(parameters, None)
    model.scheduler.submit(Request("a", "a", seed, inputs.steps, inputs))
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                return update.events
    raise AssertionError("the piece did not finish")


def written(model: Model, **settings: Any) -> Any:
    parameters = resolved(model, **settings)
    return Score.from_midi(write_midi(model.decode(composed(model, parameters), parameters)))


def test_the_file_has_the_requested_meter_key_tempo_and_instruments(model: Model) -> None:
    score = written(
        model, parts="violin, violin, cello, drums", meter="6/8", key="E minor", tempo=97, bars=8, density="high"
    )
    assert [(one.time, one.numerator, one.denominator) for one in score.time_signatures] == [(0, 6, 8)]
    assert [(one.key, one.tonality) for one in score.key_signatures] == [(1, 1)]
    assert [round(one.qpm, 2) for one in score.tempos] == [97.0]
    names = {track.name: track for track in score.tracks}
    assert set(names) == {"Violin 1", "Violin 2", "Cello", "Drums"}
    assert [names[name].program for name in ("Violin 1", "Cello")] == [40, 42]
    assert [name for name, track in names.items() if track.is_drum] == ["Drums"]
    end = 8 * 3 * score.ticks_per_quarter
    assert max(note.end for track in score.tracks for note in track.notes) <= end
    assert max(note.start for track in score.tracks for note in track.notes) >= end - 3 * score.ticks_per_quarter


def test_what_is_left_open_is_usual_in_the_style(model: Model) -> None:
    score = written(model, style="classical/baroque/bach")
    assert (score.time_signatures[0].numerator, score.time_signatures[0].denominator) == (3, 4)
    assert score.tempos[0].qpm == pytest.approx(80, rel=0.04)
    estimate = model.adapter.estimate(0, resolved(model, style="folk", bars=16))
    assert (estimate.bars, estimate.seconds) == (16.0, round(16 * 3 * 60 / 150, 1))


def test_the_usual_instruments_of_a_style_play_unless_others_are_requested(tmp_path: Path) -> None:
    directory = tmp_path / "tiny-ensemble" / "0.0.1"
    shutil.copytree(TINY, directory)
    manifest = json.loads((directory / "manifest.json").read_text())
    for style in manifest["styles"]:
        style["instruments"] = ["violin", "violin", "cello"]
    (directory / "manifest.json").write_text(json.dumps(manifest))
    model = load_model(directory, slots=2)
    names = [
        {track.name for track in written(model, bars=8, density="high", **settings).tracks}
        for settings in ({"style": "classical"}, {"style": "classical", "parts": "flute"})
    ]
    assert names == [{"Violin 1", "Violin 2", "Cello"}, {"Flute"}]


def test_a_player_without_companions_has_no_number(model: Model) -> None:
    assert {track.name for track in written(model, parts="violin, piano", bars=8).tracks} == {"Violin", "Piano"}


def test_events_so_far_are_a_piece_whose_notes_stay(model: Model) -> None:
    parameters = resolved(model, bars=6)
    events = composed(model, parameters)
    whole = model.decode(events, parameters)
    for stop in range(1, len(events), 5):
        part = model.decode(events[:stop], parameters)
        onsets = part.notes["onset"]
        latest = onsets.max(initial=0)
        settled = part.notes[(onsets < latest) & (onsets + part.notes["duration"] <= latest)]
        assert len(part.notes) <= stop
        # Tracks are numbered anew when another instrument joins.
        assert {note[:4] for note in settled.tolist()} <= {note[:4] for note in whole.notes.tolist()}
    assert len(settled) > 3


def test_chords_repeat_until_the_end_and_may_be_left_open(model: Model) -> None:
    plan = model.adapter.session_inputs(resolved(model, chords="C | - G7", bars=5), None)
    assert plan.conditions["chord_1"] == [1, 0, 1, 0, 1]
    assert plan.conditions["chord_2"] == [1, 1 + 2 * 12 + 7, 1, 1 + 2 * 12 + 7, 1]
    assert set(plan.conditions) <= set(INDEX)


@pytest.mark.parametrize(
    ("settings", "field", "message"),
    [
        ({"chords": "C | H"}, "chords", "bar 2: 'H' is not a chord"),
        ({"parts": "violin, violin, violin"}, "parts", "must name violin at most 2 times, got 3"),
        ({"parts": ", ".join(["voice"] * 40)}, "parts", "at most 16 of its choices, got 40"),
        ({"parts": "theremin"}, "parts", "not theremin"),
        ({"meter": "5/4"}, "meter", "must be one of any, 4/4, 3/4, 6/8"),
        ({"bars": 10_000}, "bars", "between 2 and 16"),
    ],
)
def test_wrong_requests_name_the_field_and_the_limit(
    model: Model, settings: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidParameters) as raised:
        resolved(model, **settings)
    [problem] = raised.value.fields
    assert problem.field == f"body.parameters.{field}"
    assert message in problem.message


def test_an_open_request_has_the_texture_that_is_usual_in_the_style(model: Model) -> None:
    manifest = model.adapter.manifest
    assert isinstance(manifest, EnsembleManifest)
    style = StyleInfo(path="folk", numbers=(2, 0, 0), pieces=9, meter="6/8", tempo=150.0, density=6, polyphony=5)
    styles = tuple(style if one.path == "folk" else one for one in manifest.styles)
    adapter = EnsembleAdapter(EnsembleBundle(TINY, manifest.model_copy(update={"styles": styles}), {}))

    def conditions(**requested: Any) -> dict[str, Any]:
        parameters = adapter.manifest.sampling.check({"style": "folk", **requested})
        return dict(adapter.session_inputs(parameters, None).conditions)

    assert conditions() == {"density": [6], "polyphony": [5]}
    assert set(conditions(density="low")) == {"density"}
    assert conditions(parts="flute, violin") == {}


def test_the_temperature_is_multiplied_by_those_of_the_genre(model: Model) -> None:
    manifest = model.adapter.manifest
    assert isinstance(manifest, EnsembleManifest)
    factors = {"folk": (1.2, 1.1, 0.5, 1.0, 0.8), "any": (1.0, 1.0, 0.9, 1.0, 1.0)}
    changed = manifest.model_copy(update={"column_temperatures": factors})
    adapter = EnsembleAdapter(EnsembleBundle(TINY, changed, {}))

    def temperatures(**requested: Any) -> tuple[float, ...]:
        return adapter.session_inputs(adapter.manifest.sampling.check(requested), None).temperatures

    assert temperatures(style="folk", temperature=0.5) == (0.6, 0.55, 0.25, 0.5, 0.4)
    assert temperatures(temperature=1.0) == factors["any"]
    assert temperatures(style="classical", temperature=0.5) == (0.5,) * 5
