"""Sends the stored mails until the mail server has accepted them, also after a crash: at least once each."""

import asyncio
import json
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from cryptography.fernet import MultiFernet
from euterpe_service_kit.database import Database
from euterpe_service_kit.mail import Mail, MailRefused, MailSender, MailUnavailable
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.domain import mail_texts
from euterpe_auth.domain.account_tokens import LIFETIMES as TOKEN_LIFETIMES
from euterpe_auth.domain.account_tokens import AccountToken, AccountTokenKind, new_account_token
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.emails import normalise_email
from euterpe_auth.domain.mails import LIFETIMES, Language, MailKind, Notice, StoredMail, pause_before_repetition
from euterpe_auth.domain.origin import Origin
from euterpe_auth.domain.refresh_tokens import digest
from euterpe_auth.domain.security_events import SecurityEvent
from euterpe_auth.domain.unsubscriptions import unsubscription_token
from euterpe_auth.domain.users import may_be_username
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.storage.account_tokens import AccountTokenRepository
from euterpe_auth.storage.mails import MailRepository
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.security_events import SecurityEventRepository
from euterpe_auth.storage.users import UserRepository

log = structlog.get_logger(__name__)

_POLL_SECONDS: Final = 5.0
#: A mail of a process that dies is available to others after this time; longer than a delivery takes.
_LEASE: Final = timedelta(minutes=2)


