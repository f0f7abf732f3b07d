"""Recovery of a lost password by a link in a mail, or by a recovery code."""

import uuid
from datetime import timedelta
from typing import Final

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain.account_tokens import AccountTokenKind
from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Language, MailKind, Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.recovery_codes import recovery_code_digest
from euterpe_auth.domain.refresh_tokens import digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.users import may_be_username
from euterpe_auth.errors import InvalidLink, MailNotConfigured, WrongRecoveryCode
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.logins import login_keys
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.users import require_unguessable
from euterpe_auth.storage.account_tokens import AccountTokenRepository
from euterpe_auth.storage.api_keys import ApiKeyRepository
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.recovery_codes import RecoveryCodeRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.sessions import SessionRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

#: Requests for a link, per typed name or address and per network.
_PER_ACCOUNT: Final = Limit(3, timedelta(hours=1))
_PER_NETWORK: Final = Limit(30, timedelta(hours=1))
_CODES_PER_ACCOUNT: Final = Limit(10, timedelta(hours=1))


class Recovery:
    """Use cases of recovery. They open their own transactions, as Users does."""

    def __init__(
        self, database: Database, passwords: Passwords, mails: Mails, attempts: Attempts, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._mails = mails
        self._attempts = attempts
        self._clock = clock

    async def request(self, account: str, language: Language, origin: Origin) -> None:
        """Send a link to the verified address of an account, which is given by its name or by that address.

        The account is looked up when the mail is sent, so that neither the result nor the time shows whether it
        exists. Raises MailNotConfigured and TooManyAttempts.
        """
        if not self._mails.is_enabled:
            raise MailNotConfigured
        await self._attempts.admit(
            Charge(key_of("recovery", account.lower()), _PER_ACCOUNT),
            Charge(key_of("recovery-network", origin.network), _PER_NETWORK),
        )
        async with self._database.sessions.begin() as session:
            self._mails.add(
                session,
                MailKind.PASSWORD_RECOVERY,
                account=account,
                language=language,
                address=origin.address,
                user_agent=origin.user_agent,
            )
        self._mails.wake()
        log.info("recovery_requested")

    async def complete(self, token: str, new_password: str, *, revoke_api_keys: bool, origin: Origin) -> int:
        """Change the password, end all sessions, and return the number of revoked API keys.

        Raises InvalidLink, GuessablePassword, Unavailable; after the latter two the link remains valid.
        """
        kind = AccountTokenKind.PASSWORD_RECOVERY
        async with self._database.sessions() as session:
            found = await AccountTokenRepository(session).find(digest(token), kind, self._clock())
            account = None if found is None else await UserRepository(session).find_registered(found.user_id)
        if account is None:
            raise InvalidLink
        require_unguessable(new_password, account.username or "", "body.new_password")
        new_hash = await self._passwords.hash(new_password)
        async with self._database.sessions.begin() as session:
            used = await AccountTokenRepository(session).use(digest(token), kind, self._clock())
            row = None if used is None else await UserRepository(session).lock_registered(used.user_id)
            if row is None:
                raise InvalidLink
            keys = await self._recover(session, row, new_hash, revoke_api_keys=revoke_api_keys, origin=origin)
        await self._finish(row.id, row.username or "", keys, origin)
        return keys

    async def complete_with_code(
        self, username: str, code: str, new_password: str, *, revoke_api_keys: bool, origin: Origin
    ) -> int:
        """Change the password with a recovery code, end all sessions, and return the number of revoked API keys.

        The same work is done for unknown names. Raises WrongRecoveryCode, GuessablePassword, TooManyAttempts,
        Unavailable.
        """
        require_unguessable(new_password, username, "body.new_password")
        await self._attempts.admit(
            Charge(key_of("recovery-code", username.lower()), _CODES_PER_ACCOUNT),
            Charge(key_of("recovery-network", origin.network), _PER_NETWORK),
        )
        new_hash = await self._passwords.hash(new_password)
        async with self._database.sessions.begin() as session:
            users = UserRepository(session)
            found = await users.find_by_name(username) if may_be_username(username) else None
            row = await users.lock_registered(found.id if found else uuid.uuid4())
            digest_of_code = recovery_code_digest(row.id if row else uuid.uuid4(), code)
            if not await RecoveryCodeRepository(session).use(digest_of_code) or row is None:
                raise WrongRecoveryCode
            event = SecurityEvent.RECOVERY_CODE_USED
            SecurityEventRepository(session).record(event, at=self._clock(), user_id=row.id, origin=origin)
            keys = await self._recover(session, row, new_hash, revoke_api_keys=revoke_api_keys, origin=origin)
        await self._finish(row.id, row.username or "", keys, origin)
        return keys

    async def _recover(
        self, session: AsyncSession, account: UserRow, new_hash: str, *, revoke_api_keys: bool, origin: Origin
    ) -> int:
        now = self._clock()
        account.password_hash = new_hash
        await SessionRepository(session).revoke(account.id, now)
        await AccountTokenRepository(session).delete_all(account.id)
        keys = await ApiKeyRepository(session).remove_all(account.id, now) if revoke_api_keys else 0
        self._mails.notify(session, account, Notice.PASSWORD_RECOVERED)
        event = SecurityEvent.PASSWORD_RECOVERED
        SecurityEventRepository(session).record(event, at=now, user_id=account.id, origin=origin)
        return keys

    async def _finish(self, user_id: uuid.UUID, username: str, keys: int, origin: Origin) -> None:
        # Earlier attempts with the forgotten password must not refuse the new one.
        for key in login_keys(username, origin):
            await self._attempts.reset_key(key)
        self._mails.wake()
        log.warning("password_recovered", user_id=str(user_id), revoked_api_keys=keys)
