"""Attempts to guess something, counted in PostgreSQL, so that all replicas count together."""

import math
from datetime import datetime

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.domain.attempts import Charge
from euterpe_auth.domain.clock import Clock
from euterpe_auth.errors import TooManyAttempts
from euterpe_auth.storage import attempts

log = structlog.get_logger(__name__)


class Attempts:
    """Counts an attempt before it is made, so that many at once cannot slip through together."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def admit(self, *charges: Charge) -> None:
        """Counts one attempt under every key, or none of them; raises TooManyAttempts."""
        now = self._clock()
        async with self._database.sessions() as session:
            # In one order everywhere, so that two transactions never wait for each other.
            for charge in sorted(charges, key=lambda charge: charge.key):
                free_at = await attempts.charge(session, charge, now)
                if free_at is not None:
                    await session.rollback()
                    raise self._refused(free_at, now)
            await session.commit()

    async def give_back(self, *charges: Charge) -> None:
        """Takes attempts back that were never made, or that were right."""
        async with self._database.sessions.begin() as session:
            for charge in sorted(charges, key=lambda charge: charge.key):
                await attempts.give_back(session, charge)

    async def forget(self, charge: Charge) -> None:
        """Forgets what was tried under a key, because somebody knew the answer."""
        async with self._database.sessions.begin() as session:
            await attempts.forget(session, charge.key)

    def _refused(self, free_at: datetime, now: datetime) -> TooManyAttempts:
        seconds = max(1, math.ceil((free_at - now).total_seconds()))
        log.warning("too_many_attempts", retry_after_seconds=seconds)
        return TooManyAttempts(seconds)
