"""What the songs of a listing have in common."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Text, cast, func, literal_column, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Facets, Scope, SongFilter
from euterpe_library.storage.matching import matches
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.pages import scoped

#: Counting more would make a search wait for its facets.
_SONGS = 2000
_VALUES = 25
_TEMPO_STEP = 20
_COLUMNS = ("model", "style", "key", "instruments", "tags", "tempo_bpm", "visibility")
#: Facet → its column, which holds several values for a song.
_SEVERAL = (("instrument", "instruments"), ("tag", "tags"))


async def count_facets(session: AsyncSession, scope: Scope, wanted: SongFilter) -> Facets:
    """How many songs have which model, style and so on, in bounded time."""
    found = scoped(select(*(getattr(SongRow, name) for name in _COLUMNS)), scope).where(*matches(wanted, scope))
    sample = found.limit(_SONGS + 1).cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    single = [_counted(name, sample.c[name]) for name in ("model", "style", "key", "visibility")]
    many = [_counted(name, func.unnest(sample.c[column])) for name, column in _SEVERAL]
    tempo = func.floor(sample.c.tempo_bpm / _TEMPO_STEP) * _TEMPO_STEP
    whole: Any = select(literal_column("''"), null(), func.count()).select_from(sample)
    counts: CompoundSelect[Any] = union_all(whole, *single, *many, _counted("tempo_bpm", tempo))
    return _facets((await session.execute(counts)).all())


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
        elif len(values := counts.setdefault(name, {})) < _VALUES:
            values[value] = count
    return Facets(min(total, _SONGS), total <= _SONGS, counts)
