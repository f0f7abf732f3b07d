"""Limits on attempts, counted in PostgreSQL, so that all replicas share them."""

import math
from datetime import datetime

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.attempts import Charge
from euterpe_auth.domain.clock import Clock
from euterpe_auth.errors import TooManyAttempts
from euterpe_auth.storage.attempts import AttemptRepository

log = structlog.get_logger(__name__)


class Attempts:
    """Counts an attempt before it is made, so that concurrent attempts cannot exceed the limit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def admit(self, *charges: Charge) -> None:
        """Count one attempt under every key, or under none of them. Raises TooManyAttempts."""
        now = self._clock()
        async with self._database.sessions() as session:
            # In the same order everywhere, so that transactions do not deadlock.
            for charge in sorted(charges, key=lambda charge: charge.key):
                free_at = await AttemptRepository(session).charge(charge, now)
                if free_at is not None:
                    await session.rollback()
                    raise self._rejected(free_at, now)
            await session.commit()

    async def refund(self, *charges: Charge) -> None:
        """Uncount attempts that were not made, or that succeeded."""
        async with self._database.sessions.begin() as session:
            for charge in sorted(charges, key=lambda charge: charge.key):
                await AttemptRepository(session).refund(charge)

    async def reset(self, charge: Charge) -> None:
        """Uncount all attempts under a key after a success."""
        await self.reset_key(charge.key)

    async def reset_key(self, key: bytes) -> None:
        """Uncount all attempts under a key."""
        async with self._database.sessions.begin() as session:
            await AttemptRepository(session).reset(key)

    def _rejected(self, free_at: datetime, now: datetime) -> TooManyAttempts:
        seconds = max(1, math.ceil((free_at - now).total_seconds()))
        log.warning("too_many_attempts", retry_after_seconds=seconds)
        return TooManyAttempts(seconds)
