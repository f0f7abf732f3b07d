"""Versions of songs. A song's current version is also in its own row, from which songs are played and listed."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.song import Song
from euterpe_library.domain.version import FILE_COLUMNS, MidiFile, Origin, Version
from euterpe_library.storage.version_models import VersionRow


class VersionRepository:
    """Versions, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_song(self, song: Song) -> list[Version]:
        """Return all versions of a song, the newest first."""
        statement = select(VersionRow).where(VersionRow.song_id == song.id).order_by(VersionRow.number.desc())
        return [_version(row) for row in await self._session.scalars(statement)] or [original_of(song)]

    async def find(self, song: Song, number: int) -> Version | None:
        """Return a version of a song."""
        row = await self._session.get(VersionRow, (song.id, number))
        if row is None:
            return original_of(song) if song.current_version == number == 1 else None
        return _version(row)

    async def earlier_keys(self, song_id: uuid.UUID) -> dict[int, str]:
        """Return the keys of the files of all versions but the current one, by number."""
        statement = select(VersionRow.number, VersionRow.midi_key)
        rows = await self._session.execute(statement.where(VersionRow.song_id == song_id, ~VersionRow.is_current))
        return {row.number: row.midi_key for row in rows}

    async def last_number(self, song_id: uuid.UUID) -> int:
        """Return the number of the newest version, which has the largest one."""
        number = await self._session.scalar(select(func.max(VersionRow.number)).where(VersionRow.song_id == song_id))
        return number or 1

    async def add(self, song: Song, file: MidiFile, *, base_number: int, origin: Origin, label: str) -> Version:
        """Add the next version and make it the current one. The song's row is locked, and the caller changes it."""
        last = await self.last_number(song.id)
        if song.current_version == 1 and last == 1:
            await self._insert(original_of(song), song.owner_id)
        current = update(VersionRow).where(VersionRow.song_id == song.id, VersionRow.is_current)
        await self._session.execute(current.values(is_current=False))
        values: dict[str, Any] = {"base_number": base_number, "origin": origin, "label": label, "is_current": True}
        keys = {"song_id": song.id, "number": last + 1, "owner_id": song.owner_id}
        statement = insert(VersionRow).values(keys | values | file.columns()).returning(VersionRow)
        return _version((await self._session.scalars(statement)).one())

    async def transfer(self, from_user_id: str, to_user_id: str) -> None:
        """Count a user's versions for another user."""
        statement = update(VersionRow).where(VersionRow.owner_id == from_user_id)
        await self._session.execute(statement.values(owner_id=to_user_id))

    async def _insert(self, version: Version, owner_id: str) -> None:
        values = {name: getattr(version, name) for name in ("song_id", "number", "origin", "label", "is_current")}
        more = {"owner_id": owner_id, "created_at": version.created_at}
        await self._session.execute(insert(VersionRow).values(values | more | version.file.columns()))


def midi_keys_of(song_ids: Sequence[uuid.UUID]) -> Any:
    """Select song id and file key of all versions of some songs."""
    return select(VersionRow.song_id, VersionRow.midi_key).where(VersionRow.song_id.in_(song_ids))


def original_of(song: Song) -> Version:
    """Return version 1 of a song that was never edited."""
    file = MidiFile(**{name: getattr(song, name) for name in FILE_COLUMNS})
    return Version(song.id, 1, None, "original", "", is_current=True, file=file, created_at=song.created_at)


def _version(row: VersionRow) -> Version:
    file = MidiFile(**{name: getattr(row, name) for name in FILE_COLUMNS})
    origin = cast(Origin, row.origin)
    return Version(row.song_id, row.number, row.base_number, origin, row.label, row.is_current, file, row.created_at)