class Mails:
    """The stored mails, and the loop that sends them; every replica runs one.

    Links get their tokens when a mail is sent, so that the database contains digests only. A repetition has another
    token; both are valid.
    """

    def __init__(
        self,
        database: Database,
        sender: MailSender | None,
        cipher: MultiFernet,
        *,
        site: str,
        metrics: AuthMetrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sender = sender
        self._cipher = cipher
        self._site = site
        self._metrics = metrics
        self._clock = clock
        self._wake_event = asyncio.Event()

    @property
    def site(self) -> str:
        """Address of the pages, without a slash at the end."""
        return self._site

    @property
    def is_enabled(self) -> bool:
        """Whether mails can be sent."""
        return self._sender is not None

    def add(self, session: AsyncSession, kind: MailKind, **content: str) -> None:
        """Store a mail in the caller's transaction, if mails can be sent. The caller calls `wake` after the commit."""
        if self.is_enabled:
            MailRepository(session).add(
                uuid.uuid4(), kind.value, self._sealed(content), due_at=self._clock(), lifetime=LIFETIMES[kind]
            )

    async def add_held(
        self, session: AsyncSession, mail_id: uuid.UUID, kind: MailKind, *, hold: timedelta, **content: str
    ) -> None:
        """Store a mail with an id like `add`, unless it is stored already. It is due after `hold`, or at `release`."""
        if self.is_enabled:
            due_at = self._clock() + hold
            await MailRepository(session).add_once(
                mail_id, kind.value, self._sealed(content), due_at=due_at, lifetime=LIFETIMES[kind]
            )

    async def release(self, mail_id: uuid.UUID) -> None:
        """Send a held mail now."""
        async with self._database.sessions.begin() as session:
            await MailRepository(session).release(mail_id, self._clock())
        self.wake()

    def _sealed(self, content: dict[str, str]) -> bytes:
        return self._cipher.encrypt(json.dumps(content).encode())

    def notify(self, session: AsyncSession, account: UserRow, notice: Notice, *, recipient: str | None = None) -> None:
        """Store a notice to the account's address, or to its previous one; none if the account has no address."""
        to = recipient or account.email
        if to is not None:
            self.add(
                session,
                MailKind.NOTICE,
                recipient=to,
                notice=notice.value,
                username=account.username or "",
                language=account.language or "en",
                time=f"{self._clock():%Y-%m-%d %H:%M}",
            )

    def wake(self) -> None:
        """Make the loop look for mails now."""
        self._wake_event.set()

    async def deliver(self) -> None:
        """Send all mails that are due, then wait for the next ones."""
        self._wake_event.clear()
        while await self.run_one():
            # A mail server that does not answer takes half a minute per mail.
            await self.measure()
        await self.measure()
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake_event.wait()

    async def run_one(self) -> bool:
        """Send the mail that is due longest; return False when none is due, or mails cannot be sent."""
        if self._sender is None:
            return False
        async with self._database.sessions.begin() as session:
            row = await MailRepository(session).claim(self._clock(), lease=_LEASE)
        if row is None:
            return False
        content = json.loads(self._cipher.decrypt(row.sealed_content))
        stored = StoredMail(row.id, MailKind(row.kind), content, row.expires_at, row.attempts)
        if self._clock() >= stored.expires_at:
            await self._finish(stored, "expired")
            return True
        mail = await self._compose(stored)
        if mail is None:
            await self._finish(stored, "not_needed")
            return True
        try:
            await self._sender.send(mail)
        except MailUnavailable as error:
            await self._postpone(stored, error)
        except MailRefused as error:
            await self._finish(stored, "refused", str(error))
        else:
            await self._finish(stored, "sent")
        return True

    async def measure(self) -> None:
        """Set the metrics of waiting mails."""
        async with self._database.sessions() as session:
            self._metrics.mails_waiting.set(await MailRepository(session).count())
            ends = await MailRepository(session).first_ends()
        now = self._clock()
        waited = (now - (end - LIFETIMES[MailKind(kind)]) for kind, end in ends.items())
        # The held mail of a digest ends its lifetime later.
        self._metrics.mails_oldest_seconds.set(max((each.total_seconds() for each in waited), default=0))

    async def _finish(self, mail: StoredMail, result: str, error: str | None = None) -> None:
        async with self._database.sessions.begin() as session:
            await MailRepository(session).remove(mail.id)
        self._metrics.mails.labels(result).inc()
        report = log.info if result in ("sent", "not_needed") else log.warning
        # Not the recipient: logs contain no addresses.
        report("mail_finished", kind=mail.kind.value, mail_id=str(mail.id), result=result, error=error)

    async def _postpone(self, mail: StoredMail, error: MailUnavailable) -> None:
        pause = pause_before_repetition(mail.attempts)
        async with self._database.sessions.begin() as session:
            await MailRepository(session).postpone(mail.id, self._clock() + pause)
        self._metrics.mails.labels("postponed").inc()
        log.warning(
            "mail_postponed",
            kind=mail.kind.value,
            mail_id=str(mail.id),
            attempts=mail.attempts,
            seconds=pause.total_seconds(),
            error=str(error),
        )

    async def _compose(self, stored: StoredMail) -> Mail | None:
        if stored.kind is MailKind.NOTICE:
            return self._notice(stored)
        if stored.kind is MailKind.DIGEST:
            return await self._digest(stored)
        if stored.kind is MailKind.EMAIL_VERIFICATION:
            return await self._verification(stored)
        return await self._recovery(stored)

    def _notice(self, stored: StoredMail) -> Mail:
        content = stored.content
        subject, text = mail_texts.notice_text(
            _language(content["language"]),
            Notice(content["notice"]),
            username=content["username"],
            time=content["time"],
            site=self._site,
        )
        return Mail(content["recipient"], subject, text, stored.id.hex)

    async def _digest(self, stored: StoredMail) -> Mail | None:
        content = stored.content
        # The address may have changed, and the account may be gone, since the mail was stored.
        async with self._database.sessions() as session:
            recipient = await digest_recipient(session, uuid.UUID(content["user_id"]))
        if recipient is None:
            return None
        # One click in the mail program ends the digests (RFC 8058); browsers get a page with a button.
        token = unsubscription_token(self._cipher, uuid.UUID(content["user_id"]))
        headers = {
            "List-Unsubscribe": f"<{self._site}/api/v1/auth/unsubscriptions?token={token}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        return Mail(recipient, content["subject"], content["text"], stored.id.hex, headers)

    async def _verification(self, stored: StoredMail) -> Mail | None:
        address = stored.content["email"]
        async with self._database.sessions.begin() as session:
            account = await UserRepository(session).find_registered(uuid.UUID(stored.content["user_id"]))
            if account is None or account.pending_email != address:
                return None
            link = self._link(session, account, AccountTokenKind.EMAIL_VERIFICATION, address, "verify-email")
        subject, text = mail_texts.verification_text(
            _language(account.language), username=account.username or "", link=link, site=self._site
        )
        return Mail(address, subject, text, stored.id.hex)

    async def _recovery(self, stored: StoredMail) -> Mail | None:
        content = stored.content
        async with self._database.sessions.begin() as session:
            account = await find_account(session, content["account"])
            if account is None or account.email is None:
                return None
            link = self._link(session, account, AccountTokenKind.PASSWORD_RECOVERY, account.email, "recover")
            SecurityEventRepository(session).record(
                SecurityEvent.RECOVERY_REQUESTED,
                at=self._clock(),
                user_id=account.id,
                origin=Origin(content["address"], content["user_agent"]),
            )
        subject, text = mail_texts.recovery_text(
            _language(content["language"]), username=account.username or "", link=link, site=self._site
        )
        return Mail(account.email, subject, text, stored.id.hex)

    def _link(self, session: AsyncSession, account: UserRow, kind: AccountTokenKind, email: str, page: str) -> str:
        token = new_account_token()
        expires_at: datetime = self._clock() + TOKEN_LIFETIMES[kind]
        AccountTokenRepository(session).add(
            AccountToken(kind, account.id, email), digest=digest(token), expires_at=expires_at
        )
        # Browsers send no fragment, so that no log and no Referer contains the token.
        return f"{self._site}/{page}#token={token}"


async def digest_recipient(session: AsyncSession, user_id: uuid.UUID) -> str | None:
    """Return the verified address of a user who may log in, within the caller's transaction; None if there is none."""
    account = await UserRepository(session).find_registered(user_id)
    return None if account is None or account.suspended_at is not None else account.email


async def find_account(session: AsyncSession, name_or_email: str) -> UserRow | None:
    """Return the account of a name or of a verified address, within the caller's transaction; case is ignored."""
    if may_be_username(name_or_email):
        return await UserRepository(session).find_by_name(name_or_email)
    address = normalise_email(name_or_email)
    return None if address is None else await UserRepository(session).find_by_email(address)


def _language(text: str | None) -> Language:
    return "es" if text == "es" else "en"
