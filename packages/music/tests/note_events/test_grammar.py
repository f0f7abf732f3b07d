from collections.abc import Callable

import numpy as np
import pytest
from euterpe_music.note_events.event import Event, note_of
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT, part_instrument
from euterpe_music.note_events.piece import NOTE, NotePiece, canonical
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import BAR, END, METER_OFFSET, METERS, PART_OFFSET, TEMPO_OFFSET
from euterpe_test_kit.note_cursor import Cursor
from euterpe_test_kit.note_grammar import Grammar


def _random_event(grammar: Grammar, cursor: Cursor, bar_events: int, generator: np.random.Generator) -> Event:
    """Draw any legal event; positions near the pointer are favoured, so that chords occur."""
    slots = np.flatnonzero(grammar.slots(cursor, bar_events))
    slot = int(slots[0] if generator.random() < 0.5 else generator.choice(slots))
    part = int(generator.choice(np.flatnonzero(grammar.parts(cursor, slot))))
    pitch = int(generator.choice(np.flatnonzero(grammar.pitches(cursor, slot, part))))
    length, velocity = (int(generator.choice(np.flatnonzero(grammar.details(column, slot)))) for column in (3, 4))
    return slot, part, pitch, length, velocity


@pytest.mark.parametrize("seed", range(5))
def test_any_legal_sequence_is_a_canonical_piece_of_the_asked_bars(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rules = Rules(parts=(40, 50, DRUM_PART), meter=METERS.index((6, 8)), tempo=20, lowest=40, highest=70)
    grammar, cursor, events = Grammar(rules), Cursor(6), []
    cursor.push((BAR, METER_OFFSET + 14, TEMPO_OFFSET + 20, 0, 0))
    bar_events = 0
    while True:
        event = _random_event(grammar, cursor, bar_events, generator)
        if event[0] == END:
            break
        cursor.push(event)
        bar_events = 0 if event[0] == BAR else bar_events + 1
        if event[0] != BAR:
            events.append((cursor.bar, *note_of(event), event[3] - 1, event[4] - 1))
    notes = np.array(events, dtype=NOTE)
    assert cursor.bar == 5
    assert (canonical(notes) == notes).all()
    assert set(notes["part"].tolist()) <= {40, 50, DRUM_PART}
    assert notes["position"].max() < 72
    pitched = notes[notes["part"] != DRUM_PART]["pitch"]
    assert pitched.min() >= 40
    assert pitched.max() <= 70


def test_a_piece_of_open_length_may_end_after_any_bar() -> None:
    grammar, cursor = Grammar(Rules()), Cursor(None)
    assert np.flatnonzero(grammar.slots(cursor, 0)).tolist() == [BAR]
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    mask = grammar.slots(cursor, 0)
    assert mask[END]
    assert mask[BAR]


def test_given_notes_are_not_composed_again(make_piece: Callable[[int], NotePiece]) -> None:
    grammar, cursor = Grammar(Rules(parts=(50,), lowest=60, highest=62)), Cursor(4)
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    cursor.push((0, 51, 1 + 61, 5, 5), role=1)
    assert np.flatnonzero(grammar.pitches(cursor, 0, 51)).tolist() == [61, 63]
    assert np.flatnonzero(grammar.pitches(cursor, 24, 51)).tolist() == [61, 62, 63]


def test_a_full_bar_must_end() -> None:
    grammar, cursor = Grammar(Rules(max_bar_events=3)), Cursor(4)
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    assert np.flatnonzero(grammar.slots(cursor, 3)).tolist() == [BAR]


def test_the_first_bar_begins_at_its_pickup() -> None:
    grammar, cursor = Grammar(Rules(first_position=72)), Cursor(4)
    cursor.push((BAR, METER_OFFSET + METERS.index((4, 4)), TEMPO_OFFSET, 0, 0))
    assert np.flatnonzero(grammar.slots(cursor, 0)).tolist() == [*range(72, 96), BAR]
    cursor.push((BAR, METER_OFFSET + METERS.index((4, 4)), TEMPO_OFFSET, 0, 0))
    assert np.flatnonzero(grammar.slots(cursor, 0)).tolist() == [*range(96), BAR]


def test_a_chord_grows_downwards_and_to_later_parts_only() -> None:
    grammar, cursor = Grammar(Rules(parts=(40, 50))), Cursor(4)
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    cursor.push((24, 51, 61, 5, 5))
    assert np.flatnonzero(grammar.slots(cursor, 1))[0] == 24
    assert np.flatnonzero(grammar.parts(cursor, 24)).tolist() == [51]
    assert np.flatnonzero(grammar.pitches(cursor, 24, 51)).max() == 60
    assert np.flatnonzero(grammar.parts(cursor, 25)).tolist() == [41, 51]


@pytest.mark.parametrize(("instrument", "notes"), [("flute", 1), ("violin", 2), ("nylon guitar", 6)])
def test_a_part_has_no_more_notes_at_once_than_its_instrument_can_play(instrument: str, notes: int) -> None:
    part = next(number for number in range(PART_COUNT) if part_instrument(number) == instrument)
    grammar, cursor = Grammar(Rules(parts=(part,))), Cursor(4)
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    for number in range(notes):
        assert grammar.parts(cursor, 24).any()
        cursor.push((24, PART_OFFSET + part, 61 - number, 5, 5))
    assert not grammar.parts(cursor, 24).any()
    assert np.flatnonzero(grammar.slots(cursor, notes))[0] == 25
    cursor.push((30, PART_OFFSET + part, 61, 5, 5))
    assert grammar.parts(cursor, 30).any() == (notes > 1)


def test_notes_lie_in_the_range_of_their_instrument() -> None:
    part = next(number for number in range(PART_COUNT) if part_instrument(number) == "viola")
    grammar, cursor = Grammar(Rules(parts=(part,))), Cursor(4)
    cursor.push((BAR, METER_OFFSET + 3, TEMPO_OFFSET, 0, 0))
    pitches = np.flatnonzero(grammar.pitches(cursor, 0, PART_OFFSET + part)) - 1
    assert (pitches.min(), pitches.max()) == (48, 93)
