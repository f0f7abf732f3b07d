"""Tables of the schema `auth`."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Base(DeclarativeBase):
    """Base class of auth's tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        datetime: DateTime(timezone=True),
        uuid.UUID: UUID(as_uuid=True),
        str: Text,
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
    }


class UserRow(Base):
    """An account; names are unique regardless of case. Guests have no name.

    An account without a password logs in with a passkey or at the provider of an operator.
    """

    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    username: Mapped[str | None]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    #: When an operator suspended it.
    suspended_at: Mapped[datetime | None]
    #: The verified address, and one whose owner has not opened the link yet.
    email: Mapped[str | None]
    pending_email: Mapped[str | None]
    #: Language of mails.
    language: Mapped[str | None]

    __table_args__ = (
        Index("uq_users_username_lower", sql("lower(username)"), unique=True),
        Index("uq_users_email_lower", sql("lower(email)"), unique=True),
        Index("ix_users_guests", "created_at", postgresql_where=sql("username IS NULL")),
        CheckConstraint("username IS NOT NULL OR password_hash IS NULL", name="guest"),
    )


class SessionRow(Base):
    """A login and all its refresh tokens: the family that is revoked when a token is reused."""

    __tablename__ = "sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime]
    #: When its user authenticated again, if ever; the login is the first authentication.
    authenticated_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]


class RefreshTokenRow(Base):
    """A refresh token, stored as its digest.

    Only the immediate predecessor of the session's current token has a `sealed_successor`.
    """

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    sealed_successor: Mapped[bytes | None]


class SigningKeyRow(Base):
    """A signing key. The active key that started last signs; all published keys verify."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[bytes]
    encrypted_private_key: Mapped[bytes]
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    published_until: Mapped[datetime | None]


class ApiKeyRow(Base):
    """An API key, stored as its digest; `prefix` is displayed."""

    __tablename__ = "api_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class AttemptsRow(Base):
    """Attempts under one key, e.g. an address. Each attempt advances `settled_at`; the limit is its distance to now."""

    __tablename__ = "attempts"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    settled_at: Mapped[datetime] = mapped_column(index=True)


class RevocationRow(Base):
    """A user, session or API key whose access tokens are refused until `expires_at`; then none of them is valid."""

    __tablename__ = "revocations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SecurityEventRow(Base):
    """An entry of the audit log. It is kept after the account is deleted, so it has no foreign key."""

    __tablename__ = "security_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    #: The session, key or signing key that the event is about.
    subject: Mapped[str]
    address: Mapped[str]
    user_agent: Mapped[str]

    __table_args__ = (Index("ix_security_events_user_id_id", "user_id", "id"),)


class OutboxRow(Base):
    """A task for the library and the generator, deleted when both have confirmed it.

    The table and its column `listener_id`, a user's id, keep the names under which they are stored.
    """

    __tablename__ = "peer_tasks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    listener_id: Mapped[uuid.UUID]
    #: Target of a transfer, and the new name of the author.
    target_id: Mapped[uuid.UUID | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    #: When the task is repeated once, for data added after its first execution.
    repeat_at: Mapped[datetime | None]
    attempts: Mapped[int]


class AccountTokenRow(Base):
    """The token of a link in a mail, stored as its digest; it is deleted when it is used."""

    __tablename__ = "account_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    #: The address to which the link was sent.
    email: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class MailRow(Base):
    """A mail to be sent, deleted when the mail server has accepted it. Encrypted, as it contains addresses."""

    __tablename__ = "mails"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    sealed_content: Mapped[bytes]
    due_at: Mapped[datetime] = mapped_column(index=True)
    #: When it is of no use any more.
    expires_at: Mapped[datetime]
    attempts: Mapped[int]


class RecoveryCodeRow(Base):
    """An unused recovery code, stored as its digest."""

    __tablename__ = "recovery_codes"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class TotpSecretRow(Base):
    """The encrypted secret of an authenticator app; it counts after a code has confirmed it."""

    __tablename__ = "totp_secrets"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[bytes]
    enabled_at: Mapped[datetime | None]
    #: The interval of the code that was used last; each code is valid once.
    last_timecode: Mapped[int] = mapped_column(BigInteger)


class PasskeyRow(Base):
    """A passkey. Its sign count detects copies of devices that count."""

    __tablename__ = "passkeys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallengeRow(Base):
    """A challenge that a passkey signs, once: for a new passkey of a user, or for a login without a user."""

    __tablename__ = "passkey_challenges"

    challenge: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ProviderLinkRow(Base):
    """An identity at an OpenID Connect provider that logs in to an account."""

    __tablename__ = "provider_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    issuer: Mapped[str]
    subject: Mapped[str]
    #: The name that the provider gave at the time of the link, for its owner.
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_provider_links_issuer_subject"),
        UniqueConstraint("user_id", "issuer", name="uq_provider_links_user_id_issuer"),
    )


class ProviderRequestRow(Base):
    """An authentication at a provider, found by the digest of its ticket; the response fills the identity."""

    __tablename__ = "provider_requests"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    #: Digest of the state; NULL after the response, which is accepted once.
    state_digest: Mapped[bytes | None]
    #: The encrypted nonce and PKCE code verifier.
    sealed_secrets: Mapped[bytes]
    #: The account and session that link or confirm; NULL for a login.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None]
    subject: Mapped[str | None]
    name: Mapped[str | None]
    #: When the provider says that the user authenticated.
    authenticated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
