"""Endings and two-part form of the released melody models, composed by the engine."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.endings import EndingShares, Frame, rank_accompaniment, rank_melody
from euterpe_generator.models.loader import load_model
from euterpe_generator.models.token_masks import sounds_on
from euterpe_generator.models.two_part_form import two_part_conditions, with_repeats
from euterpe_generator.services.progress_stream import settled, timed_notes
from euterpe_music.bundle import Bundle, load_any_bundle
from euterpe_music.events import decode
from euterpe_music.meter import Meter
from euterpe_music.midi.write import as_written
from euterpe_music.piece import Piece
from euterpe_music.tokens import QuantizedTrack, Vocabulary
from euterpe_music.tokens.conditioning import ConditioningFeature, Form, conditioning_table

MODELS = Path(__file__).parents[4] / "models"
BAR = 16
C_MAJOR = Frame(end=2 * BAR, bar=BAR, beat=4, tonic=0, is_white=True)
TONIC = EndingShares(1.0, 1.0)


@cache
def loaded(name: str) -> Model:
    return load_model(sorted((MODELS / name).iterdir())[-1], 16)


def compose(
    model: Model, requested: Mapping[str, Any], seeds: range, length: int | None = None
) -> list[tuple[Array, Piece]]:
    parameters = model.check_parameters("body.parameters", requested)
    parameters = model.adapter.resolve_parameters(parameters, requested, None)
    inputs = model.adapter.session_inputs(parameters, None)
    steps = model.adapter.count_steps(length, parameters, None)
    for seed in seeds:
        model.scheduler.submit(Request(str(seed), "", seed=seed, steps=steps, inputs=inputs))
    found: dict[int, Array] = {}
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                found[int(update.id)] = update.events
    return [(found[seed], model.decode(found[seed], parameters)) for seed in seeds]


def lasts_on(piece: Piece, pitch_class: int) -> bool:
    melody = piece.notes[piece.notes["track"] == 0]
    end = piece.bar_starts[-1]
    return bool(melody["pitch"][-1] % 12 == pitch_class and melody["onset"][-1] + melody["duration"][-1] == end)


@pytest.mark.parametrize(("name", "expected"), [("melody-folk", 15), ("melody-pop", 10)])
def test_a_piece_in_a_requested_key_ends_on_its_tonic_up_to_the_bar_line(name: str, expected: int) -> None:
    requested = {"key": "D major", "bars": 8}
    ends = {
        ending: sum(
            lasts_on(piece, 2) for _, piece in compose(loaded(name), {**requested, "ending": ending}, range(16))
        )
        for ending in ("tonic", "off")
    }
    assert ends["tonic"] >= expected > ends["off"]


def test_only_the_last_two_bars_depend_on_the_ending() -> None:
    model = loaded("melody-folk")
    searched, plain = (
        compose(model, {"style": "reels", "bars": 6, "accompaniment": "off", "ending": ending}, range(8))
        for ending in ("tonic", "off")
    )
    melodies = [(one[0][:, 1], other[0][:, 1]) for one, other in zip(searched, plain, strict=True)]
    assert all(np.array_equal(one[: 4 * BAR], other[: 4 * BAR]) for one, other in melodies)
    assert any(not np.array_equal(one, other) for one, other in melodies)


@pytest.mark.parametrize("name", ["melody-folk", "melody-pop"])
def test_an_ending_is_the_same_alone_and_in_company(name: str) -> None:
    model = loaded(name)
    together = compose(model, {"bars": 4}, range(16))
    for seed in (0, 7, 15):
        [(alone, _)] = compose(model, {"bars": 4}, range(seed, seed + 1))
        assert alone.tobytes() == together[seed][0].tobytes()


@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_endings_are_not_offered_without_sampling(strategy: str) -> None:
    model = loaded("melody-pop")
    assert "ending" not in model.check_parameters("body.parameters", {"strategy": strategy})
    with pytest.raises(InvalidParameters, match="can be set only where strategy is"):
        model.check_parameters("body.parameters", {"strategy": strategy, "ending": "tonic"})


def melody(*rows: tuple[int, int]) -> QuantizedTrack:
    return QuantizedTrack.from_rows([(length, (pitch,) if pitch else ()) for length, pitch in rows])


def test_melodies_are_ranked_by_their_last_note_and_by_how_long_it_sounds() -> None:
    on_tonic, before_the_bar_line = melody((16, 67), (16, 72)), melody((16, 67), (12, 72), (4, 0))
    elsewhere = melody((16, 72), (16, 67))
    ranks = [rank_melody(each, C_MAJOR, TONIC, 0.5) for each in (on_tonic, before_the_bar_line, elsewhere)]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 3
    assert rank_melody(melody((32, 0)), C_MAJOR, TONIC, 0.5) < min(ranks)
    rarely = EndingShares(0.3, 1.0)
    assert rank_melody(elsewhere, C_MAJOR, rarely, 0.5) > rank_melody(on_tonic, C_MAJOR, rarely, 0.5)


def test_of_equal_melodies_one_whose_last_note_begins_on_a_beat_is_better_where_the_corpus_is_so() -> None:
    on_beat, between = melody((16, 67), (4, 67), (12, 72)), melody((16, 67), (6, 67), (10, 72))
    folk = EndingShares(1.0, 1.0, on_beat=True)
    assert rank_melody(on_beat, C_MAJOR, folk, 0.5) > rank_melody(between, C_MAJOR, folk, 0.5)
    assert rank_melody(on_beat, C_MAJOR, TONIC, 0.5) == rank_melody(between, C_MAJOR, TONIC, 0.5)
    elsewhere = melody((16, 67), (4, 72), (12, 67))
    assert rank_melody(between, C_MAJOR, folk, 0.5) > rank_melody(elsewhere, C_MAJOR, folk, 0.5)


def test_without_a_stated_key_the_tonic_is_estimated() -> None:
    frame = Frame(end=48, bar=BAR, beat=4, tonic=None, is_white=False)
    in_g_major = [(4, pitch) for pitch in (67, 71, 67, 74, 67, 72, 71, 69, 66, 69, 67)]
    on_g, on_a = melody(*in_g_major, (4, 67)), melody(*in_g_major, (4, 69))
    assert rank_melody(on_g, frame, TONIC, 0.5) > rank_melody(on_a, frame, TONIC, 0.5)


def test_the_bass_of_the_last_bar_counts_also_where_chords_follow_it() -> None:
    tune = melody((16, 67), (16, 72))
    rest = QuantizedTrack.from_rows([(16, (48, 52, 55)), (8, (36,)), (8, (64, 67))])
    dominant = QuantizedTrack.from_rows([(16, (48, 52, 55)), (8, (43,)), (8, (47, 50))])
    assert rank_accompaniment(rest, tune, C_MAJOR, TONIC, 0.5) > rank_accompaniment(dominant, tune, C_MAJOR, TONIC, 0.5)


def test_guided_endings_hold_or_sound_the_tonic() -> None:
    vocabulary = Vocabulary("steps", ("<begin>", "<unknown>", "60", "62", "_", "r", "0.4.7", "7.0.4", "48"))
    assert np.flatnonzero(sounds_on(vocabulary, 0)).tolist() == [2, 4, 6, 8]
    assert sounds_on(vocabulary, 1).all(), "there is no such note"
    assert sounds_on(Vocabulary("durations", ("<begin>", "<unknown>", "1/3", "2")), 0).all()


def test_sections_are_repeated_exactly_and_only_when_they_are_complete() -> None:
    a, b = [(6, (60,)), (2, (62,))], [(3, (64,)), (5, ())]
    whole = QuantizedTrack.from_rows([*a, *b])
    assert with_repeats(whole, 8).with_rests() == [*a, *a, *b, *b]
    held = QuantizedTrack.from_rows([(6, (60,)), (5, (62,)), (5, ())])
    assert with_repeats(held, 8).with_rests() == [*a, *a, (3, (62,)), (5, ()), (3, (62,)), (5, ())]
    begun = QuantizedTrack.from_rows([*a, (3, (64,))])
    assert with_repeats(begun, 8).with_rests() == [*a, *a, (3, (64,))]
    assert with_repeats(QuantizedTrack.from_rows(a[:1]), 8).with_rests() == a[:1]


def test_the_second_section_is_conditioned_as_the_third_of_a_tune_with_repeats() -> None:
    columns = (
        ConditioningFeature("section", 4), ConditioningFeature("phrase", 8), ConditioningFeature("remaining", 9),
        ConditioningFeature("echo", 60, 8), ConditioningFeature("echo", 60, 16),
    )  # fmt: skip
    meter = Meter(4, 4)
    whole, short = (conditioning_table(columns, Form(bars * meter.bar, meter)) for bars in (32, 16))
    section = 8 * meter.bar
    found = two_part_conditions(short, columns, section)
    assert (found[:section] == short[:section]).all()
    # Bars 17 to 24 of the tune, but for the distance to the end, and for the step of A in what is composed.
    third = whole[2 * section : 3 * section]
    assert (found[section:, :2] == third[:, :2]).all()
    assert (found[section:, 4] == third[:, 4]).all()
    assert (found[section:, 3] == found[section:, 4]).all()
    assert found[-1, 2] == 0


def section(piece: Piece, number: int) -> list[Any]:
    """Notes of eight bars."""
    start, stop = piece.bar_starts[8 * number], piece.bar_starts[8 * number + 8]
    notes = piece.notes[(piece.notes["onset"] >= start) & (piece.notes["onset"] < stop)]
    columns = [notes[name].tolist() for name in ("duration", "pitch", "velocity", "track")]
    return list(zip((notes["onset"] - start).tolist(), *columns, strict=True))


@pytest.mark.parametrize("style", ["jigs", "reels"])
def test_two_part_form_repeats_both_sections(style: str) -> None:
    model = loaded("melody-folk")
    pieces = compose(model, {"style": style, "form": "AABB", "key": "D major", "ending": "tonic"}, range(8))
    for _, piece in pieces:
        assert len(piece.bar_starts) == 33
        assert section(piece, 0) == section(piece, 1)
        assert section(piece, 2) == section(piece, 3)
    assert sum(section(piece, 1) != section(piece, 2) for _, piece in pieces) >= 6
    assert sum(lasts_on(piece, 2) for _, piece in pieces) >= 7


def test_notes_of_a_piece_in_two_part_form_are_streamed_in_order() -> None:
    model = loaded("melody-folk")
    requested = {"style": "jigs", "form": "AABB"}
    parameters = model.adapter.resolve_parameters(model.check_parameters("p", requested), requested, None)
    [(events, piece)] = compose(model, requested, range(1))
    whole = timed_notes(as_written(piece))
    counts = []
    for count in range(8, len(events), 24):
        begun = as_written(model.decode(events[:count], parameters))
        notes = timed_notes(settled(begun, model.adapter.current_track(events[:count])))
        assert notes == whole[: len(notes)]
        counts.append(len(notes))
    assert counts == sorted(counts)
    assert counts[-1] > len(whole) / 2


def test_two_part_form_has_a_length_of_its_own_and_takes_no_prompt() -> None:
    model = loaded("melody-folk")
    requested = {"style": "jigs", "form": "AABB"}
    checked = model.check_parameters("body.parameters", requested)
    assert model.adapter.resolve_parameters(checked, requested, None)["bars"] == 32
    with pytest.raises(InvalidParameters, match="must be 32 where form is AABB, got 16"):
        model.adapter.resolve_parameters(checked, {**requested, "bars": 16}, None)
    with pytest.raises(InvalidParameters, match="can be set only where style is"):
        model.check_parameters("body.parameters", {"style": "waltzes", "form": "AABB"})
    assert all(parameter.name != "form" for parameter in loaded("melody-pop").sampling.parameters)


def test_the_last_notes_of_a_crnngan_piece_are_held_to_the_bar_line() -> None:
    bundle = load_any_bundle(sorted((MODELS / "crnngan-euterpe").iterdir())[-1])
    assert isinstance(bundle, Bundle)
    for seed, (events, piece) in enumerate(compose(loaded("crnngan-euterpe"), {}, range(8), length=24)):
        plain = decode(events, bundle.spec)
        last = piece.notes["onset"] == piece.notes["onset"].max()
        ends = (piece.notes["onset"] + piece.notes["duration"])[last]
        assert set(ends.tolist()) <= set(piece.bar_starts.tolist()), seed
        assert len(piece.notes) == len(plain.notes)
        assert (piece.notes["duration"][last] >= plain.notes["duration"][last]).all()
        assert piece.notes[~last].tolist() == plain.notes[~last].tolist()
