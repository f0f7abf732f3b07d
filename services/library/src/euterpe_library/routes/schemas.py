"""Requests and answers of the HTTP API."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from euterpe_library.domain.page import MAX_CURSOR_LENGTH, Page, Position
from euterpe_library.domain.song import Song
from euterpe_library.domain.titles import MAX_LENGTH, Title, without_controls


def _known_cursor(cursor: str) -> str:
    try:
        Position.from_cursor(cursor)
    except ValueError:
        raise PydanticCustomError("cursor", "Not a cursor: use `next_cursor` of the page before, unchanged") from None
    return cursor


class SongQuery(BaseModel):
    """The query of a listing."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, AfterValidator(without_controls)] = Field(
        default="",
        max_length=MAX_LENGTH,
        description="Only songs whose title contains this, without regard to case and accents.",
        examples=["nocturne"],
    )
    limit: int = Field(default=20, ge=1, le=100, description="How many songs a page holds at most.")
    cursor: Annotated[str, AfterValidator(_known_cursor)] | None = Field(
        default=None,
        max_length=MAX_CURSOR_LENGTH,
        description="`next_cursor` of the page before; without it, the first page.",
    )

    @property
    def after(self) -> Position | None:
        """Where the page begins."""
        return None if self.cursor is None else Position.from_cursor(self.cursor)


class SongChanges(BaseModel):
    """What may be changed of a song."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Nocturne for a rainy day"}]})

    title: Title


class SongAnswer(BaseModel):
    """A song. The rest of its files is found under `midi_url`, and audio at the converter under its id."""

    id: uuid.UUID = Field(examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])
    title: str = Field(examples=["Nocturne for a rainy day"])
    author: str = Field(examples=["clara"], description="Display name of the listener who had it composed.")
    model: str = Field(examples=["crnngan-classical"])
    model_version: str = Field(examples=["1.0.0"])
    seed: int = Field(examples=[42], description="With model, version and parameters: enough to compose it again.")
    parameters: dict[str, Any] = Field(examples=[{"length": 100}])
    duration_seconds: float = Field(examples=[31.4], description="From the first onset to the last release.")
    note_count: int = Field(examples=[100])
    measures: dict[str, float] = Field(examples=[{"scale_score": 0.87}], description="Musical measures by name.")
    midi_url: str = Field(examples=["/api/v1/songs/0199d3c1-5a70-7cc3-98c4-dc0c0c07398f/midi"])
    midi_sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    midi_size_bytes: int = Field(examples=[931])
    version: int = Field(examples=[1], description="Counts the song's changes; in quotes, its entity tag.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, song: Song) -> "SongAnswer":
        """The song as its owner sees it."""
        return cls(
            id=song.id,
            title=song.title,
            author=song.author,
            model=song.model,
            model_version=song.model_version,
            seed=song.seed,
            parameters=dict(song.parameters),
            duration_seconds=song.duration_seconds,
            note_count=song.note_count,
            measures=dict(song.measures),
            midi_url=f"/api/v1/songs/{song.id}/midi",
            midi_sha256=song.midi_sha256,
            midi_size_bytes=song.midi_size_bytes,
            version=song.version,
            created_at=song.created_at,
            updated_at=song.updated_at,
        )


class SongPage(BaseModel):
    """A page of songs, newest first."""

    items: list[SongAnswer]
    next_cursor: str | None = Field(
        description="For the next page; null on the last one.", examples=["AQAGQdC7sSgAAZnTwVpwfMOYxNwMDAc5jw"]
    )

    @classmethod
    def of(cls, page: Page) -> "SongPage":
        """The page as its owner sees it."""
        return cls(
            items=[SongAnswer.of(song) for song in page.songs], next_cursor=page.next.cursor() if page.next else None
        )
