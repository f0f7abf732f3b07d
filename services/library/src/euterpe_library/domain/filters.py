"""Filter, scope and order of a listing of songs."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.page import SortValue
from euterpe_library.domain.terms import TextSearch

#: Measures that songs can be filtered by; each has an index (`storage/models.py`).
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
#: Order → type of the sort value in its cursors.
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
    """Inclusive bounds of a value; None means unbounded."""

    low: B | None = None
    high: B | None = None


@dataclass(frozen=True, slots=True)
class SongFilter:
    """Conditions on songs; by default there are none."""

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
    #: Creation time; in feeds, publication time.
    time: Range[datetime] = field(default_factory=Range)
    visibility: Visibility | None = None

    def without_sort_bounds(self, sort: Sort) -> "SongFilter":
        """Return the filter without bounds of the value that the order sorts by."""
        if sort in (Sort.NEWEST, Sort.OLDEST):
            return replace(self, time=Range())
        return replace(self, duration=Range()) if sort in (Sort.LONGEST, Sort.SHORTEST) else self


NO_FILTER = SongFilter()


@dataclass(frozen=True, slots=True)
class Mine:
    """The user's own songs."""

    owner_id: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Public songs: of everyone, of one author, or of the authors that a user follows."""

    author_id: str | None = None
    followed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Liked:
    """Songs that a user likes and may still read."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Trash:
    """The user's deleted songs that can still be restored."""

    owner_id: str


Scope = Mine | Feed | Liked | Trash


@dataclass(frozen=True, slots=True)
class Facets:
    """Number of songs of a listing per value: facet → value → songs.

    The first `counted` songs of the listing are counted; `complete` tells whether those are all.
    """

    counted: int
    complete: bool
    values: dict[str, dict[str, int]]
