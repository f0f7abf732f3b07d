import numpy as np
import pytest
from euterpe_music.note_events.instruments import (
    DROPPED_PROGRAMS,
    DRUM_PART,
    INSTRUMENTS,
    PART_COUNT,
    instrument_of_program,
    part_name,
    part_number,
    part_program,
)
from euterpe_music.note_events.spec import (
    COLUMN_SIZES,
    DRUM_OFFSET,
    LENGTHS,
    MAX_BAR_TICKS,
    METER_OFFSET,
    METER_TICKS,
    METERS,
    PITCH_OFFSET,
    TEMPI,
    TEMPO_OFFSET,
    length_class,
    length_class_at_most,
    meter_class,
    tempo_class,
)


def test_every_length_of_the_table_is_its_own_class() -> None:
    assert length_class(LENGTHS).tolist() == list(range(len(LENGTHS)))


def test_lengths_are_rounded_by_ratio_and_never_vanish() -> None:
    assert LENGTHS[length_class(np.array([0, 13, 49, 10_000]))].tolist() == [1, 14, 48, 768]


def test_a_limited_length_never_exceeds_its_limit() -> None:
    limits = np.arange(1, 800)
    lengths = LENGTHS[length_class_at_most(limits)]
    assert (lengths <= limits).all()
    assert (lengths * 1.34 >= np.minimum(limits, 768)).all()


def test_tempo_classes_are_within_four_percent() -> None:
    tempi = np.linspace(16, 320, 500)
    assert (np.abs(np.log(TEMPI[tempo_class(tempi)] / tempi)) < np.log(1.04)).all()


@pytest.mark.parametrize("meter", METERS)
def test_every_meter_keeps_its_name_and_fits_a_bar(meter: tuple[int, int]) -> None:
    number = METERS.index(meter)
    assert meter_class(int(METER_TICKS[number]), meter) == number
    assert METER_TICKS[number] <= MAX_BAR_TICKS


def test_an_unknown_meter_takes_the_shortest_that_is_long_enough() -> None:
    assert METERS[meter_class(72, (24, 32))] in {(3, 4), (6, 8)}
    assert METER_TICKS[meter_class(50)] == 54
    with pytest.raises(ValueError, match="at most 192 ticks"):
        meter_class(193)


def test_each_program_has_one_instrument_unless_it_is_dropped() -> None:
    programs = [program for instrument in INSTRUMENTS for program in instrument.programs]
    assert sorted(programs) == [program for program in range(128) if program not in DROPPED_PROGRAMS]
    assert instrument_of_program(125) is None


def test_parts_play_back_as_the_instrument_that_they_came_from() -> None:
    for program in set(range(128)) - DROPPED_PROGRAMS:
        instrument = instrument_of_program(program)
        assert instrument is not None
        assert instrument_of_program(part_program(part_number(instrument, 0))) == instrument


def test_surplus_parts_share_the_last_one() -> None:
    violin = instrument_of_program(40)
    assert violin is not None
    assert [part_name(part_number(violin, index)) for index in range(3)] == ["violin 1", "violin 2", "violin 2"]
    assert part_name(DRUM_PART) == "drums"


def test_columns_leave_no_value_without_a_meaning() -> None:
    assert COLUMN_SIZES[1] == METER_OFFSET + len(METERS) == 1 + PART_COUNT + len(METERS)
    assert PITCH_OFFSET + 128 == DRUM_OFFSET
    assert COLUMN_SIZES[2] == TEMPO_OFFSET + len(TEMPI)
