"""Logins at an OpenID Connect provider: login, registration, link, and confirmation that the user is present."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from cryptography.fernet import MultiFernet
from euterpe_service_kit.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.clients.provider import ProviderClient
from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.mails import Notice
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.providers import (
    REQUEST_LIFETIME,
    UNKNOWN_TIME,
    RequestSecrets,
    new_request_secrets,
    new_ticket,
    suggested_username,
)
from euterpe_auth.domain.refresh_tokens import digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.errors import (
    NoProviderAccount,
    NoProviderLink,
    OtherProviderUser,
    ProviderAuthenticationTooOld,
    ProviderLinked,
    ProviderLoginEnded,
    ProviderLoginRefused,
    ProviderNotConfigured,
)
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.login_methods import require_login_method
from euterpe_auth.services.logins import open_login
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.second_factor import SecondFactor
from euterpe_auth.services.sessions import Sessions, TokenPair, lock_account, require_active
from euterpe_auth.services.users import RECENT, RegisteredAccount, Users
from euterpe_auth.storage.models import ProviderLinkRow, ProviderRequestRow, UserRow
from euterpe_auth.storage.providers import ProviderRepository
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

#: Requests to the provider per network.
_PER_NETWORK: Final = Limit(100, timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class ProviderUser:
    """A verified user of the provider, as the browser sees it."""

    name: str
    is_linked: bool
    suggested_username: str | None


class Providers:
    """Use cases of logins at a provider. They open their own transactions, as Users does.

    A request begins with a ticket, which stays in the browser. The provider's response is accepted once, with the
    ticket and the state of the request; then the ticket stands for the verified user and logs in, registers, links or
    confirms once. Accounts are found by issuer and subject only, never by an address.
    """

    def __init__(
        self,
        database: Database,
        client: ProviderClient | None,
        cipher: MultiFernet,
        users: Users,
        sessions: Sessions,
        second_factor: SecondFactor,
        mails: Mails,
        attempts: Attempts,
        metrics: AuthMetrics,
        clock: Clock,
        *,
        max_age_seconds: int,
    ) -> None:
        self._database = database
        self._configured_client = client
        self._cipher = cipher
        self._users = users
        self._sessions = sessions
        self._second_factor = second_factor
        self._mails = mails
        self._attempts = attempts
        self._metrics = metrics
        self._clock = clock
        self._max_age_seconds = max_age_seconds

    @property
    def name(self) -> str | None:
        """The provider's name, if one is configured."""
        return None if self._configured_client is None else self._configured_client.provider.name

    async def begin(
        self,
        origin: Origin,
        *,
        user_id: uuid.UUID | None = None,
        session_id: uuid.UUID | None = None,
        is_confirmation: bool = False,
    ) -> tuple[str, str]:
        """Return the provider's page and a ticket, for a login, or for an account that links or confirms.

        Raises ProviderNotConfigured, ProviderUnavailable and TooManyAttempts.
        """
        client, ticket, new = self._client, new_ticket(), new_request_secrets()
        await self._attempts.admit(Charge(key_of("provider", origin.network), _PER_NETWORK))
        url = await client.authorization_url(new, max_age_seconds=0 if is_confirmation else self._max_age_seconds)
        async with self._database.sessions.begin() as session:
            ProviderRepository(session).add_request(
                ProviderRequestRow(
                    digest=digest(ticket),
                    state_digest=digest(new.state),
                    sealed_secrets=self._cipher.encrypt(json.dumps(asdict(new)).encode()),
                    user_id=user_id,
                    session_id=session_id,
                    expires_at=self._clock() + REQUEST_LIFETIME,
                )
            )
        return url, ticket

    async def complete(self, ticket: str, *, state: str, code: str, issuer: str | None) -> ProviderUser:
        """Verify the provider's response to a request, once.

        Raises ProviderLoginEnded, ProviderLoginRefused, ProviderNotConfigured and ProviderUnavailable.
        """
        client = self._client
        async with self._database.sessions.begin() as session:
            row = await ProviderRepository(session).lock_request(digest(ticket), self._clock())
            if row is None or row.state_digest is None or row.state_digest != digest(state):
                raise ProviderLoginEnded
            row.state_digest = None
            secrets = RequestSecrets(**json.loads(self._cipher.decrypt(row.sealed_secrets)))
        # No transaction stays open while the provider answers.
        try:
            identity = await client.identity(code, issuer, secrets)
        except ProviderLoginRefused as error:
            self._metrics.logins.labels("provider_refused").inc()
            log.warning("provider_login_refused", reason=error.reason)
            raise
        async with self._database.sessions.begin() as session:
            row = await ProviderRepository(session).lock_request(digest(ticket), self._clock())
            if row is None:
                raise ProviderLoginEnded
            row.subject, row.name, row.authenticated_at = identity.subject, identity.name, identity.authenticated_at
            row.expires_at = self._clock() + REQUEST_LIFETIME
            link = await ProviderRepository(session).find(client.provider.issuer, identity.subject)
        return ProviderUser(identity.name, link is not None, suggested_username(identity.name))

    async def log_in(self, ticket: str, origin: Origin, *, code: str | None) -> TokenPair:
        """Create a session of the linked account. `code` is that of the second factor, if the account has one.

        Raises ProviderLoginEnded, NoProviderAccount, SecondFactorRequired, WrongSecondFactor, AccountSuspended and
        TooManyAttempts; after the errors about the code, the ticket remains valid.
        """
        async with self._database.sessions.begin() as session:
            request = await self._verified(session, ticket, None)
            account, _ = await self._account_of(session, request)
        await self._second_factor.require(account.id, code, origin)
        async with self._database.sessions.begin() as session:
            request = await self._verified(session, ticket, None)
            account, link = await self._account_of(session, request)
            opened = await open_login(
                session,
                self._sessions,
                account,
                origin,
                self._clock(),
                authenticated_at=self._authenticated_at(request) or UNKNOWN_TIME,
            )
            link.last_used_at = self._clock()
            await ProviderRepository(session).remove_request(request)
        self._metrics.logins.labels("success").inc()
        log.info("logged_in", user_id=str(account.id), session_id=str(opened.session_id), how="provider")
        return await self._sessions.pair(opened)

    async def register(
        self, ticket: str, username: str, origin: Origin, *, guest_id: uuid.UUID | None, proof: str | None
    ) -> RegisteredAccount:
        """Create an account without a password for the provider's user; the ticket then logs in.

        Raises ProviderLoginEnded, ProviderLinked, and as Users.register does.
        """

        async def add_link(session: AsyncSession, user_id: uuid.UUID) -> None:
            request = await self._verified(session, ticket, None)
            await self._add_link(session, user_id, request)

        async with self._database.sessions.begin() as session:
            await self._verified(session, ticket, None)
        return await self._users.register_without_password(
            username, origin, on_added=add_link, guest_id=guest_id, proof=proof
        )

    async def link(self, user_id: uuid.UUID, session_id: uuid.UUID | None, ticket: str, origin: Origin) -> None:
        """Link the provider's user with an account. Raises ProviderLoginEnded, ProviderLinked and SessionEnded."""
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            request = await self._verified(session, ticket, (user_id, session_id))
            await self._add_link(session, user_id, request)
            await ProviderRepository(session).remove_request(request)
            self._record(session, account, SecurityEvent.PROVIDER_LINKED, Notice.PROVIDER_LINKED, origin)
        self._mails.wake()
        log.info("provider_linked", user_id=str(user_id))

    async def unlink(self, user_id: uuid.UUID, session_id: uuid.UUID | None, origin: Origin) -> None:
        """Remove an account's links. Raises NoProviderLink, LastLoginMethod and SessionEnded."""
        async with self._database.sessions.begin() as session:
            account = await lock_account(session, user_id, session_id, self._clock())
            if not await ProviderRepository(session).remove_all(user_id):
                raise NoProviderLink
            await require_login_method(session, account)
            self._record(session, account, SecurityEvent.PROVIDER_UNLINKED, Notice.PROVIDER_UNLINKED, origin)
        self._mails.wake()
        log.info("provider_unlinked", user_id=str(user_id))

    async def reauthenticate(self, user_id: uuid.UUID, session_id: uuid.UUID | None, ticket: str) -> None:
        """Confirm that the session's user authenticated at the provider within RECENT, by its `auth_time`.

        Raises ProviderLoginEnded, OtherProviderUser, ProviderAuthenticationTooOld and SessionEnded.
        """
        async with self._database.sessions.begin() as session:
            request = await self._verified(session, ticket, (user_id, session_id))
            link = await ProviderRepository(session).find(self._client.provider.issuer, request.subject or "")
            if link is None or link.user_id != user_id:
                raise OtherProviderUser
            authenticated_at = self._authenticated_at(request)
            if authenticated_at is None or self._clock() - authenticated_at > RECENT:
                raise ProviderAuthenticationTooOld
            active = await require_active(session, user_id, session_id, self._clock())
            active.authenticated_at = authenticated_at
            await ProviderRepository(session).remove_request(request)

    async def links(self, user_id: uuid.UUID) -> Sequence[ProviderLinkRow]:
        """Return an account's links, newest first."""
        async with self._database.sessions() as session:
            return await ProviderRepository(session).of_user(user_id)

    @property
    def _client(self) -> ProviderClient:
        if self._configured_client is None:
            raise ProviderNotConfigured
        return self._configured_client

    async def _verified(
        self, session: AsyncSession, ticket: str, owner: tuple[uuid.UUID, uuid.UUID | None] | None
    ) -> ProviderRequestRow:
        """Return the locked request with a verified user, begun by this account and session, or by none for a login."""
        row = await ProviderRepository(session).lock_request(digest(ticket), self._clock())
        if row is None or row.subject is None or (row.user_id, row.session_id) != (owner or (None, None)):
            raise ProviderLoginEnded
        return row

    async def _account_of(self, session: AsyncSession, request: ProviderRequestRow) -> tuple[UserRow, ProviderLinkRow]:
        """Return the locked account of a verified user."""
        link = await ProviderRepository(session).find(self._client.provider.issuer, request.subject or "")
        account = None if link is None else await UserRepository(session).lock_registered(link.user_id)
        if link is None or account is None:
            raise NoProviderAccount
        return account, link

    async def _add_link(self, session: AsyncSession, user_id: uuid.UUID, request: ProviderRequestRow) -> None:
        is_added = await ProviderRepository(session).add(
            user_id,
            issuer=self._client.provider.issuer,
            subject=request.subject or "",
            name=request.name or "",
            now=self._clock(),
        )
        if not is_added:
            raise ProviderLinked

    def _authenticated_at(self, request: ProviderRequestRow) -> datetime | None:
        # The provider's clock may be ahead; a time in the future would stay recent for longer.
        return None if request.authenticated_at is None else min(request.authenticated_at, self._clock())

    def _record(
        self, session: AsyncSession, account: UserRow, event: SecurityEvent, notice: Notice, origin: Origin
    ) -> None:
        self._mails.notify(session, account, notice)
        SecurityEventRepository(session).record(event, at=self._clock(), user_id=account.id, origin=origin)
