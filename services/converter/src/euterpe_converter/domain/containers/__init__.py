"""Audio files in two parts: a preamble with headers and tags, and a body of encoded audio.

The preamble is computed from duration, encoding and tags before a note is synthesised; only the body is rendered and
stored. So players know duration and seek positions from the first bytes, and songs with equal notes share their audio
whatever their titles (ADR 0007). Every module is a `domain.formats.Container`.
"""

from euterpe_converter.domain.audio import Encoding, Tags

__all__ = ["body_bytes", "preamble"]


def preamble(encoding: Encoding, frames: int, tags: Tags) -> bytes:
    """Return what precedes the body of audio of `frames` frames. Equal arguments give equal bytes."""
    return encoding.format.spec.container.preamble(encoding, frames, tags)


def body_bytes(encoding: Encoding, frames: int) -> int | None:
    """Return the exact size of the body of audio of `frames` frames, or None where it depends on the music."""
    return encoding.format.spec.container.body_bytes(encoding, frames)
