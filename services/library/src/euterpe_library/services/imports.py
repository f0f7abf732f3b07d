"""Import of users' MIDI files: read, written as the product writes, measured, and registered like generated ones."""

import asyncio
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import PurePath

from euterpe_music.general_midi import DRUM_KIT
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.midi_artifacts import MIDI_CONTENT_TYPE, midi_digest, midi_key
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.tokens import Principal

from euterpe_library.domain.details import MAX_TEMPO
from euterpe_library.domain.quota import Quotas, Storage
from euterpe_library.domain.song import NewSong, Song
from euterpe_library.domain.titles import normalised_title
from euterpe_library.errors import IdempotencyKeyReused, ImportDeleted
from euterpe_library.services.quotas import check_import, check_registered
from euterpe_library.services.registration import register
from euterpe_library.storage.orphaned_artifacts import OrphanedArtifactRepository
from euterpe_library.storage.purge import IMPORT_PREFIX
from euterpe_library.storage.songs import SongRepository

MAX_BYTES = 1024 * 1024
MAX_NOTES = 100_000
MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to import. Uploads of one user with the same `idempotency_key` are one song.

    Without a `title`, the song is named after the file's own title, else after `filename`.
    """

    owner: Principal
    content: bytes
    title: str | None = None
    filename: str = ""
    idempotency_key: str | None = None
    #: The network that the file came from.
    network: str = ""

    @property
    def source_id(self) -> str:
        """Unique id of the upload, which does not reveal its owner."""
        unique = self.idempotency_key or uuid.uuid4().hex
        return IMPORT_PREFIX + hashlib.sha256(f"{self.owner.id}\0{unique}".encode()).hexdigest()


class Importer:
    """Imports files. Concurrency is limited: parsing takes memory and a processor, and requests need connections."""

    def __init__(
        self, database: Database, store: ObjectStore, quotas: Quotas, *, max_imports: int = 4, max_parsing: int = 2
    ) -> None:
        self._database = database
        self._store = store
        self._quotas = quotas
        # Equal uploads wait for each other in the database, and would otherwise occupy all its connections.
        self._import_slots = asyncio.Semaphore(max_imports)
        self._parsing_slots = asyncio.Semaphore(max_parsing)

    async def import_file(self, upload: Upload) -> Song:
        """Return the new song, or the one that an upload with the same idempotency key has created.

        Raises Unprocessable when the file is not MIDI or exceeds a limit, IdempotencyKeyReused for another file,
        ImportDeleted when that song was deleted since, and StorageFull and NetworkQuotaReached at the quotas.
        """
        async with self._import_slots:
            return await self._import(upload)

    async def _import(self, upload: Upload) -> Song:
        async with self._parsing_slots:
            new, canonical = await asyncio.to_thread(_new_song, upload)
        assert new.original_key is not None
        async with self._database.sessions.begin() as session:
            if await SongRepository(session).of_source(new.source_id, upload.owner.id) is None:
                await check_import(session, self._quotas, upload.owner, upload.network, _stored(new))
            # Recorded before they are stored: after a crash in between, the sweep removes the objects.
            await OrphanedArtifactRepository(session).expect(new.object_keys, upload.owner.id)
        await self._store.put(new.original_key, upload.content, content_type=MIDI_CONTENT_TYPE)
        await self._store.put(new.midi_key, canonical, content_type=MIDI_CONTENT_TYPE)
        async with self._database.sessions.begin() as session:
            registration = await register(session, self._store, new)
            if registration.created:
                # A refused import is rolled back, and the sweep removes its objects.
                await check_registered(session, self._quotas, upload.owner)
            song = await SongRepository(session).of_source(new.source_id, upload.owner.id)
        assert song is not None, "it was registered in this transaction, or before"
        # Songs of earlier releases are stored as they were uploaded.
        if (song.original_key or song.midi_key) != new.original_key:
            raise IdempotencyKeyReused
        if song.deleted_at is not None:
            raise ImportDeleted(song.id)
        return song


def _stored(song: NewSong) -> Storage:
    return Storage(1, song.midi_size_bytes + (song.original_size_bytes or 0))


def _new_song(upload: Upload) -> tuple[NewSong, bytes]:
    """Return the song of a file, and the file in the form in which it is stored: as the product writes it.

    Raises Unprocessable.
    """
    # Imported here: these modules take 40 MB, and most processes never import a file.
    from euterpe_music.key import estimate_key
    from euterpe_music.measures import measure
    from euterpe_music.midi import MidiError, MidiLimits, read_midi, write_midi

    try:
        limits = MidiLimits(max_bytes=MAX_BYTES, max_notes=MAX_NOTES, max_seconds=MAX_SECONDS)
        read = read_midi(upload.content, limits)
    except MidiError as error:
        message = str(error)[:1].upper() + str(error)[1:]
        problem = FieldProblem("body", message, {"reason": error.reason})
        raise Unprocessable(f"body: {message}", fields=[problem]) from None
    canonical = write_midi(read)
    # Measured from what was written, so that the song's details are those of its file.
    piece = read_midi(canonical)
    measures = measure(piece)
    digest, original = midi_digest(canonical), midi_digest(upload.content)
    tempo = piece.tempos[0].bpm
    new = NewSong(
        source_id=upload.source_id,
        owner_id=upload.owner.id,
        author=upload.owner.name,
        title=upload.title or normalised_title(read.title or PurePath(upload.filename).stem),
        midi_key=midi_key(digest),
        midi_sha256=digest,
        midi_size_bytes=len(canonical),
        original_key=midi_key(original),
        original_size_bytes=len(upload.content),
        parameters={},
        duration_seconds=measures.duration_seconds,
        note_count=measures.notes,
        measures=measures.flat(),
        # The file's own signature; it is estimated where the file states none.
        key=str(read.keys[0].key) if read.keys else estimate_key(piece),
        meter=str(read.meters[0].meter) if read.meters else None,
        tempo_bpm=round(tempo, 3) if 0.001 <= tempo <= MAX_TEMPO else None,
        programs=sorted({DRUM_KIT.number if track.is_drum else track.program for track in piece.tracks}),
    )
    return new, canonical
