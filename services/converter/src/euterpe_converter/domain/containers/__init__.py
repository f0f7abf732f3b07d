"""Audio files in two parts: a preamble with headers and tags, and a body that is nothing but sound.

The preamble is computed from the length, the encoding and the tags, before a note is synthesised; the body is what is
rendered and kept. So a player learns how long it plays and where it can seek from the very first bytes, and songs with
the same notes share their audio, whatever they are called.
"""

from euterpe_converter.domain.audio import AudioFormat, Encoding, Tags
from euterpe_converter.domain.containers import flac, mp3, ogg, wav

__all__ = ["body_bytes", "preamble"]


def preamble(encoding: Encoding, frames: int, tags: Tags) -> bytes:
    """What comes before the body of audio of `frames` frames. Pure: equal arguments give equal bytes."""
    match encoding.format:
        case AudioFormat.WAV:
            return wav.preamble(encoding, frames, tags)
        case AudioFormat.MP3:
            return mp3.preamble(encoding, frames, tags)
        case AudioFormat.FLAC:
            return flac.preamble(encoding, frames, tags)
        case AudioFormat.OPUS:
            return ogg.preamble(encoding, tags)
        case AudioFormat.OGG:
            # ffmpeg writes the whole file, so tags are part of what is rendered.
            return b""


def body_bytes(encoding: Encoding, frames: int) -> int | None:
    """The exact size of the body of audio of `frames` frames; None where it depends on the music."""
    match encoding.format:
        case AudioFormat.WAV:
            return wav.body_bytes(encoding, frames)
        case AudioFormat.MP3 if encoding.vbr is None:
            return mp3.body_bytes(encoding, frames)
        case AudioFormat.OPUS:
            return ogg.body_bytes(encoding, frames)
        case _:
            return None
