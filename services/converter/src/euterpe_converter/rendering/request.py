"""What is asked of the renderer, and its content address: everything that decides the bytes, and nothing else."""

import hashlib
from dataclasses import asdict, dataclass

from euterpe_converter.domain.audio import AudioFormat, Encoding, Synthesis, Tags
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.soundfont import SoundFont

#: Raised when our own code comes to decide other bytes.
RENDERER = "euterpe-renderer 5"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """A MIDI file, known by its SHA-256 (hexadecimal), and the audio wanted of it."""

    midi_sha256: str
    encoding: Encoding
    synthesis: Synthesis
    tags: Tags

    @property
    def body_tags(self) -> Tags:
        """Those that are part of the body: ffmpeg writes them, in the one format that has no preamble."""
        return self.tags if self.encoding.format is AudioFormat.OGG else Tags()


def midi_digest(midi: bytes) -> str:
    """SHA-256 of a MIDI file, lower-case hexadecimal."""
    return hashlib.sha256(midi).hexdigest()


def rendition_key(request: RenderRequest, soundfont: SoundFont, versions: str) -> str:
    """`audio/<sha256>.<extension>` of the body; `versions` are those of the libraries."""
    deciding = {
        "midi": request.midi_sha256,
        "soundfont": soundfont.sha256,
        "synthesis": asdict(request.synthesis),
        "encoding": asdict(request.encoding),
        "tags": asdict(request.body_tags),
        "renderer": [RENDERER, versions],
    }
    return f"audio/{hashlib.sha256(canonical(deciding).encode()).hexdigest()}.{request.encoding.format.value}"
