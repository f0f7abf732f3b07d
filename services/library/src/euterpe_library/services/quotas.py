"""Enforcement of quotas. Everything runs in the caller's transaction."""

from datetime import UTC, datetime, time, timedelta

import structlog
from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.quota import Quotas, Storage, StorageUsage
from euterpe_library.errors import NetworkQuotaReached, StorageFull
from euterpe_library.storage.quotas import QuotaRepository

log = structlog.get_logger(__name__)


async def usage(session: AsyncSession, quotas: Quotas, user_id: str, *, is_guest: bool) -> StorageUsage:
    """Return what a user stores and may store."""
    limit = await limit_of(session, quotas, user_id, is_guest=is_guest)
    return StorageUsage(await QuotaRepository(session).usage(user_id), limit)


async def limit_of(session: AsyncSession, quotas: Quotas, user_id: str, *, is_guest: bool) -> Storage:
    """Return the limit of a user: the one that an operator set, or that of all registered users or guests."""
    return await QuotaRepository(session).limit(user_id) or quotas.of_user(is_guest=is_guest)


async def has_own_limit(session: AsyncSession, user_id: str) -> bool:
    """Return whether an operator set a limit for this user."""
    return await QuotaRepository(session).limit(user_id) is not None


async def set_limit(session: AsyncSession, user_id: str, limit: Storage | None) -> None:
    """Set the limit of a user, or apply that of all users again. What is stored already is kept."""
    await QuotaRepository(session).set_limit(user_id, limit)
    size = {} if limit is None else {"max_songs": limit.songs, "max_size_bytes": limit.size_bytes}
    log.warning("quota_set", user_id=user_id, **size)


async def check_import(session: AsyncSession, quotas: Quotas, owner: Principal, network: str, added: Storage) -> None:
    """Count an import against the quota of its network, before anything is stored.

    Raises StorageFull if it does not fit in the owner's library, and NetworkQuotaReached.
    """
    limit = await limit_of(session, quotas, owner.id, is_guest=owner.guest)
    stored = await QuotaRepository(session).usage(owner.id)
    if not (stored + added).fits(limit):
        raise StorageFull(limit, is_guest=owner.guest)
    now = datetime.now(UTC)
    if not await QuotaRepository(session).add_import(network, now.date(), added, quotas.network_per_day):
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        raise NetworkQuotaReached(quotas.network_per_day, retry_after_seconds=int((midnight - now).total_seconds()) + 1)


async def check_registered(session: AsyncSession, quotas: Quotas, owner: Principal) -> None:
    """Check the quota after an import in the same transaction, one import of a user at a time. Raises StorageFull."""
    limit = await limit_of(session, quotas, owner.id, is_guest=owner.guest)
    await QuotaRepository(session).lock(owner.id)
    if not (await QuotaRepository(session).usage(owner.id)).fits(limit):
        raise StorageFull(limit, is_guest=owner.guest)
