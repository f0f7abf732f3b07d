"""A song: a finished piece in its owner's library."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from euterpe_music.default_titles import Language
from euterpe_music.general_midi import DRUM_KIT
from euterpe_music.seed import MAX_SEED
from euterpe_service_kit.midi_artifacts import midi_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import MusicalKey, Style, Tags, TempoBpm, Visibility
from euterpe_library.domain.titles import Title, without_controls

MAX_MIDI_BYTES = 64 * 1024 * 1024
MAX_DURATION_SECONDS = 86_400.0
MAX_NOTES = 10_000_000
#: Time during which a deleted song can be restored.
RESTORABLE = timedelta(days=30)

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(without_controls)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(without_controls)]
Author = Annotated[str, StringConstraints(max_length=200), AfterValidator(without_controls)]
MAX_PARAMETERS_CHARACTERS = 16_384


def _storable(parameters: dict[str, Any]) -> dict[str, Any]:
    """Reject what PostgreSQL's jsonb cannot store: NaN, infinity, and U+0000 in a string."""
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
    """A stored song. `version` counts its changes from 1 and is its entity tag.

    An imported song has neither model nor seed, but the file as it was uploaded (`original_…`), unless it was imported
    by an earlier release.
    """

    id: uuid.UUID
    source_id: str
    owner_id: str
    author: str
    title: str
    midi_key: str
    midi_sha256: str
    midi_size_bytes: int
    original_key: str | None
    original_size_bytes: int | None
    model: str | None
    model_version: str | None
    seed: int | None
    parameters: Mapping[str, Any]
    duration_seconds: float
    note_count: int
    measures: Mapping[str, float]
    tags: Sequence[str]
    key: str | None
    meter: str | None
    tempo_bpm: float | None
    instruments: Sequence[str]
    style: str | None
    visibility: Visibility
    comments_open: bool
    remix_of: uuid.UUID | None
    like_count: int
    comment_count: int
    #: By the user for whom it was read.
    liked: bool
    version: int
    #: The version of its notes, from 1.
    current_version: int
    created_at: datetime
    updated_at: datetime
    #: When it first became public; feeds are sorted by it.
    published_at: datetime | None
    deleted_at: datetime | None


class NewSong(BaseModel):
    """A finished piece to register, within the limits of every song.

    Fields are named as in the contract, `euterpe.library.v1.RegisterSongRequest`, with nested messages flattened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: Identifier
    owner_id: Identifier
    author: Author
    title: Title
    midi_key: str
    midi_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    midi_size_bytes: int = Field(ge=1, le=MAX_MIDI_BYTES)
    original_key: str | None = None
    original_size_bytes: int | None = Field(default=None, ge=1, le=MAX_MIDI_BYTES)
    model: Name | None = None
    model_version: Name | None = None
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    parameters: Annotated[dict[Name, Any], Field(max_length=100), AfterValidator(_storable)]
    duration_seconds: float = Field(ge=0, le=MAX_DURATION_SECONDS, allow_inf_nan=False)
    note_count: int = Field(ge=0, le=MAX_NOTES)
    measures: dict[Name, Measure] = Field(max_length=100)
    tags: Tags = []
    key: MusicalKey | None = None
    meter: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]?$")] | None = None
    tempo_bpm: TempoBpm | None = None
    #: The language of a default title, which is numbered; None for a title that a user chose.
    title_language: Language | None = None
    programs: list[Annotated[int, Field(ge=0, le=DRUM_KIT.number)]] = Field(default=[], max_length=1000)
    style: Style | None = None
    visibility: Visibility = Visibility.PRIVATE
    remix_of: uuid.UUID | None = None
    #: From the request to the end of the piece; unknown for imported songs.
    composing_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _key_is_the_content_address(self) -> "NewSong":
        # The peer decides which object the owner may read, so the key must be that of this MIDI file.
        if self.midi_key != midi_key(self.midi_sha256):
            raise PydanticCustomError("midi_key", "midi.key must be midi/<midi.sha256>.mid")
        return self

    @property
    def object_keys(self) -> list[str]:
        """Keys of the song's objects in the object store."""
        return [self.midi_key] if self.original_key is None else [self.midi_key, self.original_key]


class Transfer(BaseModel):
    """Transfers everything that one user owns to another, with the author's name given.

    The fields `*_listener_id` have the names of the gRPC contract.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_listener_id: Identifier
    to_listener_id: Identifier
    author: Author
