import hashlib

import pytest
from euterpe_service_kit.artifact_keys import midi_key, midi_sha256

DIGEST = hashlib.sha256(b"MThd").hexdigest()


def test_a_midi_key_contains_the_digest() -> None:
    assert midi_key(DIGEST) == f"midi/{DIGEST}.mid"
    assert midi_sha256(midi_key(DIGEST)) == DIGEST


@pytest.mark.parametrize(
    "key", ["", DIGEST, f"midi/{DIGEST}.mid\n", f"midi/{DIGEST.upper()}.mid", f"audio/{DIGEST}.mp3", "midi/../x.mid"]
)
def test_other_keys_have_no_digest(key: str) -> None:
    assert midi_sha256(key) is None
