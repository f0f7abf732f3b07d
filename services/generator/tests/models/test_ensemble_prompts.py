"""Continue, accompany and replace: what is given stays equal in every note."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.note_events.spec import METER_TICKS
from euterpe_music.piece import Piece, Tempo, Track, make_notes

TINY = Path(__file__).parents[1] / "data/tiny-ensemble/0.0.1"
TICKS = 100
BAR = 3 * TICKS


def song(bars: int = 12) -> Piece:
    """Return a waltz with tracks of its own names, played a little unevenly at a resolution without triplets."""
    random = np.random.default_rng(1)
    onset = np.arange(bars * 6) * (TICKS // 2)
    uneven = np.maximum(onset + random.integers(-3, 4, len(onset)), 0)
    uneven[::6] = onset[::6]
    rows = [make_notes(uneven, 47, random.integers(60, 84, len(onset)), random.integers(40, 99, len(onset)), 0)]
    rows.append(make_notes(np.arange(bars) * BAR, BAR, random.integers(36, 55, bars), 71, 1))
    rows.append(make_notes(np.arange(bars * 3) * TICKS, 20, np.tile([36, 42, 42], bars), 90, 2))
    tracks = (Track(0, name="Right hand"), Track(42, name="Low"), Track(0, is_drum=True, name="Kit"))
    meters = (MeterChange(0, Meter(3, 4)),)
    return Piece(TICKS, np.concatenate(rows), tracks, (Tempo(0, 90.0), Tempo(4 * BAR, 95.0)), meters)


SONG = write_midi(song())


def with_pickup() -> Piece:
    """Return a melody in 4/4 whose time signatures begin with an incomplete bar of a quarter."""
    onset = np.arange(17) * TICKS
    notes = make_notes(onset, 90, 60 + np.arange(17) % 12, 80, 0)
    return Piece(TICKS, notes, meters=(MeterChange(0, Meter(1, 4)), MeterChange(TICKS, Meter(4, 4))))


def with_late_piano(program: int) -> bytes:
    """Return a file of six bars whose first three have notes of a program that the network does not know, or none."""
    late = make_notes(np.arange(9) * TICKS + 3 * BAR, 90, 60, 80, 0)
    early = make_notes(np.arange(9) * TICKS, 90, 60, 80, 1)[: 9 if program else 0]
    meters = (MeterChange(0, Meter(3, 4)),)
    return write_midi(Piece(TICKS, np.concatenate([late, early]), (Track(0), Track(program)), meters=meters))


LATE = write_midi(Piece(TICKS, make_notes([20 * 4 * TICKS], 90, 60, 80, 0)))


def with_note_at_bar_line() -> bytes:
    """Return a file whose first note is in bar 1 on the fine grid of its track, and in bar 2 on that of the file."""
    known = make_notes([710, 1440], 90, 60, 80, 0)
    unknown = make_notes(np.arange(20) * 15 + 1445, 10, 60, 80, 1)
    meters = (MeterChange(0, Meter(3, 4)),)
    return write_midi(Piece(240, np.concatenate([known, unknown]), (Track(0), Track(127)), meters=meters))


PICKUPS = (
    PromptSource(write_midi(with_pickup()), use="accompany"),
    PromptSource(write_midi(with_pickup()), use="replace", first_bar=1),
    PromptSource(
        write_midi(replace(with_pickup(), meters=(MeterChange(0, Meter(4, 4)), MeterChange(150, Meter(4, 4))))),
        use="accompany",
    ),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(TINY, slots=4)


def requested(
    model: Model, source: PromptSource, stored: Mapping[str, Any] = MappingProxyType({}), **settings: Any
) -> tuple[dict[str, Any], Prompt]:
    parameters = model.check_parameters("body.parameters", settings)
    prompt = model.adapter.read_prompt(source.midi or b"", source, parameters, stored)
    # As the database returns it.
    prompt = Prompt.from_dict(prompt.to_dict())
    return model.adapter.resolve_parameters(parameters, settings, prompt), prompt


def events_of(model: Model, parameters: dict[str, Any], prompt: Prompt, seed: int = 4) -> Array:
    inputs = model.adapter.session_inputs(parameters, prompt)
    model.scheduler.submit(Request("a", "a", seed, inputs.steps, inputs))
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                return update.events
    raise AssertionError("the piece did not finish")


def composed(model: Model, source: PromptSource, **settings: Any) -> Piece:
    parameters, prompt = requested(model, source, **settings)
    made = model.decode(events_of(model, parameters, prompt), parameters, prompt)
    return read_midi(write_midi(made))


def notes_of(piece: Piece, scale: int = 1) -> set[tuple[int, ...]]:
    """Return the notes as onset, duration, pitch, velocity and track, in ticks of the given scale."""
    return {(row[0] * scale, row[1] * scale, *row[2:]) for row in piece.notes.tolist()}


def test_a_continuation_begins_with_the_very_notes(model: Model) -> None:
    made = composed(model, PromptSource(SONG, bars=5), bars=9)
    scale = made.ticks_per_quarter // TICKS
    boundary, original = 5 * BAR * scale, notes_of(song(), made.ticks_per_quarter // TICKS)
    before = {note for note in notes_of(made) if note[0] < boundary}
    assert before == {note for note in original if note[0] < boundary}
    after = [note for note in notes_of(made) if note[0] >= boundary]
    assert len(after) > 5
    assert max(note[0] + note[1] for note in after) <= made.bar_starts[9]
    assert [track.name for track in made.tracks[:3]] == ["Right hand", "Low", "Kit"]
    meters = [str(change.meter) for change in made.meters]
    assert meters[0] == "3/4"
    assert all(one != following for one, following in pairwise(meters))
    assert [(one.tick, round(one.bpm, 2)) for one in made.tempos[:2]] == [(0, 90.0), (4 * BAR * scale, 95.0)]


def test_a_continuation_may_have_other_instruments_meter_and_tempo(model: Model) -> None:
    made = composed(model, PromptSource(SONG, bars=4), bars=8, parts="violin", meter="4/4", tempo=140)
    boundary = 4 * BAR * made.ticks_per_quarter // TICKS
    late = {made.tracks[track].name for track in made.notes["track"][made.notes["onset"] >= boundary]}
    assert late == {"Violin"}
    assert [(change.tick, str(change.meter)) for change in made.meters] == [(0, "3/4"), (boundary, "4/4")]
    assert (made.tempos[-1].tick, round(made.tempos[-1].bpm)) == (boundary, 140)


def test_a_prompt_states_what_is_not_requested(model: Model) -> None:
    steady = write_midi(replace(song(), tempos=(Tempo(0, 90.0),)))
    stored = {"style": "folk", "key": "D minor", "meter": "4/4", "tempo": 60.0, "density": "high"}
    names = ("style", "key", "meter", "tempo", "density")

    def found(source: PromptSource, stored: Mapping[str, Any], **settings: Any) -> list[Any]:
        parameters, _ = requested(model, source, stored, **settings)
        return [parameters.get(name) for name in names]

    assert found(PromptSource(steady, bars=3), stored, bars=6) == ["folk", "D minor", "3/4", 90.0, "any"]
    assert found(PromptSource(SONG, bars=6), stored, bars=8) == ["folk", "D minor", "3/4", None, "any"]
    of_another_model = {"style": "jigs", "key": "any"}
    assert found(PromptSource(steady, bars=3), of_another_model, bars=6) == ["any", "any", "3/4", 90.0, "any"]
    wishes = {"style": "classical", "key": "any", "meter": "any", "tempo": 70.0}
    assert found(PromptSource(steady, bars=3), stored, bars=6, **wishes) == ["classical", "any", "any", 70.0, "any"]
    replaced = PromptSource(steady, use="replace", first_bar=2)
    assert found(replaced, stored) == ["folk", "D minor", "any", None, "any"]


def test_a_file_has_no_style_whatever_the_default(tmp_path: Path) -> None:
    copy = tmp_path / "tiny-ensemble/0.0.1"
    shutil.copytree(TINY, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    for parameter in manifest["sampling"]["parameters"]:
        if parameter["name"] == "style":
            parameter["default"] = "folk"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    model = load_model(copy, slots=1)
    assert model.check_parameters("body.parameters", {})["style"] == "folk"
    assert requested(model, PromptSource(SONG, bars=3), bars=6)[0]["style"] == "any"


def test_a_steady_prompt_is_continued_in_its_meter_and_tempo(model: Model) -> None:
    steady = write_midi(replace(song(), tempos=(Tempo(0, 90.0),)))
    made = composed(model, PromptSource(steady, bars=4), bars=12)
    assert [(change.tick, str(change.meter)) for change in made.meters] == [(0, "3/4")]
    assert [(one.tick, round(one.bpm, 2)) for one in made.tempos] == [(0, 90.0)]


def test_added_instruments_leave_the_prompt_as_it_is(model: Model) -> None:
    made = composed(model, PromptSource(SONG, use="accompany"), parts="violin, flute")
    scale = made.ticks_per_quarter // TICKS
    assert {note for note in notes_of(made) if note[4] < 3} == notes_of(song(), scale)
    added = [note for note in notes_of(made) if note[4] >= 3]
    assert len(added) > 10
    assert {track.name for track in made.tracks[3:]} <= {"Violin", "Flute"}
    assert max(note[0] + note[1] for note in added) <= 12 * BAR * scale
    assert made.tempos[1].bpm == pytest.approx(95.0, abs=0.01)


@pytest.mark.parametrize(("first", "last", "tracks"), [(5, 6, (1,)), (12, 12, ()), (1, 3, (2, 3)), (7, None, (3,))])
def test_only_the_chosen_bars_of_the_chosen_tracks_change(
    model: Model, first: int, last: int | None, tracks: tuple[int, ...]
) -> None:
    source = PromptSource(SONG, use="replace", first_bar=first, last_bar=last, tracks=tracks)
    made = composed(model, source, temperature=1.2)
    scale = made.ticks_per_quarter // TICKS
    start, stop = (first - 1) * BAR * scale, (last or first) * BAR * scale
    chosen = [number - 1 for number in tracks] or [0, 1, 2]
    # Notes that are played a few ticks before a bar line belong to the bar that they begin.
    early = 4 * scale

    def is_fixed(note: tuple[int, ...]) -> bool:
        return note[4] not in chosen or not start - early <= note[0] < stop - early

    assert {note for note in notes_of(made) if is_fixed(note)} == {
        note for note in notes_of(song(), scale) if is_fixed(note)
    }
    assert {note for note in notes_of(made) if not is_fixed(note)} != {
        note for note in notes_of(song(), scale) if not is_fixed(note)
    }


def test_pieces_with_prompts_are_the_same_in_company(model: Model) -> None:
    sources = [
        (PromptSource(SONG, bars=3), {"bars": 6}),
        (PromptSource(SONG, use="accompany"), {"parts": "oboe"}),
        (PromptSource(SONG, use="replace", first_bar=4, last_bar=5), {}),
    ]
    wanted = [requested(model, source, **settings) for source, settings in sources]
    alone = [events_of(model, *each).tobytes() for each in wanted]
    for number, each in enumerate(wanted):
        inputs = model.adapter.session_inputs(*each)
        model.scheduler.submit(Request(str(number), "a", 4, inputs.steps, inputs))
    together = {}
    while not model.scheduler.idle:
        together |= {u.id: u.events.tobytes() for u in model.scheduler.step() if isinstance(u, Finished)}
    assert [together[str(number)] for number in range(3)] == alone


def test_while_a_piece_is_accompanied_its_notes_appear_in_the_order_of_time(model: Model) -> None:
    parameters, prompt = requested(model, PromptSource(SONG, use="accompany"), parts="violin")
    events = events_of(model, parameters, prompt)
    whole = model.decode(events, parameters, prompt)
    for stop in range(0, len(events) - 1, 7):
        part = model.decode(events[:stop], parameters, prompt)
        latest = int(part.notes["onset"].max(initial=0))
        assert part.notes[part.notes["onset"] < latest].tolist() == whole.notes[whole.notes["onset"] < latest].tolist()


@pytest.mark.parametrize("source", PICKUPS)
def test_no_note_is_composed_before_a_pickup(model: Model, source: PromptSource) -> None:
    settings = {"parts": "violin"} if source.use == "accompany" else {}
    parameters, prompt = requested(model, source, temperature=1.2, **settings)
    first_position = model.adapter.session_inputs(parameters, prompt).rules.first_position
    assert first_position >= 60
    composed_in_pickup = 0
    for seed in range(6):
        events = events_of(model, parameters, prompt, seed)
        known = events[~np.isnan(events[:, 0])]
        pickup = known[(known[:, 0] == 0) & (known[:, 1] < METER_TICKS.max())]
        assert (pickup[:, 1] >= first_position).all()
        composed_in_pickup += len(pickup)
        for stop in range(0, len(events) + 1, 5):
            model.decode(events[:stop], parameters, prompt)
    assert composed_in_pickup


def test_events_before_a_pickup_are_left_out(model: Model) -> None:
    """Workers of earlier versions compose such events."""
    parameters, prompt = requested(model, PICKUPS[0], parts="violin")
    events = events_of(model, parameters, prompt)
    number = int(np.flatnonzero(events[:, 1] < METER_TICKS.max())[0])
    events[number, :2] = 0
    made = model.decode(events, parameters, prompt)
    kept = model.decode(np.delete(events, number, axis=0), parameters, prompt)
    assert notes_of(made) == notes_of(kept)


@pytest.mark.parametrize(
    ("source", "settings", "field", "message"),
    [
        (PromptSource(SONG, bars=16), {}, "prompt.bars", "between 1 and 15, got 16"),
        (PromptSource(with_late_piano(0), bars=1), {}, "prompt.bars", "between 4 and 15, got 1; the first note"),
        (PromptSource(with_late_piano(127), bars=3), {}, "prompt.bars", "between 4 and 15, got 3; the first note"),
        (PromptSource(with_note_at_bar_line(), bars=1), {}, "prompt", "no notes"),
        (PromptSource(LATE, bars=None), {}, "prompt", "in its first 15 bars, got one in bar 21"),
        (PromptSource(SONG, bars=6), {"bars": 6}, "parameters.bars", "greater than the prompt's 6 bars"),
        (PromptSource(SONG, use="accompany"), {}, "parameters.parts", "names the instruments to add"),
        (PromptSource(SONG, use="accompany"), {"parts": "oboe", "tempo": 90}, "parameters.tempo", "that of the prompt"),
        (PromptSource(SONG, use="replace"), {}, "prompt.first_bar", "is needed"),
        (PromptSource(SONG, use="replace", first_bar=13), {}, "prompt.first_bar", "between 1 and 12"),
        (PromptSource(SONG, use="replace", first_bar=5, last_bar=4), {}, "prompt.last_bar", "between 5 and 12, got 4"),
        (PromptSource(SONG, use="replace", first_bar=5, tracks=(4,)), {}, "prompt.tracks", "among 1, 2, 3"),
        (PromptSource(b"MThd"), {}, "prompt", ""),
        (PromptSource(write_midi(song(40)), use="accompany"), {"parts": "oboe"}, "prompt", "at most 16 bars"),
        (PromptSource(write_midi(replace(song(), notes=song().notes[:0]))), {}, "prompt", "no notes"),
    ],
)
def test_wrong_prompts_name_the_field_and_the_limit(
    model: Model, source: PromptSource, settings: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidParameters) as raised:
        requested(model, source, **settings)
    [problem] = raised.value.fields
    assert problem.field == f"body.{field}"
    assert message in problem.message
