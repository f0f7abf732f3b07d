"""MIDI files of listeners' own, taken into the library: parsed, measured, stored and kept like composed ones."""

import asyncio
import hashlib
import uuid
from dataclasses import dataclass

from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.tokens import Principal

from euterpe_library.domain.details import MAX_TEMPO
from euterpe_library.domain.instruments import DRUMS
from euterpe_library.domain.song import NewSong, Song
from euterpe_library.errors import IdempotencyKeyReused
from euterpe_library.services.registration import register
from euterpe_library.storage.purge import IMPORTED, Garbage
from euterpe_library.storage.songs import SongRepository

MAX_BYTES = 1024 * 1024
MAX_NOTES = 100_000
MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, as what, and for whom. Uploads of one listener with the same `idempotency_key` are one."""

    owner: Principal
    title: str
    content: bytes
    idempotency_key: str | None

    @property
    def source_id(self) -> str:
        """Tells uploads apart; says nothing of its owner."""
        own = self.idempotency_key or uuid.uuid4().hex
        return IMPORTED + hashlib.sha256(f"{self.owner.id}\0{own}".encode()).hexdigest()


class Importer:
    """Takes files in; few at once, because parsing takes memory and a processor, and all else needs connections."""

    def __init__(self, database: Database, store: ObjectStore, *, at_once: int = 4, parsed_at_once: int = 2) -> None:
        self._database = database
        self._store = store
        # Equal uploads wait for each other in the database, and would keep its connections from everybody else.
        self._taking = asyncio.Semaphore(at_once)
        self._parsing = asyncio.Semaphore(parsed_at_once)

    async def take(self, upload: Upload) -> Song:
        """The new song, or the one that an earlier upload with the same idempotency key has made.

        Raises Unprocessable for what is no MIDI file within the limits, and for another file under the same key.
        """
        async with self._taking:
            return await self._take(upload)

    async def _take(self, upload: Upload) -> Song:
        async with self._parsing:
            new = await asyncio.to_thread(_described, upload)
        async with self._database.sessions.begin() as session:
            # Noted before it is stored: should this end between, the object is found and removed.
            await Garbage(session).expect(new.midi_key, upload.owner.id)
        await self._store.put(new.midi_key, upload.content, content_type="audio/midi")
        async with self._database.sessions.begin() as session:
            await register(session, self._store, new)
            song = await SongRepository(session).of_source(new.source_id, upload.owner.id)
        assert song is not None, "it was registered in this transaction, or is known"
        if song.midi_sha256 != new.midi_sha256:
            raise IdempotencyKeyReused
        return song


def _described(upload: Upload) -> NewSong:
    # Imported where they are needed: together they take 40 MB, and most processes never read a file.
    from euterpe_music.key import estimate_key
    from euterpe_music.measures import measure
    from euterpe_music.midi import MidiError, MidiLimits, read_midi

    try:
        limits = MidiLimits(max_bytes=MAX_BYTES, max_notes=MAX_NOTES, max_seconds=MAX_SECONDS)
        piece = read_midi(upload.content, limits)
    except MidiError as error:
        message = str(error)[:1].upper() + str(error)[1:]
        problem = FieldProblem("body", message, {"reason": error.reason})
        raise Unprocessable(f"body: {message}", fields=[problem]) from None
    measures = measure(piece)
    digest = hashlib.sha256(upload.content).hexdigest()
    tempo = piece.tempos[0].bpm
    return NewSong(
        source_id=upload.source_id,
        owner_id=upload.owner.id,
        author=upload.owner.name,
        title=upload.title,
        midi_key=f"midi/{digest}.mid",
        midi_sha256=digest,
        midi_size_bytes=len(upload.content),
        parameters={},
        duration_seconds=measures.duration_seconds,
        note_count=measures.notes,
        measures=measures.flat(),
        key=estimate_key(piece),
        tempo_bpm=round(tempo, 3) if 0.001 <= tempo <= MAX_TEMPO else None,
        programs=sorted({DRUMS if track.is_drum else track.program for track in piece.tracks}),
    )
