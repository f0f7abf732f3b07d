import json
from dataclasses import replace

import numpy as np
import pytest
from euterpe_music.quantizer import NonUniformQuantizer
from euterpe_music.spec import EventSpec, faithful_spec


def test_a_spec_survives_json_with_its_hash() -> None:
    for spec in (EventSpec(grid=32, bpm=104.5), faithful_spec(4)):
        again = EventSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
        assert again == spec
        assert again.sha256 == spec.sha256


def test_every_field_decides_the_hash() -> None:
    spec = EventSpec()
    changes = {
        "representation": "faithful", "tones_per_cell": 2, "ticks_per_quarter": 96, "bpm": 60.0, "grid": 4,
        "pitch_low": 1, "pitch_high": 100, "time_rungs": (0, 96), "pitch_rungs": (0, 12, 24),
        "time_half_width": 0.3, "pitch_half_width": 0.3,
    }  # fmt: skip
    assert set(changes) == set(spec.to_dict())
    hashes = {replace(spec, **{name: value}).sha256 for name, value in changes.items()}
    assert len(hashes | {spec.sha256}) == len(changes) + 1


def test_the_hash_of_the_default_spec_is_fixed() -> None:
    # Released bundles state it: if this changes, older models cannot be loaded any more.
    assert EventSpec().sha256 == "d0207023d93206dda1d5a657630b93823a2e15a461afbd449d33d64737c67c4c"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"representation": "piano-roll"}, "representation"),
        ({"tones_per_cell": 0}, "tones_per_cell"),
        ({"grid": 0}, "grid"),
        ({"bpm": 0.0}, "bpm"),
        ({"pitch_low": 60, "pitch_high": 66}, "octave"),
        ({"time_rungs": (32, 64)}, "begin with 0"),
        ({"pitch_rungs": (5, 5)}, "ascending"),
        ({"time_half_width": 0.5}, "half_width"),
    ],
)
def test_values_out_of_range_are_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EventSpec(**change)


def test_unknown_and_missing_fields_are_named() -> None:
    values = EventSpec().to_dict()
    with pytest.raises(ValueError, match="swing"):
        EventSpec.from_dict({**values, "swing": 1})
    del values["grid"]
    with pytest.raises(ValueError, match="grid"):
        EventSpec.from_dict(values)
    with pytest.raises(ValueError, match="wrong type"):
        EventSpec.from_dict({**values, "grid": "x"})


def test_a_quantizer_is_exact_everywhere_and_monotone() -> None:
    quantizer = EventSpec().times
    values = np.concatenate([np.arange(20_000), np.arange(20_000, 1 << 20, 997)])
    coordinates = quantizer.encode(values)
    assert (np.diff(coordinates) > 0).all()
    assert (quantizer.decode(coordinates) == values).all()
    middle = (len(quantizer.levels) - 1) / 2
    single = ((coordinates - middle) / middle).astype(np.float32).astype(np.float64)
    assert (quantizer.decode(single * middle + middle) == values).all()


def test_a_rung_has_room_and_what_lies_between_shares_the_gap() -> None:
    quantizer = NonUniformQuantizer((0, 2, 4, 5), 0.4)
    assert quantizer.decode(np.array([-0.2, 0.39, 0.5, 0.61, 1.39, 1.5, 1.61, 2.4])).tolist() == [
        0,
        0,
        1,
        2,
        2,
        3,
        4,
        4,
    ]
