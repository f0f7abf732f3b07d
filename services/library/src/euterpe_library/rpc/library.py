"""`euterpe.library.v1.LibraryService`."""

from typing import Any

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceServicer, add_LibraryServiceServicer_to_server
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import ServiceError, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.rpc_server import RpcServer
from google.protobuf.struct_pb2 import Struct
from prometheus_client import CollectorRegistry, Counter

from euterpe_library.domain.quota import Quotas
from euterpe_library.domain.song import NewSong, Song
from euterpe_library.errors import ArtifactCollected
from euterpe_library.rpc import parsing
from euterpe_library.services import quotas, shares, songs
from euterpe_library.services.digest import claim_digest, confirm_digest, stop_digest
from euterpe_library.services.erasure import Erasure
from euterpe_library.services.registration import Registration, register_all

MAX_SONGS = 100
MAX_KEYS = 100

Context = grpc.aio.ServicerContext[Any, Any]


class LibraryRpc(LibraryServiceServicer):
    """Methods for peers; the server has verified their service token."""

    def __init__(
        self, database: Database, store: ObjectStore, erasure: Erasure, quotas: Quotas, registry: CollectorRegistry
    ) -> None:
        self._database = database
        self._store = store
        self._erasure = erasure
        self._quotas = quotas
        self._registrations = Counter(
            "euterpe_library_registrations_total",
            "Songs registered by peers, by result: created, repeated.",
            ["result"],
            registry=registry,
        )

    def add_to(self, server: RpcServer) -> None:
        """Register the service with a server."""
        add_LibraryServiceServicer_to_server(self, server.server)

    async def RegisterSongs(self, request: pb.RegisterSongsRequest, _: Context) -> pb.RegisterSongsResponse:
        """Answer after the commit of all songs."""
        if len(request.songs) > MAX_SONGS:
            raise Unprocessable(f"songs: at most {MAX_SONGS} songs are allowed, got {len(request.songs)}")
        outcomes: list[Registration | ServiceError] = []
        parsed = [_parsed(song) for song in request.songs]
        new = [song for song in parsed if not isinstance(song, ServiceError)]
        if new:
            async with self._database.sessions.begin() as session:
                outcomes = await register_all(session, self._store, new)
        registered = iter(outcomes)
        answers = [song if isinstance(song, ServiceError) else next(registered) for song in parsed]
        return pb.RegisterSongsResponse(songs=[self._registered_song(answer) for answer in answers])

    def _registered_song(self, outcome: Registration | ServiceError) -> pb.RegisteredSong:
        if isinstance(outcome, ServiceError):
            return pb.RegisteredSong(refusal=outcome.detail, retry=isinstance(outcome, ArtifactCollected))
        self._registrations.labels("created" if outcome.created else "repeated").inc()
        return pb.RegisteredSong(song_id=str(outcome.song_id), created=outcome.created)

    async def ResolveArtifact(self, request: pb.ResolveArtifactRequest, _: Context) -> pb.ResolveArtifactResponse:
        """Answer for a user or the holder of a share link."""
        song_id = parsing.song_id(request.song_id)
        async with self._database.readers() as session:
            song, download_allowed = await shares.resolve(
                session, song_id, request.listener_id or None, request.share_token
            )
        midi = pb.MidiArtifact(key=song.midi_key, sha256=song.midi_sha256, size_bytes=song.midi_size_bytes)
        return pb.ResolveArtifactResponse(
            midi=midi,
            title=song.title,
            author=song.author,
            duration_seconds=song.duration_seconds,
            download_allowed=download_allowed,
            seed=song.seed,
            creation=_creation(song),
        )

    async def TransferSongs(self, request: pb.TransferSongsRequest, _: Context) -> pb.TransferSongsResponse:
        """Answer after the commit."""
        transfer = parsing.transfer(request)
        async with self._database.sessions.begin() as session:
            moved = await songs.transfer(session, transfer)
        return pb.TransferSongsResponse(songs=moved)

    async def DeleteListener(self, request: pb.DeleteListenerRequest, _: Context) -> pb.DeleteListenerResponse:
        """Do a bounded part of the deletion. Raises Unavailable while S3 is unavailable; the peer calls again."""
        user_id = parsing.user_id(request.listener_id)
        removed, done = await self._erasure.delete_user(user_id)
        return pb.DeleteListenerResponse(songs=removed, done=done)

    async def GetStorageUsage(self, request: pb.GetStorageUsageRequest, _: Context) -> pb.GetStorageUsageResponse:
        """Answer with the usage and the limit of a user."""
        user_id = parsing.user_id(request.listener_id)
        async with self._database.readers() as session:
            found = await quotas.usage(session, self._quotas, user_id, is_guest=request.guest)
        return pb.GetStorageUsageResponse(
            songs=found.used.songs,
            size_bytes=found.used.size_bytes,
            max_songs=found.limit.songs,
            max_size_bytes=found.limit.size_bytes,
        )

    async def RemoveUnusedArtifacts(
        self, request: pb.RemoveUnusedArtifactsRequest, _: Context
    ) -> pb.RemoveUnusedArtifactsResponse:
        """Answer after the removal. Raises Unavailable while S3 is unavailable; the peer calls again later."""
        if len(request.keys) > MAX_KEYS:
            raise Unprocessable(f"keys: at most {MAX_KEYS} keys are allowed, got {len(request.keys)}")
        keys = [parsing.midi_key(key) for key in request.keys]
        modified_before = parsing.modified_before(request)
        removed = await self._erasure.remove_unused(keys, modified_before)
        return pb.RemoveUnusedArtifactsResponse(removed=removed)

    async def ClaimDigest(self, request: pb.ClaimDigestRequest, _: Context) -> pb.ClaimDigestResponse:
        """Answer with the digest that is due longest, after the commit of its claim."""
        digest = await claim_digest(self._database, request.site_url)
        if digest is None:
            return pb.ClaimDigestResponse()
        return pb.ClaimDigestResponse(
            digest=pb.Digest(
                user_id=digest.user_id,
                message_id=str(digest.message_id),
                subject=digest.subject,
                text=digest.text,
                notification_ids=map(str, digest.notification_ids),
            )
        )

    async def ConfirmDigest(self, request: pb.ConfirmDigestRequest, _: Context) -> pb.ConfirmDigestResponse:
        """Answer after the commit."""
        user_id = parsing.user_id(request.user_id, field="user_id")
        ids = parsing.notification_ids(request.notification_ids)
        async with self._database.sessions.begin() as session:
            await confirm_digest(session, user_id, ids)
        return pb.ConfirmDigestResponse()

    async def StopDigest(self, request: pb.StopDigestRequest, _: Context) -> pb.StopDigestResponse:
        """Answer after the commit."""
        user_id = parsing.user_id(request.user_id, field="user_id")
        async with self._database.sessions.begin() as session:
            await stop_digest(session, user_id)
        return pb.StopDigestResponse()


def _creation(song: Song) -> pb.Creation | None:
    if song.seed is None or song.model is None:
        return None
    parameters = Struct()
    parameters.update(dict(song.parameters))
    return pb.Creation(model=song.model, model_version=song.model_version or "", seed=song.seed, parameters=parameters)


def _parsed(request: pb.RegisterSongRequest) -> NewSong | Unprocessable:
    try:
        return parsing.new_song(request)
    except Unprocessable as error:
        return error
