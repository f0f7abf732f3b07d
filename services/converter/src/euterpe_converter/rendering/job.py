"""A render job, as it is passed to the render process."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from euterpe_converter.domain.audio import Encoding, Synthesis, Tags
from euterpe_converter.domain.formats import AudioFormat


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A valid MIDI file, the frames of its audio before trimming, and how to render it.

    `tags` are empty unless they are part of the body.
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
        """Return everything except the MIDI file."""
        parts = {name: asdict(getattr(self, name)) for name in ("encoding", "synthesis", "tags")}
        return parts | {"frames": self.frames}

    @classmethod
    def from_json(cls, midi: bytes, given: dict[str, Any]) -> "RenderJob":
        """Create the job from `to_json`'s result."""
        encoding = given["encoding"] | {"format": AudioFormat(given["encoding"]["format"])}  # type: ignore[call-arg]
        programs = tuple((channel, program) for channel, program in given["synthesis"]["programs"])
        synthesis = Synthesis(**(given["synthesis"] | {"programs": programs}))
        return cls(midi, given["frames"], Encoding(**encoding), synthesis, Tags(**given["tags"]))


def canonical(value: object) -> str:
    """Return JSON that is equal for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
