"""Songs as requests and responses of the HTTP API.

The names `*Answer` are kept, as they are published in the OpenAPI document and used by generated clients.
"""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import MusicalKey, Style, Tags, TempoBpm, Visibility
from euterpe_library.domain.filters import Facets
from euterpe_library.domain.page import Page
from euterpe_library.domain.song import RESTORABLE, Song
from euterpe_library.domain.titles import Title

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"


def without_default(schema: dict[str, Any]) -> None:
    """Remove the default from the schema of an optional field that is left unchanged when it is omitted."""
    schema.pop("default", None)


class SongChanges(BaseModel):
    """Fields of a song to change; omitted fields are unchanged."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Nocturne for a rainy day", "tags": ["rain"], "visibility": "public"}]
        },
    )

    title: Title = Field(default="", json_schema_extra=without_default)
    tags: Tags = Field(default=[], json_schema_extra=without_default)
    style: Style | None = None
    key: MusicalKey | None = None
    tempo_bpm: TempoBpm | None = None
    visibility: Visibility = Field(default=Visibility.PRIVATE, json_schema_extra=without_default)
    comments_open: bool = Field(default=True, strict=True, json_schema_extra=without_default)

    @model_validator(mode="after")
    def _something(self) -> "SongChanges":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing", "Must contain at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the given fields only."""
        return self.model_dump(exclude_unset=True)


class SongAnswer(BaseModel):
    """A song. `midi_url` is its MIDI file; its audio is at the converter under the same id."""

    id: uuid.UUID = Field(examples=[_ID])
    title: str = Field(examples=["Nocturne for a rainy day"])
    author: str = Field(examples=["clara"], description="Display name of the song's owner.")
    author_id: str = Field(examples=["0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"])
    model: str | None = Field(examples=["crnngan-classical"], description="Null for imported songs.")
    model_version: str | None = Field(examples=["1.0.0"])
    seed: int | None = Field(
        examples=[42], description="With model, version and parameters, it reproduces the song's first version."
    )
    parameters: dict[str, Any] = Field(examples=[{"length": 100}])
    duration_seconds: float = Field(
        examples=[31.4], description="From the beginning to the end of the last note, held by the pedal or not."
    )
    note_count: int = Field(examples=[100])
    measures: dict[str, float] = Field(examples=[{"scale_score": 0.87}], description="Measures of the music by name.")
    tags: list[str] = Field(examples=[["rain", "piano"]])
    key: str | None = Field(examples=["A minor"])
    meter: str | None = Field(examples=["6/8"], description="The meter at the beginning, if it is known.")
    tempo_bpm: float | None = Field(examples=[96.0], description="Quarters per minute at the beginning.")
    instruments: list[str] = Field(examples=[["Acoustic Grand Piano"]], description="General MIDI names.")
    style: str | None = Field(examples=["classical"])
    visibility: Visibility
    comments_open: bool
    remix_of: uuid.UUID | None = Field(description="The song whose settings it was generated with.")
    like_count: int = Field(examples=[3])
    comment_count: int = Field(examples=[1])
    liked: bool = Field(description="Whether you like it.")
    midi_url: str | None = Field(
        examples=[f"/api/v1/songs/{_ID}/midi"], description="Null for share links that allow listening only."
    )
    midi_sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    midi_size_bytes: int = Field(examples=[931])
    original_size_bytes: int | None = Field(
        examples=[1204],
        description="Size of the uploaded file, which the owner can download from `/songs/{id}/original`; null for "
        "composed songs.",
    )
    version: int = Field(examples=[1], description="Number of changes plus 1. In quotes, a valid `If-Match`.")
    current_version: int = Field(
        examples=[1], description="Number of the version of its notes: 1, the original, until they are edited."
    )
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = Field(description="When it first became public.")

    @classmethod
    def of(cls, song: Song) -> "SongAnswer":
        """Convert a song. It was validated when it was stored."""
        values = {name: getattr(song, name) for name in _SAME}
        url = f"/api/v1/songs/{song.id}/midi"
        return cls.model_construct(**values, author_id=song.owner_id, midi_url=url)


_SAME = tuple(name for name in SongAnswer.model_fields if name in Song.__dataclass_fields__)


class SongPage(BaseModel):
    """A page of songs."""

    items: list[SongAnswer]
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null on the last one.",
        examples=["WyJuZXdlc3QiLDE3NjA2Mzk0OTMwMTI5OTIsIjAxOTkiXQ"],
    )

    @classmethod
    def of(cls, page: Page[Song]) -> "SongPage":
        """Convert a page."""
        items = [SongAnswer.of(song) for song in page.items]
        return cls.model_construct(items=items, next_cursor=page.next.cursor() if page.next else None)


class DeletedSong(BaseModel):
    """A song in the trash."""

    id: uuid.UUID = Field(examples=[_ID])
    title: str = Field(examples=["Sketch"])
    deleted_at: datetime
    restorable_until: datetime

    @classmethod
    def of(cls, song: Song) -> "DeletedSong":
        """Convert a deleted song."""
        assert song.deleted_at is not None
        until = song.deleted_at + RESTORABLE
        return cls(id=song.id, title=song.title, deleted_at=song.deleted_at, restorable_until=until)


class DeletedPage(BaseModel):
    """A page of the trash, the latest deleted first."""

    items: list[DeletedSong]
    next_cursor: str | None = Field(default=None, examples=["WyJuZXdlc3QiLDE3Nl0"])


class FacetsAnswer(BaseModel):
    """Number of songs per value of each facet: facet → value → songs."""

    counted: int = Field(examples=[214], description="Number of songs that were counted.")
    complete: bool = Field(description="Whether those are all songs of the listing.")
    facets: dict[str, dict[str, int]] = Field(
        examples=[{"style": {"classical": 200, "folk": 14}, "key": {"A minor": 31}}],
        description="Facets: model, style, key, instrument, tag, visibility, and tempo_bpm in steps of 20.",
    )

    @classmethod
    def of(cls, facets: Facets) -> "FacetsAnswer":
        """Convert the facets."""
        return cls(counted=facets.counted, complete=facets.complete, facets=facets.values)


class Remix(BaseModel):
    """Request that generates a song with the same settings and another seed."""

    url: str = Field(examples=["/api/v1/generations"], description="POST `body` to this URL.")
    body: dict[str, Any] = Field(examples=[{"model": "crnngan-classical@1.0.0", "length": 100, "title": "Nocturne"}])
    remix_of: uuid.UUID = Field(examples=[_ID])
