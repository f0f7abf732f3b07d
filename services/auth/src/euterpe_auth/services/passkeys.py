"""Passkeys: registration, login, and confirmation that the user is present."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from euterpe_service_kit.database import Database
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain import passkeys
from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.passkeys import MAX_PASSKEYS, PasskeyRefusedError, Site
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import InvalidPasskey, NoSuchPasskey, PasskeyRefused, PasskeysNotConfigured, TooManyPasskeys
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.login_methods import require_login_method
from euterpe_auth.services.logins import open_login
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.sessions import Sessions, TokenPair, lock_account, require_active
from euterpe_auth.storage.models import PasskeyRow, UserRow
from euterpe_auth.storage.passkeys import PasskeyRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

#: Challenges and logins per network.
_PER_NETWORK: Final = Limit(100, timedelta(minutes=10))


class Passkeys:
    """Use cases of passkeys. They open their own transactions, as Users does.

    A passkey verifies its user with a finger, a face or a PIN, so it is accepted without a second factor.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        mails: Mails,
        attempts: Attempts,
        metrics: AuthMetrics,
        clock: Clock,
        *,
        site: Site | None,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._mails = mails
        self._attempts = attempts
        self._metrics = metrics
        self._clock = clock
        self._configured_site = site

    @property
    def is_enabled(self) -> bool:
        """Whether the address of the pages is known, to which passkeys are bound."""
        return self._configured_site is not None

    async def begin_registration(self, user_id: uuid.UUID, session_id: uuid.UUID | None) -> dict[str, Any]:
        """Return the options for a new passkey. Raises TooManyPasskeys, PasskeysNotConfigured and SessionEnded."""
        site, challenge = self._site, passkeys.new_challenge()
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            existing = await PasskeyRepository(session).of_user(user_id)
            if len(existing) >= MAX_PASSKEYS:
                raise TooManyPasskeys(MAX_PASSKEYS)
            expires_at = self._clock() + passkeys.CHALLENGE_LIFETIME
            PasskeyRepository(session).add_challenge(challenge, user_id, expires_at)
        return passkeys.registration_options(
            site,
            user_id=user_id,
            username=account.username or "",
            challenge=challenge,
            existing=[row.credential_id for row in existing],
        )

    async def register(
        self,
        user_id: uuid.UUID,
        session_id: uuid.UUID | None,
        *,
        name: str,
        credential: Mapping[str, Any],
        origin: Origin,
    ) -> PasskeyRow:
        """Add the passkey of a response. Raises PasskeyRefused, TooManyPasskeys and SessionEnded."""
        site, now = self._site, self._clock()
        try:
            async with self._database.sessions.begin() as session:
                account = await lock_account(session, user_id, session_id, self._clock())
                challenge = passkeys.challenge_of(credential)
                if not await PasskeyRepository(session).use_challenge(challenge, user_id, now):
                    raise PasskeyRefused
                new = passkeys.verify_registration(site, credential, challenge)
                if len(await PasskeyRepository(session).of_user(user_id)) >= MAX_PASSKEYS:
                    raise TooManyPasskeys(MAX_PASSKEYS)
                row = PasskeyRow(
                    id=uuid.uuid4(),
                    user_id=user_id,
                    name=name,
                    credential_id=new.credential_id,
                    public_key=new.public_key,
                    sign_count=new.sign_count,
                    created_at=now,
                )
                session.add(row)
                self._record(session, account, SecurityEvent.PASSKEY_ADDED, Notice.PASSKEY_ADDED, row.id, origin)
        except (PasskeyRefusedError, IntegrityError) as error:
            log.info("passkey_refused", user_id=str(user_id), error=repr(error))
            raise PasskeyRefused from None
        self._mails.wake()
        log.info("passkey_added", user_id=str(user_id), passkey_id=str(row.id))
        return row

    async def list(self, user_id: uuid.UUID) -> Sequence[PasskeyRow]:
        """Return an account's passkeys, newest first."""
        async with self._database.sessions() as session:
            return await PasskeyRepository(session).of_user(user_id)

    async def rename(self, user_id: uuid.UUID, passkey_id: uuid.UUID, name: str) -> PasskeyRow:
        """Rename a passkey. Raises NoSuchPasskey."""
        async with self._database.sessions.begin() as session:
            row = await PasskeyRepository(session).rename(user_id, passkey_id, name)
        if row is None:
            raise NoSuchPasskey
        return row

    async def remove(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, passkey_id: uuid.UUID, origin: Origin
    ) -> None:
        """Delete a passkey. Raises NoSuchPasskey, LastLoginMethod and SessionEnded."""
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            if not await PasskeyRepository(session).remove(user_id, passkey_id):
                raise NoSuchPasskey
            await require_login_method(session, account)
            self._record(session, account, SecurityEvent.PASSKEY_REMOVED, Notice.PASSKEY_REMOVED, passkey_id, origin)
        self._mails.wake()
        log.info("passkey_removed", user_id=str(user_id), passkey_id=str(passkey_id))

    async def begin_login(self, origin: Origin) -> dict[str, Any]:
        """Return the options for a login or a confirmation. Raises PasskeysNotConfigured and TooManyAttempts."""
        site, challenge = self._site, passkeys.new_challenge()
        await self._attempts.admit(Charge(key_of("passkey", origin.network), _PER_NETWORK))
        async with self._database.sessions.begin() as session:
            expires_at = self._clock() + passkeys.CHALLENGE_LIFETIME
            PasskeyRepository(session).add_challenge(challenge, None, expires_at)
        return passkeys.authentication_options(site, challenge)

    async def log_in(self, credential: Mapping[str, Any], origin: Origin) -> TokenPair:
        """Create a session. Raises InvalidPasskey and AccountSuspended."""
        try:
            async with self._database.sessions.begin() as session:
                account = await self._verify(session, credential)
                opened = await open_login(session, self._sessions, account, origin, self._clock())
        except PasskeyRefusedError as error:
            self._metrics.logins.labels("invalid_passkey").inc()
            log.info("passkey_login_failed", error=repr(error))
            raise InvalidPasskey from None
        self._metrics.logins.labels("success").inc()
        log.info("logged_in", user_id=str(account.id), session_id=str(opened.session_id), how="passkey")
        return await self._sessions.pair(opened)

    async def reauthenticate(
        self, user_id: uuid.UUID, session_id: uuid.UUID | None, credential: Mapping[str, Any]
    ) -> None:
        """Confirm with a passkey that the session's user is present. Raises PasskeyRefused and SessionEnded."""
        try:
            async with self._database.sessions.begin() as session:
                account = await self._verify(session, credential)
                if account.id != user_id:
                    raise PasskeyRefused
                (await require_active(session, user_id, session_id, self._clock())).authenticated_at = self._clock()
        except PasskeyRefusedError as error:
            log.info("passkey_refused", user_id=str(user_id), error=repr(error))
            raise PasskeyRefused from None

    async def _verify(self, session: AsyncSession, credential: Mapping[str, Any]) -> UserRow:
        """Return the locked account whose passkey signed a challenge of ours. Raises PasskeyRefusedError."""
        now, challenge = self._clock(), passkeys.challenge_of(credential)
        if not await PasskeyRepository(session).use_challenge(challenge, None, now):
            raise PasskeyRefusedError("the challenge is unknown or was used before")
        row = await PasskeyRepository(session).lock_by_credential(passkeys.credential_id_of(credential))
        account = None if row is None else await UserRepository(session).lock_registered(row.user_id)
        if row is None or account is None:
            raise PasskeyRefusedError("the passkey is unknown")
        row.sign_count = passkeys.verify_authentication(
            self._site, credential, challenge, public_key=row.public_key, sign_count=row.sign_count
        )
        row.last_used_at = now
        return account

    @property
    def _site(self) -> Site:
        if self._configured_site is None:
            raise PasskeysNotConfigured
        return self._configured_site

    def _record(
        self,
        session: AsyncSession,
        account: UserRow,
        event: SecurityEvent,
        notice: Notice,
        passkey_id: uuid.UUID,
        origin: Origin,
    ) -> None:
        self._mails.notify(session, account, notice)
        SecurityEventRepository(session).record(
            event, at=self._clock(), user_id=account.id, origin=origin, subject=passkey_id
        )
