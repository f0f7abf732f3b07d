"""Keys of MIDI files."""

import hashlib

import pytest
from euterpe_service_kit.midi_artifacts import digest_of_midi_key, midi_digest, midi_key

DIGEST = hashlib.sha256(b"MThd").hexdigest()


def test_key_is_the_content_address() -> None:
    assert midi_digest(b"MThd") == DIGEST
    assert midi_key(DIGEST) == f"midi/{DIGEST}.mid"
    assert digest_of_midi_key(midi_key(DIGEST)) == DIGEST


@pytest.mark.parametrize(
    "key", ["", "models/secret", f"midi/{DIGEST}", f"midi/{DIGEST.upper()}.mid", f"midi/{DIGEST}.mid\n", "midi/0.mid"]
)
def test_invalid_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is not a MIDI key"):
        digest_of_midi_key(key)
