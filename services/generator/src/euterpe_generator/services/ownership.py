"""All generations of an owner: transfer of a guest's to an account, deletion with an account, and export."""

import uuid
from collections.abc import AsyncIterator

from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Generation, Owner
from euterpe_generator.storage.changes import CANCELLATIONS, ChangeFeed
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.owners import OwnerRepository

#: Limit of generations per call, so that no transaction holds its locks for long.
_MAX_PER_CALL = 1_000
_EXPORTED_PER_READ = 500


class OwnershipService:
    """Transfer and deletion handle a limited number per call and return (number, done); repeat them until done."""

    def __init__(self, database: Database, changes: ChangeFeed) -> None:
        self._database = database
        self._changes = changes

    async def transfer(self, source: Owner, target: Owner) -> tuple[int, bool]:
        """Transfer one owner's generations to another."""
        async with self._database.sessions.begin() as session:
            moved = await OwnerRepository(session).transfer(source, target, count=_MAX_PER_CALL)
        return moved, moved < _MAX_PER_CALL

    async def delete(self, owner: Owner) -> tuple[int, bool]:
        """Delete an owner's generations and cancel those that are running."""
        async with self._database.sessions.begin() as session:
            deleted = await OwnerRepository(session).delete(owner, count=_MAX_PER_CALL)
        self._changes.announce(CANCELLATIONS)
        return deleted, deleted < _MAX_PER_CALL

    async def export(self, owner: Owner) -> AsyncIterator[Generation]:
        """Yield all generations of an owner. No transaction is open between them."""
        after: uuid.UUID | None = None
        while True:
            async with self._database.sessions() as session:
                found = await GenerationRepository(session).of_owner(owner, after=after, limit=_EXPORTED_PER_READ)
            for generation in found:
                yield generation
            if len(found) < _EXPORTED_PER_READ:
                return
            after = found[-1].id
