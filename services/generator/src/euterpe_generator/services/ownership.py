"""What becomes of a listener's generations when a guest is claimed, or somebody leaves."""

from euterpe_service_kit.database import Database

from euterpe_generator.domain.generation import Listener
from euterpe_generator.storage.changes import CANCELLATIONS, ChangeFeed
from euterpe_generator.storage.owners import Listeners

#: Generations per call, so that none holds its locks for long.
_PIECE = 1_000


class ListenerService:
    """Use cases for auth, which repeats them until they are done; each call returns (generations, done)."""

    def __init__(self, database: Database, changes: ChangeFeed) -> None:
        self._database = database
        self._changes = changes

    async def transfer(self, source: Listener, target: Listener) -> tuple[int, bool]:
        """Gives one listener's generations to another."""
        async with self._database.sessions.begin() as session:
            moved = await Listeners(session).transfer(source, target, count=_PIECE)
        return moved, moved < _PIECE

    async def delete(self, listener: Listener) -> tuple[int, bool]:
        """Removes a listener's generations, and stops those under way."""
        async with self._database.sessions.begin() as session:
            removed = await Listeners(session).delete(listener, count=_PIECE)
        self._changes.announce(CANCELLATIONS)
        return removed, removed < _PIECE
