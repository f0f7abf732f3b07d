"""One render, as it is handed to the process that does it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from euterpe_converter.domain.audio import AudioFormat, Encoding, Synthesis, Tags


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A valid MIDI file, the frames of its audio before it is trimmed, and what is to be made of it.

    `tags` are empty where they are not part of the body.
    """

    midi: bytes
    frames: int
    encoding: Encoding
    synthesis: Synthesis
    tags: Tags = field(default_factory=Tags)

    @property
    def pcm_bytes(self) -> int:
        """Bytes of the audio before it is encoded."""
        return self.frames * self.encoding.frame_bytes

    def to_json(self) -> dict[str, Any]:
        """Everything but the MIDI file."""
        parts = {name: asdict(getattr(self, name)) for name in ("encoding", "synthesis", "tags")}
        return parts | {"frames": self.frames}

    @classmethod
    def from_json(cls, midi: bytes, given: dict[str, Any]) -> "RenderJob":
        """What `to_json` told."""
        encoding = given["encoding"] | {"format": AudioFormat(given["encoding"]["format"])}
        programs = tuple((channel, program) for channel, program in given["synthesis"]["programs"])
        synthesis = Synthesis(**(given["synthesis"] | {"programs": programs}))
        return cls(midi, given["frames"], Encoding(**encoding), synthesis, Tags(**given["tags"]))


def canonical(value: object) -> str:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
