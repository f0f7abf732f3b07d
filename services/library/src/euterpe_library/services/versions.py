"""Versions of songs: edited notes are saved as a new version; every version is kept and can be restored."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from euterpe_service_kit.database import Database
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.quota import Quotas, Storage
from euterpe_library.domain.song import Song
from euterpe_library.domain.version import MAX_VERSIONS, MidiFile, Origin, Version
from euterpe_library.errors import ArtifactCollected, SongNotFound, StorageFull, TooManyVersions, VersionNotFound
from euterpe_library.services import songs
from euterpe_library.services.edited_notes import EditedNotes, WrittenNotes, read_notes, write_notes
from euterpe_library.services.quotas import limit_of
from euterpe_library.services.registration import is_collected
from euterpe_library.storage.orphaned_artifacts import OrphanedArtifactRepository
from euterpe_library.storage.quotas import QuotaRepository
from euterpe_library.storage.registration import RegistrationRepository
from euterpe_library.storage.songs import SongRepository
from euterpe_library.storage.versions import VersionRepository

if TYPE_CHECKING:
    from euterpe_music.chord_estimation import ChordMark
    from euterpe_music.piece import Piece


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """A version that was saved, its song, and the versions that were saved after the one that was edited."""

    version: Version
    song: Song
    saved_meanwhile: Sequence[int] = ()
    #: Whether it was added; False for notes that are those of the current version.
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Edit:
    """Notes edited in version `base_number`; the `source` of their tracks counts the tracks of `source_number`."""

    base_number: int
    source_number: int
    notes: EditedNotes
    label: str = ""


class VersionEditor:
    """Reads and saves versions. Few files are read at once: parsing takes memory and a processor."""

    def __init__(self, database: Database, store: ObjectStore, quotas: Quotas, *, max_parsing: int = 2) -> None:
        self._database = database
        self._store = store
        self._quotas = quotas
        self._parsing_slots = asyncio.Semaphore(max_parsing)

    async def notes(
        self, song: Song, reader_id: str | None, number: int | None
    ) -> "tuple[Version, Piece, Sequence[ChordMark]]":
        """Return a version with its notes and chords; by default the current one, others for the owner only.

        Raises VersionNotFound.
        """
        version = await self._version(song, reader_id, song.current_version if number is None else number)
        content = await self._store.get(version.file.midi_key)
        async with self._parsing_slots:
            piece, chords = await asyncio.to_thread(read_notes, content)
        return version, piece, chords

    async def preview(self, song: Song, reader_id: str | None, edit: Edit) -> WrittenNotes:
        """Return the file of edited notes without saving it. Raises VersionNotFound, Unprocessable."""
        if edit.base_number > song.current_version:
            raise VersionNotFound
        version = await self._version(song, reader_id, edit.source_number)
        content = await self._store.get(version.file.midi_key)
        async with self._parsing_slots:
            return await asyncio.to_thread(write_notes, content, edit.notes, version.file.key)

    async def save(self, owner: Principal, song_id: uuid.UUID, edit: Edit) -> SavedVersion:
        """Save edited notes as the newest version, also if other versions were saved since the one that was edited.

        Notes that are those of the current version are not saved again.

        Raises SongNotFound, VersionNotFound, Unprocessable, TooManyVersions, StorageFull.
        """
        async with self._database.readers() as session:
            song = await songs.find_own(session, song_id, owner.id)
        written = await self.preview(song, owner.id, edit)
        key = written.file.midi_key
        async with self._database.sessions.begin() as session:
            # Recorded before it is stored: after a crash in between, the sweep removes the object.
            await OrphanedArtifactRepository(session).expect([key], owner.id)
        await self._store.put(key, written.content, content_type=MIDI_CONTENT_TYPE)
        return await self._add(owner, song_id, written.file, edit.base_number, "edited", edit.label)

    async def restore(self, owner: Principal, song_id: uuid.UUID, number: int) -> SavedVersion:
        """Make a copy of an earlier version the newest one. Raises as `save` does."""
        async with self._database.readers() as session:
            song = await songs.find_own(session, song_id, owner.id)
            version = await _found(session, song, number)
        return await self._add(owner, song_id, version.file, number, "restored", version.label)

    async def _version(self, song: Song, reader_id: str | None, number: int) -> Version:
        if number != song.current_version and reader_id != song.owner_id:
            raise VersionNotFound
        async with self._database.readers() as session:
            return await _found(session, song, number)

    async def _add(
        self, owner: Principal, song_id: uuid.UUID, file: MidiFile, base_number: int, origin: Origin, label: str
    ) -> SavedVersion:
        async with self._database.sessions.begin() as session:
            # Locks the object, which is then not removed until this transaction ends.
            conflicts = await RegistrationRepository(session).conflicts_of([owner.id], [file.midi_key])
            if await is_collected(self._store, conflicts & {file.midi_key}):
                raise ArtifactCollected
            locked = await SongRepository(session).locked(song_id, owner.id)
            if locked is None:
                raise SongNotFound
            song, versions = await locked.song(), VersionRepository(session)
            if song.midi_key == file.midi_key:
                return SavedVersion(await _found(session, song, song.current_version), song, is_new=False)
            if song.current_version >= MAX_VERSIONS:
                raise TooManyVersions(MAX_VERSIONS)
            version = await versions.add(song, file, base_number=base_number, origin=origin, label=label)
            await OrphanedArtifactRepository(session).forget(file.midi_key)
            changed = await locked.change(file.columns() | {"current_version": version.number})
            await self._check_quota(session, owner)
        meanwhile = range(base_number + 1, version.number) if origin == "edited" else ()
        return SavedVersion(version, changed, tuple(meanwhile))

    async def _check_quota(self, session: AsyncSession, owner: Principal) -> None:
        limit = await limit_of(session, self._quotas, owner.id, is_guest=owner.guest)
        await QuotaRepository(session).lock(owner.id)
        used = await QuotaRepository(session).usage(owner.id)
        # Songs are not added: a library that composed pieces have filled can still be edited.
        if not Storage(0, used.size_bytes).fits(limit):
            raise StorageFull(limit, is_guest=owner.guest)


async def versions_of(session: AsyncSession, song_id: uuid.UUID, owner_id: str) -> list[Version]:
    """Return all versions of an own song, the newest first. Raises SongNotFound."""
    song = await songs.find_own(session, song_id, owner_id)
    return await VersionRepository(session).of_song(song)


async def version_of(session: AsyncSession, song_id: uuid.UUID, owner_id: str, number: int) -> tuple[Song, Version]:
    """Return a version of an own song, with the song. Raises SongNotFound, VersionNotFound."""
    song = await songs.find_own(session, song_id, owner_id)
    return song, await _found(session, song, number)


async def _found(session: AsyncSession, song: Song, number: int) -> Version:
    version = await VersionRepository(session).find(song, number)
    if version is None:
        raise VersionNotFound
    return version
