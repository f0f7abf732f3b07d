"""Facets: how many songs of a listing have which values."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Text, cast, func, literal_column, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Facets, Scope, SongFilter
from euterpe_library.storage.matching import matches
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.pages import scoped

#: Counting more songs would delay the search.
_MAX_SONGS = 2000
_MAX_VALUES = 25
_TEMPO_STEP = 20
_COLUMNS = ("model", "style", "key", "instruments", "tags", "tempo_bpm", "visibility")
#: Facet → its array column.
_ARRAY_FACETS = (("instrument", "instruments"), ("tag", "tags"))


class FacetRepository:
    """Counts facets, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count(self, scope: Scope, song_filter: SongFilter) -> Facets:
        """Count the songs per model, style and so on, of a bounded number of songs."""
        columns = (getattr(SongRow, name) for name in _COLUMNS)
        found = scoped(select(*columns), scope).where(*matches(song_filter, scope))
        sample = found.limit(_MAX_SONGS + 1).cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        single = [_counted(name, sample.c[name]) for name in ("model", "style", "key", "visibility")]
        arrays = [_counted(name, func.unnest(sample.c[column])) for name, column in _ARRAY_FACETS]
        tempo = func.floor(sample.c.tempo_bpm / _TEMPO_STEP) * _TEMPO_STEP
        total: Any = select(literal_column("''"), null(), func.count()).select_from(sample)
        counts: CompoundSelect[Any] = union_all(total, *single, *arrays, _counted("tempo_bpm", tempo))
        return _facets((await self._session.execute(counts)).all())


def _counted(name: str, value: ColumnElement[Any]) -> Select[Any]:
    labelled = select(cast(value, Text).label("value")).subquery()
    return (
        select(literal_column(f"'{name}'"), labelled.c.value, func.count())
        .where(labelled.c.value.is_not(None))
        .group_by(labelled.c.value)
    )


def _facets(rows: Sequence[Any]) -> Facets:
    total = 0
    counts: dict[str, dict[str, int]] = {}
    for name, value, count in sorted(rows, key=lambda row: (-row[2], row[1] or "")):
        if not name:
            total = count
        elif len(values := counts.setdefault(name, {})) < _MAX_VALUES:
            values[value] = count
    return Facets(min(total, _MAX_SONGS), total <= _MAX_SONGS, counts)
