"""Deletes what nobody needs any more."""

import asyncio
from datetime import timedelta

import structlog
from euterpe_service_kit.database import Database, is_unavailable

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.outbox import TaskKind
from euterpe_auth.services.outbox import PeerTasks
from euterpe_auth.storage import api_keys, attempts, security_events, sessions, users

log = structlog.get_logger(__name__)

_ROUND_SECONDS = 3600.0
#: Shown to their owner for so long after they have expired.
_EXPIRED_KEYS = timedelta(days=30)
_GUESTS_AT_ONCE = 500


class Housekeeping:
    """Runs once an hour in every replica; that several do so at once is harmless."""

    def __init__(
        self, database: Database, tasks: PeerTasks, clock: Clock, *, session_seconds: int, security_event_days: int
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._clock = clock
        # A guest has one session, which begins with it: once that has ended, nobody can be this guest again.
        self._guests = timedelta(seconds=session_seconds) + timedelta(days=1)
        self._events = timedelta(days=security_event_days)

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            try:
                await self.clean()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("housekeeping_failed")
            await asyncio.sleep(_ROUND_SECONDS)

    async def clean(self) -> None:
        """One round."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            await sessions.delete_expired(session, now)
            await attempts.delete_settled(session, now)
            await api_keys.delete_expired(session, now - _EXPIRED_KEYS)
            await security_events.delete_older(session, now - self._events)
        while await self._forget_guests():
            pass

    async def _forget_guests(self) -> bool:
        async with self._database.sessions.begin() as session:
            gone = await users.remove_old_guests(session, self._clock() - self._guests, limit=_GUESTS_AT_ONCE)
            for guest_id in gone:
                self._tasks.add(session, TaskKind.DELETE_LISTENER, guest_id)
        if gone:
            self._tasks.wake()
            log.info("guests_forgotten", count=len(gone))
        return len(gone) == _GUESTS_AT_ONCE
