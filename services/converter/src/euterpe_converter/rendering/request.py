"""What is asked of the renderer."""

import hashlib
from dataclasses import dataclass, field

from euterpe_converter.domain.audio import AudioFormat, SynthesisOptions


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """A MIDI file, known by its SHA-256 (hexadecimal), and the audio wanted of it."""

    midi_sha256: str
    format: AudioFormat
    synthesis: SynthesisOptions = field(default_factory=SynthesisOptions)


def midi_digest(midi: bytes) -> str:
    """SHA-256 of a MIDI file, lower-case hexadecimal."""
    return hashlib.sha256(midi).hexdigest()
