import pytest
from euterpe_music.ensemble_parameters import ensemble_parameters
from euterpe_music.parameters import ParameterError, check_parameters

PARAMETERS = ensemble_parameters(styles=("folk", "folk/reel"), meters=("4/4", "6/8"))


def test_what_is_left_open_has_no_tempo_and_any_for_the_rest() -> None:
    values = check_parameters({}, PARAMETERS)
    assert "tempo" not in values
    assert {values[name] for name in ("style", "parts", "key", "meter", "chords", "density", "polyphony")} == {"any"}


def test_instruments_are_a_list() -> None:
    values = check_parameters({"parts": "violin,violin,  viola , cello", "tempo": 96}, PARAMETERS)
    assert values["parts"] == "violin, violin, viola, cello"
    assert values["tempo"] == 96.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"parts": "violin, kazoo"}, "not kazoo"),
        ({"parts": "any, violin"}, "not any"),
        ({"parts": ", ".join(["piano"] * 40)}, "at most 16 of its choices, got 40"),
        ({"parts": ""}, "must be one or more of"),
        ({"meter": "13/8"}, "must be one of any, 4/4, 6/8, not 13/8"),
        ({"bars": 129}, "must be between 2 and 128, not 129"),
        ({"chords": "C | " * 1001}, "at most 4000 characters"),
        ({"style": "folk/polka"}, "must be one of any, folk, folk/reel"),
    ],
)
def test_wrong_values_are_refused_with_the_limit(given: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_parameters(given, PARAMETERS)


def test_other_chords_than_the_choices_are_accepted() -> None:
    assert check_parameters({"chords": "Em  |  C7 D"}, PARAMETERS)["chords"] == "Em | C7 D"
