import pytest
from euterpe_music.key_signature import KeySignature, pitch_class


@pytest.mark.parametrize(
    ("name", "sharps", "shown"),
    [("C major", 0, "C major"), ("A minor", 0, "A minor"), ("D minor", -1, "D minor"), ("F# minor", 3, "F# minor"),
     ("Db major", -5, "Db major"), ("C# major", -5, "Db major"), ("G# minor", 5, "G# minor"),
     ("F# major", 6, "F# major")],
)  # fmt: skip
def test_keys_have_the_signature_with_the_fewest_accidentals(name: str, sharps: int, shown: str) -> None:
    signature = KeySignature.parse(name)
    assert (signature.sharps, str(signature)) == (sharps, shown)


@pytest.mark.parametrize("name", ["H major", "C", "C dorian", "", "Cx minor"])
def test_what_is_not_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        KeySignature.parse(name)


def test_transposing_keeps_the_mode() -> None:
    for sharps in range(-7, 8):
        for minor in (False, True):
            before = KeySignature(sharps, minor)
            after = before.transposed(3)
            assert (pitch_class(after.tonic) - pitch_class(before.tonic)) % 12 == 3
            assert after.is_minor == minor
