"""Transfer of a guest's generations to an account, and deletion with an account."""

from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Owner
from euterpe_generator.storage.changes import CANCELLATIONS, ChangeFeed
from euterpe_generator.storage.owners import OwnerRepository

#: Limit of generations per call, so that no transaction holds its locks for long.
_MAX_PER_CALL = 1_000


class OwnershipService:
    """Each call handles a limited number of generations and returns (number, done); callers repeat it until done."""

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
