"""The table of General MIDI instruments and the lookup by name."""

import pytest
from euterpe_music.general_midi import DRUM_KIT, FAMILIES, INSTRUMENTS, Instrument, find_program, instrument_names
from euterpe_music.postprocessing import PROGRAMS


def test_sixteen_families_hold_the_128_programs_in_order() -> None:
    assert [instrument.number for instrument in INSTRUMENTS] == list(range(128))
    assert [len(family.instruments) for family in FAMILIES] == [8] * 16
    assert [family.name for family in FAMILIES if INSTRUMENTS[40] in family.instruments] == ["Strings"]


@pytest.mark.parametrize("field", ["name", "parameter_value", "spanish_name", "search_name"])
def test_every_spelling_is_unique(field: str) -> None:
    assert len({getattr(instrument, field) for instrument in (*INSTRUMENTS, DRUM_KIT)}) == 129


def test_parameter_values_keep_the_spelling_of_released_manifests() -> None:
    assert (PROGRAMS[0], PROGRAMS[24], PROGRAMS[46], PROGRAMS[87], PROGRAMS[96], PROGRAMS[127]) == (
        "acoustic grand piano", "nylon guitar", "harp", "bass and lead", "rain", "gunshot",
    )  # fmt: skip


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: str(instrument.number))
def test_every_spelling_finds_its_program(instrument: Instrument) -> None:
    number = instrument.number
    for field in ("name", "parameter_value", "search_name"):
        assert find_program(getattr(instrument, field)) == number, field
    assert find_program(str(number + 1)) == number


@pytest.mark.parametrize(("text", "number"), [("Piano", 0), ("strings", 48), ("HONKY-TONK piano", 3)])
def test_aliases_and_case(text: str, number: int) -> None:
    assert find_program(text) == number


@pytest.mark.parametrize("text", ["kazoo", "0", "129", "", "drum kit"])
def test_an_unknown_instrument_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a General MIDI instrument"):
        find_program(text)


def test_instrument_names_are_sorted_and_unique() -> None:
    assert instrument_names([128, 40, 0, 40]) == ["Acoustic Grand Piano", "Violin", "Drum Kit"]
