"""A render request and its content address, which covers everything that determines the bytes, and nothing else."""

from dataclasses import asdict, dataclass
from hashlib import sha256

from euterpe_service_kit.midi_artifacts import renditions_prefix

from euterpe_converter.domain.audio import Encoding, Synthesis, Tags
from euterpe_converter.rendering.job import canonical
from euterpe_converter.rendering.soundfont import SoundFont

#: Part of every content address; increment when our code changes the bytes.
_RENDERER_VERSION = "euterpe-renderer 6"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """A MIDI file, identified by its SHA-256 (hexadecimal), and how to render it."""

    midi_sha256: str
    encoding: Encoding
    synthesis: Synthesis
    tags: Tags
    #: Position of the only track that sounds; None for all of them.
    stem: int | None = None

    @property
    def body_tags(self) -> Tags:
        """Return the tags that are part of the body; empty where the preamble holds them."""
        return self.tags if self.encoding.format.spec.writes_whole_file else Tags()


def rendition_key(request: RenderRequest, soundfont: SoundFont, versions: str) -> str:
    """Return `audio/<sha256 of the MIDI file>/<sha256>.<extension>`; `versions` are those of the libraries."""
    inputs: dict[str, object] = {
        "midi": request.midi_sha256,
        "soundfont": soundfont.sha256,
        "synthesis": asdict(request.synthesis),
        "encoding": asdict(request.encoding),
        "tags": asdict(request.body_tags),
        "renderer": [_RENDERER_VERSION, versions],
    }
    if request.stem is not None:
        inputs["stem"] = request.stem
    name = f"{sha256(canonical(inputs).encode()).hexdigest()}.{request.encoding.format.value}"
    return renditions_prefix(request.midi_sha256) + name
