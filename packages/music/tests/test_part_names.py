"""Names of parts in Spanish."""

import pytest
from euterpe_music.note_events.instruments import INSTRUMENTS, PART_COUNT, part_name
from euterpe_music.part_names import translated_part_name

_SAME = {"clavinet", "marimba", "oboe", "piano", "tuba", "viola"}


def test_every_part_of_ensemble_models_has_a_spanish_name() -> None:
    names = {*(instrument.name for instrument in INSTRUMENTS), *(part_name(part) for part in range(PART_COUNT))}
    unchanged = {name for name in names if translated_part_name(name, "es").lower() == name}
    assert {name.rstrip(" 12") for name in unchanged} <= _SAME


@pytest.mark.parametrize(
    ("name", "spanish"),
    [("Violin 2", "Violín 2"), ("Electric Piano 1", "Piano eléctrico 1"), ("Drum Kit", "Batería"),
     ("Acoustic Guitar (nylon)", "Guitarra española"), ("Melody", "Melodía"), ("Ana's flute", "Ana's flute")],
)  # fmt: skip
def test_parts_are_translated_and_names_of_users_kept(name: str, spanish: str) -> None:
    assert translated_part_name(name, "es") == spanish
    assert translated_part_name(name, "en") == name
