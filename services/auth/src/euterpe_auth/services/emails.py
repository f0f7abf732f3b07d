"""The e-mail address of an account: optional, and used after its owner has opened a link that was sent to it."""

import uuid
from datetime import timedelta
from typing import Final

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.exc import IntegrityError

from euterpe_auth.domain.account_tokens import AccountTokenKind
from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Language, MailKind, Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.refresh_tokens import digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import EmailTaken, InvalidLink, MailNotConfigured
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.sessions import lock_account
from euterpe_auth.storage.account_tokens import AccountTokenRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

#: Mails with links: per account, per network, and per recipient, who may not want them.
_PER_ACCOUNT: Final = Limit(5, timedelta(hours=1))
_PER_NETWORK: Final = Limit(30, timedelta(hours=1))
_PER_RECIPIENT: Final = Limit(3, timedelta(hours=1))


class Emails:
    """Use cases of addresses. They open their own transactions, as Users does."""

    def __init__(self, database: Database, mails: Mails, attempts: Attempts, clock: Clock) -> None:
        self._database = database
        self._mails = mails
        self._attempts = attempts
        self._clock = clock

    async def request_change(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, email: str, language: Language, origin: Origin
    ) -> None:
        """Send a link to an address, which becomes the account's when the link is opened.

        The result is the same if the address belongs to another account. Raises MailNotConfigured, TooManyAttempts,
        SessionEnded.
        """
        if not self._mails.is_enabled:
            raise MailNotConfigured
        await self._attempts.admit(
            Charge(key_of("email", str(user_id)), _PER_ACCOUNT),
            Charge(key_of("email-network", origin.network), _PER_NETWORK),
            Charge(key_of("email-to", email.lower()), _PER_RECIPIENT),
        )
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            account.pending_email, account.language = email, language
            self._mails.add(session, MailKind.EMAIL_VERIFICATION, user_id=str(user_id), email=email)
        self._mails.wake()
        log.info("email_change_requested", user_id=str(user_id))

    async def verify(self, token: str, origin: Origin) -> str:
        """Make an address the account's, and return it. Raises InvalidLink and EmailTaken."""
        now, kind = self._clock(), AccountTokenKind.EMAIL_VERIFICATION
        try:
            async with self._database.sessions.begin() as session:
                used = await AccountTokenRepository(session).use(digest(token), kind, now)
                account = None if used is None else await UserRepository(session).lock_registered(used.user_id)
                if used is None or account is None or account.pending_email != used.email:
                    raise InvalidLink
                previous, account.email, account.pending_email = account.email, used.email, None
                await session.flush()
                # Links that were sent to the previous address must not recover the password.
                await AccountTokenRepository(session).delete_all(account.id)
                if previous is not None and previous.lower() != used.email.lower():
                    self._mails.notify(session, account, Notice.EMAIL_CHANGED, recipient=previous)
                event = SecurityEvent.EMAIL_CHANGED
                SecurityEventRepository(session).record(event, at=now, user_id=account.id, origin=origin)
        except IntegrityError:
            # Only readers of this address get here, so the error reveals nothing about others.
            raise EmailTaken from None
        self._mails.wake()
        log.info("email_changed", user_id=str(account.id))
        return used.email

    async def remove(self, user_id: uuid.UUID, session_id: uuid.UUID | None, origin: Origin) -> None:
        """Remove the address and an unverified one. Idempotent. Raises SessionEnded."""
        now = self._clock()
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, now)
            if account.email is not None:
                self._mails.notify(session, account, Notice.EMAIL_REMOVED)
                event = SecurityEvent.EMAIL_REMOVED
                SecurityEventRepository(session).record(event, at=now, user_id=user_id, origin=origin)
            account.email = account.pending_email = None
            await AccountTokenRepository(session).delete_all(user_id)
        self._mails.wake()
        log.info("email_removed", user_id=str(user_id))
