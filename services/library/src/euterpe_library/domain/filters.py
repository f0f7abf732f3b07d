"""What a listing of songs shows, and in which order."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.page import SortValue
from euterpe_library.domain.terms import TextSearch

#: Measures that songs can be filtered by; there is an index for each (`storage/models.py`).
FILTERED_MEASURES = ("scale_score", "polyphony", "tone_span", "notes_per_second")


class Sort(StrEnum):
    """Orders of a listing."""

    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"
    LONGEST = "longest"
    SHORTEST = "shortest"
    LIKED = "liked"


B = TypeVar("B")
#: Order → type of the value in its cursors.
CURSOR_VALUES: dict[str, type[SortValue]] = {
    Sort.NEWEST: datetime,
    Sort.OLDEST: datetime,
    Sort.TITLE: str,
    Sort.LONGEST: float,
    Sort.SHORTEST: float,
    Sort.LIKED: int,
}


@dataclass(frozen=True, slots=True)
class Range(Generic[B]):
    """Bounds of a value, both included; None where there is none."""

    low: B | None = None
    high: B | None = None


@dataclass(frozen=True, slots=True)
class SongFilter:
    """What a song must have to be listed; the defaults demand nothing."""

    text: TextSearch = field(default_factory=TextSearch)
    model: str | None = None
    model_version: str | None = None
    seed: int | None = None
    instruments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    key: str | None = None
    style: str | None = None
    remix_of: uuid.UUID | None = None
    tempo: Range[float] = field(default_factory=Range)
    duration: Range[float] = field(default_factory=Range)
    measures: dict[str, Range[float]] = field(default_factory=dict)
    #: When it was made, or in a feed published.
    time: Range[datetime] = field(default_factory=Range)
    visibility: Visibility | None = None

    def beyond(self, sort: Sort) -> "SongFilter":
        """What it demands beside bounds of what the songs are ordered by."""
        if sort in (Sort.NEWEST, Sort.OLDEST):
            return replace(self, time=Range())
        return replace(self, duration=Range()) if sort in (Sort.LONGEST, Sort.SHORTEST) else self


NOTHING = SongFilter()


@dataclass(frozen=True, slots=True)
class Mine:
    """The listener's own songs."""

    owner_id: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Songs that are public: everybody's, one author's, or those of the authors that a listener follows."""

    author_id: str | None = None
    followed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Liked:
    """Songs that a listener likes and may still read."""

    listener_id: str


@dataclass(frozen=True, slots=True)
class Trash:
    """The listener's deleted songs that can still be restored."""

    owner_id: str


Scope = Mine | Feed | Liked | Trash


@dataclass(frozen=True, slots=True)
class Facets:
    """How many songs of a listing have which value: facet → value → songs.

    Counted over the first `counted` songs of the listing; `complete` says whether those were all.
    """

    counted: int
    complete: bool
    values: dict[str, dict[str, int]]
