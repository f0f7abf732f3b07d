"""Songs as requests and answers of the HTTP API."""

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
    """Of a field that may be left out: then nothing changes, so what stands in for it here is no default."""
    schema.pop("default", None)


class SongChanges(BaseModel):
    """What may be changed of a song; what is left out stays."""

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
            raise PydanticCustomError("nothing", "Name at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """Only what was named."""
        return self.model_dump(exclude_unset=True)


class SongAnswer(BaseModel):
    """A song. Its MIDI is found under `midi_url`, and audio at the converter under its id."""

    id: uuid.UUID = Field(examples=[_ID])
    title: str = Field(examples=["Nocturne for a rainy day"])
    author: str = Field(examples=["clara"], description="Display name of the listener whose song it is.")
    author_id: str = Field(examples=["0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"])
    model: str | None = Field(examples=["crnngan-classical"], description="Null for imported songs.")
    model_version: str | None = Field(examples=["1.0.0"])
    seed: int | None = Field(
        examples=[42], description="With model, version and parameters: enough to compose it again."
    )
    parameters: dict[str, Any] = Field(examples=[{"length": 100}])
    duration_seconds: float = Field(examples=[31.4], description="From the first onset to the last release.")
    note_count: int = Field(examples=[100])
    measures: dict[str, float] = Field(examples=[{"scale_score": 0.87}], description="Musical measures by name.")
    tags: list[str] = Field(examples=[["rain", "piano"]])
    key: str | None = Field(examples=["A minor"])
    tempo_bpm: float | None = Field(examples=[96.0], description="Quarters per minute at the beginning.")
    instruments: list[str] = Field(examples=[["Acoustic Grand Piano"]], description="General MIDI names.")
    style: str | None = Field(examples=["classical"])
    visibility: Visibility
    comments_open: bool
    remix_of: uuid.UUID | None = Field(description="The song whose settings it was composed with again.")
    like_count: int = Field(examples=[3])
    comment_count: int = Field(examples=[1])
    liked: bool = Field(description="By you.")
    midi_url: str | None = Field(
        examples=[f"/api/v1/songs/{_ID}/midi"], description="Null when a link lets one listen only."
    )
    midi_sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    midi_size_bytes: int = Field(examples=[931])
    version: int = Field(examples=[1], description="Counts the song's changes; in quotes, fit for `If-Match`.")
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = Field(description="When it first became public.")

    @classmethod
    def of(cls, song: Song) -> "SongAnswer":
        """The song as those who may read it see it. All of it was checked when it was kept."""
        values = {name: getattr(song, name) for name in _SAME}
        url = f"/api/v1/songs/{song.id}/midi"
        return cls.model_construct(**values, author_id=song.owner_id, midi_url=url)


_SAME = tuple(name for name in SongAnswer.model_fields if name in Song.__dataclass_fields__)


class SongPage(BaseModel):
    """A page of songs."""

    items: list[SongAnswer]
    next_cursor: str | None = Field(
        description="For the next page; null on the last one.",
        examples=["WyJuZXdlc3QiLDE3NjA2Mzk0OTMwMTI5OTIsIjAxOTkiXQ"],
    )

    @classmethod
    def of(cls, page: Page[Song]) -> "SongPage":
        """The page as its reader sees it."""
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
        """The song as its owner sees it."""
        assert song.deleted_at is not None
        until = song.deleted_at + RESTORABLE
        return cls(id=song.id, title=song.title, deleted_at=song.deleted_at, restorable_until=until)


class DeletedPage(BaseModel):
    """A page of the trash, the latest first."""

    items: list[DeletedSong]
    next_cursor: str | None = Field(default=None, examples=["WyJuZXdlc3QiLDE3Nl0"])


class FacetsAnswer(BaseModel):
    """What songs of a listing have in common: facet → value → how many songs."""

    counted: int = Field(examples=[214], description="How many songs were counted.")
    complete: bool = Field(description="Whether those were all. If not, the counts are those of a part.")
    facets: dict[str, dict[str, int]] = Field(
        examples=[{"style": {"classical": 200, "folk": 14}, "key": {"A minor": 31}}],
        description="By model, style, key, instrument, tag, visibility, and tempo in steps of 20.",
    )

    @classmethod
    def of(cls, facets: Facets) -> "FacetsAnswer":
        """The facets as clients see them."""
        return cls(counted=facets.counted, complete=facets.complete, facets=facets.values)


class Remix(BaseModel):
    """How to compose again with a song's settings and another seed."""

    url: str = Field(examples=["/api/v1/generations"], description="POST `body` here.")
    body: dict[str, Any] = Field(examples=[{"model": "crnngan-classical@1.0.0", "length": 100, "title": "Nocturne"}])
    remix_of: uuid.UUID = Field(examples=[_ID])
