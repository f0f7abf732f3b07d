"""Takes digests of notifications from the library and stores them as mails, for users with a verified address."""

from datetime import timedelta
from typing import Final

import structlog
from euterpe_service_kit.database import Database

from euterpe_auth.clients.library import LibraryClient
from euterpe_auth.domain.digests import Digest
from euterpe_auth.domain.mails import MailKind
from euterpe_auth.services.mails import Mails, digest_recipient

log = structlog.get_logger(__name__)

#: Pause after no digest was due.
POLL_SECONDS: Final = 5.0
#: Longer than the library's lease of 15 minutes, so that the mail of a lost confirmation is still stored when the
#: library returns its digest again.
_HOLD: Final = timedelta(minutes=20)


class Digests:
    """The loop that takes digests; every replica runs one.

    A mail is stored before its digest is confirmed, and sent after that. Without a confirmation the library returns
    the digest again, with the same id, and its mail is neither stored nor sent twice.
    """

    def __init__(self, database: Database, library: LibraryClient, mails: Mails) -> None:
        self._database = database
        self._library = library
        self._mails = mails

    async def take(self) -> None:
        """Take all digests that are due."""
        while await self.take_one():
            pass

    async def take_one(self) -> bool:
        """Store a digest as a mail; return False when none is due. Raises Unavailable."""
        digest = await self._library.claim_digest(self._mails.site)
        if digest is None:
            return False
        is_stored = await self._store(digest)
        await self._library.confirm_digest(digest)
        if is_stored:
            await self._mails.release(digest.message_id)
        log.info("digest_taken", user_id=str(digest.user_id), mail_id=str(digest.message_id), is_stored=is_stored)
        return True

    async def _store(self, digest: Digest) -> bool:
        async with self._database.sessions.begin() as session:
            if await digest_recipient(session, digest.user_id) is None:
                return False
            await self._mails.add_held(
                session,
                digest.message_id,
                MailKind.DIGEST,
                hold=_HOLD,
                user_id=str(digest.user_id),
                subject=digest.subject,
                text=digest.text,
            )
        return True
