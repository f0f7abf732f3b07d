"""The tables of the schema `generator`."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Index, Integer, LargeBinary, MetaData, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}

_QUEUED = text("status = 'queued'")
_UNFINISHED = text("status IN ('queued', 'running')")


class Base(DeclarativeBase):
    """Base of the generator's tables."""

    metadata = MetaData(naming_convention=NAMING)


class GenerationRow(Base):
    """A generation, the durable job.

    `turn` orders the queue by start-time fair queueing, so one user's thousandth generation does not delay another's
    first; `background` generations come after all others. `attempt` counts the claims and is the fencing token of all
    later statements; `crashes` counts expired leases. `listener_key` identifies the owner, see domain.Owner; it and
    `network` are dropped at the end of an anonymous user's generation.
    """

    __tablename__ = "generations"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    variation: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    listener_key: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str | None] = mapped_column(Text)
    owner_name: Mapped[str] = mapped_column(Text)
    user_class: Mapped[str] = mapped_column(Text, server_default="registered")
    network: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(Integer)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    prompt: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    title: Mapped[str] = mapped_column(Text)
    title_language: Mapped[str | None] = mapped_column(Text)
    remix_of: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    label: Mapped[str | None] = mapped_column(Text)
    estimate: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    turn: Mapped[int] = mapped_column(BigInteger)
    background: Mapped[bool] = mapped_column(server_default="false")
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    crashes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    worker_id: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    steps: Mapped[int] = mapped_column(Integer, server_default="0")
    cancel_requested: Mapped[bool] = mapped_column(server_default="false")
    keep_partial: Mapped[bool] = mapped_column(server_default="false")
    watched_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failure: Mapped[str | None] = mapped_column(Text)
    midi_key: Mapped[str | None] = mapped_column(Text)
    midi_bytes: Mapped[int | None] = mapped_column(Integer)
    song_id: Mapped[str | None] = mapped_column(Text)
    note_count: Mapped[int | None] = mapped_column(Integer)
    duration_seconds: Mapped[float | None]
    measures: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    writer_version: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_generations_queue", "background", "turn", "created_at", postgresql_where=_QUEUED),
        Index("ix_generations_listener", "listener_key"),
        # Without `lease_until`, so that the renewal of a lease touches no index.
        Index("ix_generations_running", "started_at", postgresql_where=text("status = 'running'")),
        Index("ix_generations_order", "order_id", "variation"),
        Index("ix_generations_unfinished", "listener_key", "turn", postgresql_where=_UNFINISHED),
        Index(
            "ix_generations_network",
            "network",
            "user_class",
            postgresql_where=text("status IN ('queued', 'running') AND network IS NOT NULL"),
        ),
        # For the sweep of objects, and for the expiry of anonymous users' pieces.
        Index("ix_generations_midi_key", "midi_key", postgresql_where=text("midi_key IS NOT NULL")),
        Index("ix_generations_anonymous", "finished_at", postgresql_where=text("owner_id IS NULL")),
    )


class IdempotencyKeyRow(Base):
    """An Idempotency-Key and the first generation of its order; kept for 24 hours."""

    __tablename__ = "idempotency_keys"

    listener_key: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_digest: Mapped[str] = mapped_column(Text)
    generation_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)


class UserPiecesRow(Base):
    """Pieces that one account requested on one day; deleted after the next day. `subject` is the account's id."""

    __tablename__ = "user_pieces"

    subject: Mapped[str] = mapped_column("user_id", Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    pieces: Mapped[int] = mapped_column(Integer)


class UserQuotaRow(Base):
    """The limit that an operator set for one account; 0 is no limit."""

    __tablename__ = "user_quotas"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    max_pieces_per_day: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class NetworkPiecesRow(Base):
    """Pieces that anonymous users of one network requested on one day; deleted after the next day."""

    __tablename__ = "network_pieces"

    subject: Mapped[str] = mapped_column("network", Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    pieces: Mapped[int] = mapped_column(Integer)


class ListeningPairRow(Base):
    """A pair of the listening test, and its answer; unanswered ones are deleted after they have expired.

    It names no network and no account; the generation is an anonymous user's and expires earlier.
    """

    __tablename__ = "listening_pairs"

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    excerpt_id: Mapped[str] = mapped_column(Text)
    style: Mapped[str] = mapped_column(Text)
    generation_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    model: Mapped[str] = mapped_column(Text)
    model_version: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    preferred: Mapped[str | None] = mapped_column(Text)
    guessed: Mapped[str | None] = mapped_column(Text)
    browser: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_listening_pairs_answered", "answered_at", "id", postgresql_where=text("answered_at IS NOT NULL")),
        Index("ix_listening_pairs_unanswered", "expires_at", postgresql_where=text("answered_at IS NULL")),
    )


class MaintenanceRow(Base):
    """When a task that one process of the deployment does at a time was last started."""

    __tablename__ = "maintenance"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LiveEventsRow(Base):
    """Events so far of a watched generation, for clients of other pods: float32, row by row."""

    __tablename__ = "live_events"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own convention

    generation_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    events: Mapped[bytes] = mapped_column(LargeBinary)


class WorkerRow(Base):
    """A worker's report, updated once a second."""

    __tablename__ = "workers"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    ended_per_second: Mapped[float]
