"""Client of the library, for users' songs and digests of notifications."""

import uuid

import grpc
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_service_kit.errors import Forbidden, Unavailable
from euterpe_service_kit.rpc_client import peer_errors

from euterpe_auth.domain.digests import Digest

_DEADLINE_SECONDS = 30.0


class LibraryClient:
    """Calls euterpe.library.v1.LibraryService. Raises ServiceError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = LibraryServiceStub(channel)

    async def delete(self, user_id: uuid.UUID) -> bool:
        """Delete a part of what a user owns and wrote; whether nothing is left."""
        request = pb.DeleteListenerRequest(listener_id=str(user_id))
        async with peer_errors("library"):
            response = await self._stub.DeleteListener(request, timeout=_DEADLINE_SECONDS)
        return bool(response.done)

    async def transfer(self, user_id: uuid.UUID, target_id: uuid.UUID, name: str) -> bool:
        """Transfer all of a user's songs to another user, who becomes their author; always True: nothing is left."""
        request = pb.TransferSongsRequest(from_listener_id=str(user_id), to_listener_id=str(target_id), author=name)
        async with peer_errors("library"):
            await self._stub.TransferSongs(request, timeout=_DEADLINE_SECONDS)
        return True

    async def claim_digest(self, site_url: str) -> Digest | None:
        """Claim the digest that is due longest, with links to the pages at `site_url`; None if none is due."""
        request = pb.ClaimDigestRequest(site_url=site_url)
        try:
            async with peer_errors("library"):
                response = await self._stub.ClaimDigest(request, timeout=_DEADLINE_SECONDS)
        except Forbidden as error:
            # An earlier version refuses methods that it does not know. During an upgrade, this passes.
            raise Unavailable("The library does not offer digests yet.") from error
        if not response.HasField("digest"):
            return None
        digest = response.digest
        return Digest(
            uuid.UUID(digest.user_id),
            uuid.UUID(digest.message_id),
            digest.subject,
            digest.text,
            tuple(digest.notification_ids),
        )

    async def confirm_digest(self, digest: Digest) -> None:
        """Record that a digest needs no repetition."""
        request = pb.ConfirmDigestRequest(user_id=str(digest.user_id), notification_ids=digest.notification_ids)
        async with peer_errors("library"):
            await self._stub.ConfirmDigest(request, timeout=_DEADLINE_SECONDS)

    async def stop_digest(self, user_id: uuid.UUID) -> None:
        """Send a user no digests any more. Idempotent."""
        try:
            async with peer_errors("library"):
                await self._stub.StopDigest(pb.StopDigestRequest(user_id=str(user_id)), timeout=_DEADLINE_SECONDS)
        except Forbidden as error:
            # As in claim_digest.
            raise Unavailable("The library cannot end digests yet. Try again later.") from error
