"""Queries of listings."""

import math
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from euterpe_music.seeds import MAX_SEED
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.details import MAX_TAGS, MAX_TEMPO, MusicalKey, Style, Tag, Visibility
from euterpe_library.domain.filters import CURSOR_VALUES, FILTERED_MEASURES, Range, SongFilter, Sort
from euterpe_library.domain.instruments import INSTRUMENTS
from euterpe_library.domain.page import MAX_CURSOR_LENGTH, Position, SortValue
from euterpe_library.domain.song import MAX_DURATION_SECONDS, Name
from euterpe_library.domain.terms import TextSearch
from euterpe_library.domain.titles import MAX_LENGTH, fold, without_controls

_FOLDED = {fold(name): name for name in INSTRUMENTS}
_CURSOR_HELP = "Not a cursor of this listing: use `next_cursor` of the page before, unchanged"


def _instrument(name: str) -> str:
    known = _FOLDED.get(fold(name))
    if known is None:
        raise PydanticCustomError("instrument", "Must be the name of a General MIDI instrument, such as `Violin`")
    return known


def _measure(text: str) -> str:
    measure_range(text)
    return text


def measure_range(text: str) -> tuple[str, Range[float]]:
    """`scale_score:0.8:` → ("scale_score", at least 0.8). Raises PydanticCustomError."""
    name, *bounds = text.split(":")
    try:
        low, high = (_finite(bound) if bound else None for bound in bounds)
    except ValueError:
        raise PydanticCustomError("measure", "Must be `name:min:max`; min or max may be empty") from None
    if name not in FILTERED_MEASURES:
        raise PydanticCustomError(
            "measure", "The measure must be one of {names}", {"names": ", ".join(FILTERED_MEASURES)}
        )
    return name, Range(low, high)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def known_position(cursor: str, orders: dict[str, type[SortValue]]) -> Position:
    """The position of a cursor. Raises PydanticCustomError."""
    try:
        return Position.from_cursor(cursor, orders)
    except ValueError:
        raise PydanticCustomError("cursor", _CURSOR_HELP) from None


Text = Annotated[str, AfterValidator(without_controls)]
_MAX_INSTRUMENTS = 16
_Tempo = Annotated[float | None, Field(gt=0, le=MAX_TEMPO, allow_inf_nan=False)]
_Seconds = Annotated[float | None, Field(ge=0, le=MAX_DURATION_SECONDS, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1, le=100, description="How many a page holds at most.")]


class FilterQuery(BaseModel):
    """What songs must have to be found."""

    model_config = ConfigDict(extra="forbid")

    q: Text = Field(
        default="",
        max_length=MAX_LENGTH,
        description=(
            "Words that title or tags must contain, whole or in part, without regard to case and accents; "
            'a "phrase" in quotes; -word for what must not be there.'
        ),
        examples=['nocturne "in the rain" -sketch'],
    )
    model: Name | None = Field(default=None, description="Composed by this model.", examples=["crnngan-classical"])
    model_version: Name | None = Field(default=None, description="Needs `model`.", examples=["1.0.0"])
    seed: Annotated[int | None, Field(ge=0, le=MAX_SEED)] = Field(default=None, examples=[42])
    instrument: list[Annotated[str, AfterValidator(_instrument)]] = Field(
        default=[], max_length=_MAX_INSTRUMENTS, description="General MIDI names; all must play.", examples=[["Violin"]]
    )
    tag: list[Tag] = Field(default=[], max_length=MAX_TAGS, description="All of these.", examples=[["rain"]])
    key: MusicalKey | None = Field(default=None, examples=["A minor"])
    style: Style | None = Field(default=None, examples=["classical"])
    remix_of: uuid.UUID | None = Field(default=None, description="Composed again with this song's settings.")
    tempo_min: _Tempo = Field(default=None, description="Quarters per minute.", examples=[60])
    tempo_max: _Tempo = Field(default=None, examples=[120])
    duration_min: _Seconds = Field(default=None, description="Seconds.", examples=[30])
    duration_max: _Seconds = Field(default=None, examples=[300])
    measure: list[Annotated[str, AfterValidator(_measure)]] = Field(
        default=[],
        max_length=len(FILTERED_MEASURES),
        description=f"`name:min:max` with either bound left out; names: {', '.join(FILTERED_MEASURES)}.",
        examples=[["scale_score:0.8:"]],
    )
    since: AwareDatetime | None = Field(default=None, description="Made (in feeds: published) at this time or later.")
    until: AwareDatetime | None = Field(default=None, description="Made (in feeds: published) at this time or earlier.")

    @field_validator("model_version")
    @classmethod
    def _version_of_a_model(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("model") is None:
            raise PydanticCustomError("model_version", "Name the model, too")
        return value

    @field_validator("since", "until")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value and value.astimezone(UTC)
        except OverflowError:
            raise PydanticCustomError("date", "The date lies outside the calendar") from None

    def filter(self, visibility: Visibility | None = None) -> SongFilter:
        """The filter that the query describes."""
        return SongFilter(
            text=TextSearch.parse(self.q),
            model=self.model,
            model_version=self.model_version,
            seed=self.seed,
            instruments=tuple(self.instrument),
            tags=tuple(self.tag),
            key=self.key,
            style=self.style,
            remix_of=self.remix_of,
            tempo=Range(self.tempo_min, self.tempo_max),
            duration=Range(self.duration_min, self.duration_max),
            measures=dict(map(measure_range, self.measure)),
            time=Range(self.since, self.until),
            visibility=visibility,
        )


class ListQuery(FilterQuery):
    """What songs must have, in which order they come, and which page of them."""

    sort: Sort = Field(
        default=Sort.NEWEST, description="`liked` lists songs that somebody likes, the most liked first."
    )
    limit: Limit = 20
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_LENGTH,
        description="`next_cursor` of the page before; without it, the first page.",
        examples=["WyJuZXdlc3QiLDE3Nl0"],
    )

    @field_validator("cursor")
    @classmethod
    def _of_this_order(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and known_position(value, CURSOR_VALUES).order != info.data.get("sort"):
            raise PydanticCustomError("cursor", _CURSOR_HELP)
        return value

    @property
    def after(self) -> Position | None:
        """Where the page begins."""
        return None if self.cursor is None else Position.from_cursor(self.cursor, CURSOR_VALUES)


class MineQuery(ListQuery):
    """The query of one's own songs."""

    visibility: Visibility | None = Field(default=None, description="Only songs that these people may read.")


class FeedQuery(ListQuery):
    """The query of the public feed."""

    author: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(without_controls)] | None = Field(
        default=None,
        description="Only songs of the author with this id.",
        examples=["0199d3c1-0b6a-7d5e-a1b2-7c3f00aa"],
    )
    following: bool = Field(default=False, description="Only songs of authors whom you follow.")


class PageQuery(BaseModel):
    """Which page of a plain listing, newest first."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 20
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_LENGTH,
        description="`next_cursor` of the page before.",
        examples=["WyJuZXdlc3QiLDE3Nl0"],
    )

    @field_validator("cursor")
    @classmethod
    def _newest(cls, value: str | None) -> str | None:
        if value is not None:
            known_position(value, _NEWEST)
        return value

    @property
    def after(self) -> Position | None:
        """Where the page begins."""
        return None if self.cursor is None else Position.from_cursor(self.cursor, _NEWEST)


_NEWEST: dict[str, Any] = {Sort.NEWEST: datetime}
