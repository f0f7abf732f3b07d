"""S3 keys of MIDI files: content addresses, `midi/<sha256>.mid`."""

import re
from typing import Final

_MIDI_KEY: Final = re.compile(r"midi/([0-9a-f]{64})\.mid", re.ASCII)


def midi_key(sha256: str) -> str:
    """Return the key of the MIDI file with this SHA-256 digest, in lower-case hexadecimal digits."""
    return f"midi/{sha256}.mid"


def midi_sha256(key: str) -> str | None:
    """Return the digest in the key of a MIDI file; None for any other key."""
    match = _MIDI_KEY.fullmatch(key)
    return match[1] if match else None
