"""MIDI files in the object store, whose keys are content addresses, and the prefix of their audio."""

import hashlib
import re

MIDI_CONTENT_TYPE = "audio/midi"
MIDI_PREFIX = "midi/"
_KEY = re.compile(r"midi/([0-9a-f]{64})\.mid", re.ASCII)


def midi_digest(midi: bytes) -> str:
    """Return the SHA-256 of a MIDI file in lower-case hexadecimal."""
    return hashlib.sha256(midi).hexdigest()


def midi_key(digest: str) -> str:
    """Return the key of the MIDI file with this digest: `midi/<sha256>.mid`."""
    return f"midi/{digest}.mid"


def renditions_prefix(midi_digest: str) -> str:
    """Return the prefix of all audio of the MIDI file with this digest, which is deleted with the file."""
    return f"audio/{midi_digest}/"


def digest_of_midi_key(key: str) -> str:
    """Return the digest in a key. Raises ValueError when the key is not `midi/<sha256>.mid`."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"`{key[:100]}` is not a MIDI key: it must be `midi/<sha256>.mid`")
    return match[1]
