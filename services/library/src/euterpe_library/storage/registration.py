"""Registration of songs, many in one transaction, and each source id only once."""

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from euterpe_music.general_midi import instrument_names
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.song import NewSong
from euterpe_library.domain.titles import numbered_title
from euterpe_library.storage.columns import search_terms

# Taken in one order, so that transactions do not deadlock. The deletion of the user and the removal of the object take
# the same lock exclusively.
_LOCK = text("""
    SELECT pg_advisory_xact_lock_shared(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name
""")

_CONFLICTS = text("""
    SELECT listener_id AS name FROM deleted_listeners WHERE listener_id = ANY(CAST(:users AS text[]))
    UNION ALL
    SELECT midi_key FROM artifact_garbage WHERE midi_key = ANY(CAST(:keys AS text[])) AND collected_at IS NOT NULL
""")

# One statement for any number of songs, so that its plan and SQLAlchemy's cache entry are reused.
_ADD = text("""
    INSERT INTO songs (source_id, owner_id, author, title, title_folded, midi_key, midi_sha256, midi_size_bytes,
                       original_key, original_size_bytes, model, model_version, seed, parameters, duration_seconds,
                       note_count, measures, tags, key, meter, tempo_bpm, instruments, style, visibility, remix_of,
                       published_at, search_text, document)
    SELECT source_id, owner_id, author, title, title_folded, midi_key, midi_sha256, midi_size_bytes, original_key,
           original_size_bytes, model, model_version, seed, parameters, duration_seconds, note_count, measures, tags,
           key, meter, tempo_bpm, instruments, style, visibility, remix_of,
           CASE visibility WHEN 'public' THEN now() END,
           search_text, array_to_tsvector(lexemes)
    FROM jsonb_to_recordset(CAST(:songs AS jsonb)) AS song(
           source_id text, owner_id text, author text, title text, title_folded text, midi_key text, midi_sha256 text,
           midi_size_bytes bigint, original_key text, original_size_bytes bigint, model text, model_version text,
           seed bigint, parameters jsonb,
           duration_seconds float, note_count int, measures jsonb, tags text[], key text, meter text, tempo_bpm float,
           instruments text[], style text, visibility text, remix_of uuid, search_text text, lexemes text[])
    ON CONFLICT (source_id) DO NOTHING
    RETURNING source_id, id
""")

# Runs after the insert, which has waited for a concurrent purge of one of these songs.
_DELETE_PURGED = text("""
    DELETE FROM songs USING purged_sources AS purged
    WHERE songs.id = ANY(CAST(:ids AS uuid[])) AND purged.source_id = songs.source_id
    RETURNING songs.source_id
""")

# Locks the rows until the transaction ends, in one order.
_NUMBER = text("""
    INSERT INTO title_numbers (owner_id, title, last_number)
    SELECT owner_id, title, songs FROM jsonb_to_recordset(CAST(:titles AS jsonb)) AS title(
           owner_id text, title text, songs int)
    ORDER BY owner_id, title
    ON CONFLICT (owner_id, title) DO UPDATE SET last_number = title_numbers.last_number + excluded.last_number
    RETURNING owner_id, title, last_number
""")

_KNOWN = text("""
    SELECT source_id, id FROM songs WHERE source_id = ANY(CAST(:sources AS text[]))
    UNION ALL
    SELECT source_id, song_id FROM purged_sources WHERE source_id = ANY(CAST(:sources AS text[]))
""")


class RegistrationRepository:
    """Registrations, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def conflicts(self, songs: Sequence[NewSong]) -> set[str]:
        """Return the ids of deleted owners, and the keys of removed objects.

        Until the transaction ends, no owner's deletion begins, and no object is removed.
        """
        users = {song.owner_id for song in songs}
        return await self.conflicts_of(users, {key for song in songs for key in song.object_keys})

    async def conflicts_of(self, owner_ids: Iterable[str], object_keys: Iterable[str]) -> set[str]:
        """Do the same for owners and objects."""
        users, keys = sorted(owner_ids), sorted(object_keys)
        await self._session.execute(_LOCK, {"names": [f"listener:{user}" for user in users] + keys})
        return set(await self._session.scalars(_CONFLICTS, {"users": users, "keys": keys}))

    async def with_numbers(self, songs: Sequence[NewSong]) -> list[NewSong]:
        """Return the songs with numbers after default titles: no two songs are registered for a user with the same one.

        Songs that are registered already keep their title, and use no number.
        """
        sources = [song.source_id for song in songs if song.title_language is not None]
        known = await self.known(sources) if sources else {}
        counts = Counter(
            (song.owner_id, song.title)
            for song in songs
            if song.title_language is not None and song.source_id not in known
        )
        if not counts:
            return list(songs)
        titles = [{"owner_id": owner, "title": title, "songs": count} for (owner, title), count in counts.items()]
        rows = await self._session.execute(_NUMBER, {"titles": json.dumps(titles)})
        numbers = {(owner, title): itertools.count(last - counts[owner, title] + 1) for owner, title, last in rows}
        return [song if song.source_id in known else _numbered(song, numbers) for song in songs]

    async def add(self, songs: Sequence[NewSong]) -> dict[str, uuid.UUID]:
        """Add the songs with a new source id; return source id → song id. Waits for concurrent inserts."""
        rows = sorted((_row(song) for song in songs), key=lambda row: str(row["source_id"]))
        added: dict[str, uuid.UUID] = dict((await self._session.execute(_ADD, {"songs": json.dumps(rows)})).all())
        for source in await self._session.scalars(_DELETE_PURGED, {"ids": list(added.values())}):
            del added[source]
        return added

    async def known(self, sources: Sequence[str]) -> dict[str, uuid.UUID]:
        """Return source id → song id of registered songs, including deleted and purged ones."""
        rows = await self._session.execute(_KNOWN, {"sources": list(sources)})
        return dict(rows.all())


def _numbered(song: NewSong, numbers: Mapping[tuple[str, str], Iterator[int]]) -> NewSong:
    remaining = numbers.get((song.owner_id, song.title))
    if song.title_language is None or remaining is None:
        return song
    return song.model_copy(update={"title": numbered_title(song.title, next(remaining), song.title_language)})


#: Fields of a new song that are no columns.
_NOT_STORED = {"programs", "title_language", "composing_seconds"}


def _row(song: NewSong) -> Mapping[str, Any]:
    values = song.model_dump(exclude=_NOT_STORED) | {"instruments": instrument_names(song.programs)}
    title_folded, search_text, lexemes = search_terms(SimpleNamespace(**values))
    remix_of = song.remix_of and str(song.remix_of)
    derived = {"title_folded": title_folded, "search_text": search_text, "lexemes": lexemes}
    return values | derived | {"visibility": Visibility(song.visibility).value, "remix_of": remix_of}
