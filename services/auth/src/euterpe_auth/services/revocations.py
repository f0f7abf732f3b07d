"""The list of revoked users, sessions and API keys, as auth reads and publishes it."""

from typing import Final

import asyncpg
from euterpe_service_kit.database import Database, is_unavailable
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.revocations import RevocationList
from sqlalchemy.exc import SQLAlchemyError

from euterpe_auth.domain.clock import Clock
from euterpe_auth.storage.revocations import RevocationRepository

#: Age of the list at which it is read again, at its next use.
_MAX_AGE_SECONDS: Final = 1.0


def revocation_list(database: Database, clock: Clock) -> RevocationList:
    """Return the list in auth's database."""

    async def load() -> list[str]:
        try:
            async with database.sessions() as session:
                return [str(each) for each in await RevocationRepository(session).current(clock())]
        except (SQLAlchemyError, OSError, asyncpg.PostgresError) as error:
            if is_unavailable(error):
                raise Unavailable("The database does not respond. Try again shortly.") from error
            raise

    return RevocationList(load, max_age_seconds=_MAX_AGE_SECONDS)
