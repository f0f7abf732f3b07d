"""Released melody models replace bars: the rest of the piece stays, and the best candidate fits the bars after them."""

import base64
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece, Tempo, Track, make_notes

BUNDLES = sorted((Path(__file__).parents[4] / "models").glob("melody-*/*"))
#: Bars 5 and 6 of 8 are replaced.
FIRST, LAST = 5, 6
BAR = 4 * 96


@cache
def loaded(directory: Path) -> Model:
    return load_model(directory, 8)


def tune() -> Piece:
    """Return 8 bars in A major: a violin, a bass and drums."""
    scale = [69, 71, 73, 74, 76, 78, 80, 81]
    melody = make_notes(range(0, 8 * BAR, 48), 48, (scale + scale[::-1]) * 4, 93, 0)
    bass = make_notes(range(0, 8 * BAR, BAR), BAR, [45, 50] * 4, 70, 1)
    drums = make_notes(range(0, 8 * BAR, 96), 24, 38, 101, 2)
    tracks = (Track(40, name="Fiddle"), Track(32, name="Bass"), Track(0, is_drum=True, name="Drums"))
    return Piece(96, np.concatenate([melody, bass, drums]), tracks, (Tempo(0, 111.0),))


def read(model: Model, source: PromptSource, requested: dict[str, Any]) -> Prompt:
    checked = model.check_parameters("body.parameters", requested)
    return Prompt.from_dict(model.adapter.read_prompt(write_midi(tune()), source, checked, {}).to_dict())


def candidates(model: Model, prompt: Prompt, requested: dict[str, Any], count: int) -> list[tuple[float, Piece]]:
    """Return the score and the piece of several candidates."""
    parameters = model.check_parameters("body.parameters", requested)
    parameters = model.adapter.resolve_parameters(parameters, requested, prompt)
    inputs = model.adapter.session_inputs(parameters, prompt)
    for number in range(count):
        model.scheduler.submit(Request(str(number), "", seed=number, steps=inputs.steps, inputs=inputs))
    made = {}
    while not model.scheduler.idle:
        made |= {one.id: one for one in model.scheduler.step() if isinstance(one, Finished)}
        model.scheduler.check_integrity()
    ordered = [made[str(number)] for number in range(count)]
    return [(one.score, model.decode(one.events, parameters, prompt)) for one in ordered]


def kept(piece: Piece) -> list[Any]:
    """Return all notes but those of the fiddle in the replaced bars, with times in bars."""
    bar = piece.ticks_per_quarter * 4
    rows = zip(
        *(piece.notes[name].tolist() for name in ("onset", "duration", "pitch", "velocity", "track")), strict=True
    )
    inside = range((FIRST - 1) * bar, LAST * bar)
    return sorted(
        (onset / bar, length / bar, *rest) for onset, length, *rest in rows if rest[-1] or onset not in inside
    )


def replaced(piece: Piece) -> Any:
    bar = piece.ticks_per_quarter * 4
    notes = piece.notes[piece.notes["track"] == 0]
    return notes[(notes["onset"] >= (FIRST - 1) * bar) & (notes["onset"] < LAST * bar)]


@pytest.mark.parametrize("directory", BUNDLES, ids=[path.parent.name for path in BUNDLES])
def test_only_the_melody_of_these_bars_is_composed(directory: Path) -> None:
    model = loaded(directory)
    source = PromptSource(use="replace", first_bar=FIRST, last_bar=LAST, tracks=(1,))
    requested = {"key": "A major"}
    results = candidates(model, read(model, source, requested), requested, 4)
    assert len({tuple(replaced(piece)["pitch"].tolist()) for _, piece in results}) > 1, "candidates differ"
    for _, piece in results:
        assert kept(piece) == kept(tune())
        notes = replaced(piece)
        assert len(notes), "bars are composed, not emptied"
        ends = notes["onset"].astype(int) + notes["duration"]
        assert ends.max() <= LAST * piece.ticks_per_quarter * 4
        assert set(notes["velocity"].tolist()) == {93}
        in_scale = np.isin((notes["pitch"].astype(int) - 9) % 12, [0, 2, 4, 5, 7, 9, 11])
        assert in_scale.mean() > 0.7, "they are in the key of the piece"


