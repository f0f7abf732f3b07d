"""Ends digests by the link in a mail, without a login (RFC 8058)."""

import structlog
from cryptography.fernet import MultiFernet

from euterpe_auth.clients.library import LibraryClient
from euterpe_auth.domain.unsubscriptions import subscriber_of
from euterpe_auth.errors import InvalidUnsubscription, MailNotConfigured

log = structlog.get_logger(__name__)


class Unsubscriptions:
    """The use case of a link that ends digests."""

    def __init__(self, library: LibraryClient | None, cipher: MultiFernet) -> None:
        self._library = library
        self._cipher = cipher

    async def stop(self, token: str) -> None:
        """Send the token's user no digests any more. Idempotent.

        Raises InvalidUnsubscription, MailNotConfigured without a library, and Unavailable.
        """
        user_id = subscriber_of(self._cipher, token)
        if user_id is None:
            raise InvalidUnsubscription
        if self._library is None:
            raise MailNotConfigured
        await self._library.stop_digest(user_id)
        log.info("digest_stopped", user_id=str(user_id))
