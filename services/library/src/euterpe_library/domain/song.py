"""A song: one finished piece in its owner's library."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.titles import Title, without_controls

#: Seeds stay exact in JavaScript, whose numbers are doubles.
MAX_SEED = 2**53 - 1
MAX_MIDI_BYTES = 64 * 1024 * 1024
MAX_DURATION_SECONDS = 86_400.0
MAX_NOTES = 10_000_000

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(without_controls)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(without_controls)]
Author = Annotated[str, StringConstraints(max_length=200), AfterValidator(without_controls)]
MAX_PARAMETERS_CHARACTERS = 16_384


def _storable(parameters: dict[str, Any]) -> dict[str, Any]:
    """Refuses what PostgreSQL's jsonb cannot hold: numbers that are none, and U+0000 in a string."""
    try:
        written = json.dumps(parameters, allow_nan=False, ensure_ascii=False)
    except ValueError:
        raise PydanticCustomError("not_finite", "Every number must be finite") from None
    if len(written) > MAX_PARAMETERS_CHARACTERS:
        limit = {"max_length": MAX_PARAMETERS_CHARACTERS}
        raise PydanticCustomError("too_long", "As JSON, at most {max_length} characters are allowed", limit)
    if "\\u0000" in written:
        raise PydanticCustomError("control_character", "U+0000 is not allowed")
    return parameters


Measure = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Song:
    """A song as it is kept. `version` counts its changes from 1 and is its entity tag."""

    id: uuid.UUID
    source_id: str
    owner_id: str
    author: str
    title: str
    midi_key: str
    midi_sha256: str
    midi_size_bytes: int
    model: str
    model_version: str
    seed: int
    parameters: Mapping[str, Any]
    duration_seconds: float
    note_count: int
    measures: Mapping[str, float]
    version: int
    created_at: datetime
    updated_at: datetime


class NewSong(BaseModel):
    """A finished piece that a peer wants kept, within the limits that hold for every song.

    Field names are those of the contract, `euterpe.library.v1.RegisterSongRequest`, with its messages flattened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: Identifier
    owner_id: Identifier
    author: Author
    title: Title
    midi_key: str
    midi_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    midi_size_bytes: int = Field(ge=1, le=MAX_MIDI_BYTES)
    model: Name
    model_version: Name
    seed: int = Field(ge=0, le=MAX_SEED)
    parameters: Annotated[dict[Name, Any], Field(max_length=100), AfterValidator(_storable)]
    duration_seconds: float = Field(ge=0, le=MAX_DURATION_SECONDS, allow_inf_nan=False)
    note_count: int = Field(ge=0, le=MAX_NOTES)
    measures: dict[Name, Measure] = Field(max_length=100)

    @model_validator(mode="after")
    def _key_is_the_content_address(self) -> "NewSong":
        # Whoever registers a song decides which object its owner may read: it must be a MIDI, and the one named.
        if self.midi_key != f"midi/{self.midi_sha256}.mid":
            raise PydanticCustomError("midi_key", "midi.key must be midi/<midi.sha256>.mid")
        return self