@pytest.mark.parametrize("directory", BUNDLES, ids=[path.parent.name for path in BUNDLES])
def test_the_score_is_the_likelihood_of_the_bars_after(directory: Path) -> None:
    """The same bars have a higher score before the bars that they were composed before than before noise."""
    model = loaded(directory)
    source = PromptSource(use="replace", first_bar=FIRST, last_bar=LAST)
    prompt = read(model, source, {})
    noise = np.random.default_rng(5).permutation([row for row, pitches in enumerate(prompt.after) if pitches])
    rows = list(prompt.after)
    shuffled = [rows[number][1] for number in noise]
    wild = tuple((length, tuple(p + 11 * (n % 2) - 5 for p in shuffled[n])) for n, (length, _) in enumerate(rows))
    fitting = [score for score, _ in candidates(model, prompt, {}, 4)]
    other = [score for score, _ in candidates(model, replace(prompt, after=wild), {}, 4)]
    assert all(score < 0 for score in fitting)
    assert min(fitting) > max(other)
    assert len(set(fitting)) > 1, "it depends on what was composed"


def test_the_best_candidate_is_kept() -> None:
    model = loaded(BUNDLES[0])
    prompt = read(model, PromptSource(use="replace", first_bar=FIRST, last_bar=LAST), {})
    parameters = model.adapter.resolve_parameters(model.check_parameters("body.parameters", {}), {}, prompt)
    inputs = model.adapter.session_inputs(parameters, prompt)
    model.scheduler.submit(Request("best", "", seed=3, steps=inputs.steps, inputs=inputs, candidates=8))
    ended = []
    while not model.scheduler.idle:
        ended += [one for one in model.scheduler.step() if isinstance(one, Finished)]
    model.scheduler.submit(Request("first", "", seed=3, steps=inputs.steps, inputs=inputs))
    while not model.scheduler.idle:
        ended += [one for one in model.scheduler.step() if isinstance(one, Finished)]
    best, first = ended
    assert best.id == "best"
    assert best.score >= first.score


@pytest.mark.parametrize(
    ("source", "requested", "field"),
    [
        ({}, {}, "prompt.first_bar"),
        ({"first_bar": 9}, {}, "prompt.first_bar"),
        ({"first_bar": 3, "last_bar": 2}, {}, "prompt.last_bar"),
        ({"first_bar": 3, "tracks": (3,)}, {}, "prompt.tracks"),
        ({"first_bar": 3, "tracks": (1, 2)}, {}, "prompt.tracks"),
        ({"first_bar": 3}, {"bars": 8}, "parameters.bars"),
        ({"first_bar": 3}, {"strategy": "beam"}, "parameters.strategy"),
        ({"first_bar": 3}, {"accompaniment": "on"}, "parameters.accompaniment"),
        ({"first_bar": 3}, {"style": "jigs"}, "prompt"),
    ],
)
def test_requests_that_cannot_be_met_name_the_field(
    source: dict[str, Any], requested: dict[str, Any], field: str
) -> None:
    model = loaded(next(path for path in BUNDLES if path.parent.name == "melody-folk"))
    parameters = model.check_parameters("body.parameters", requested)

    def resolve() -> None:
        prompt = read(model, PromptSource(use="replace", **source), requested)
        model.adapter.resolve_parameters(parameters, requested, prompt)

    with pytest.raises(InvalidParameters) as raised:
        resolve()
    assert [problem.field for problem in raised.value.fields] == [f"body.{field}"]


def test_the_first_and_the_last_bars_can_be_replaced() -> None:
    model = loaded(BUNDLES[0])
    for first, last in ((1, 2), (7, 8)):
        prompt = read(model, PromptSource(use="replace", first_bar=first, last_bar=last), {})
        assert base64.b64decode(prompt.material.midi if prompt.material else "")
        [(_, piece)] = candidates(model, prompt, {}, 1)
        bar = piece.ticks_per_quarter * 4
        onsets = piece.notes["onset"][piece.notes["track"] == 0] // bar + 1
        assert set(range(1, 9)) - set(onsets.tolist()) <= set(range(first, last + 1))
        assert np.isin(onsets, range(first, last + 1)).any()
