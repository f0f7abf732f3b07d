"""Enforcement of quotas. Everything runs in the caller's transaction."""

from datetime import UTC, datetime, time, timedelta

from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.quota import Quotas, Storage, StorageUsage
from euterpe_library.errors import NetworkQuotaReached, StorageFull
from euterpe_library.storage.quotas import QuotaRepository


async def usage(session: AsyncSession, quotas: Quotas, user_id: str, *, is_guest: bool) -> StorageUsage:
    """Return what a user stores and may store."""
    return StorageUsage(await QuotaRepository(session).usage(user_id), quotas.of_user(is_guest=is_guest))


async def check_import(session: AsyncSession, quotas: Quotas, owner: Principal, network: str, added: Storage) -> None:
    """Count an import against the quota of its network, before anything is stored.

    Raises StorageFull if it does not fit in the owner's library, and NetworkQuotaReached.
    """
    limit = quotas.of_user(is_guest=owner.guest)
    stored = await QuotaRepository(session).usage(owner.id)
    if not (stored + added).fits(limit):
        raise StorageFull(limit, is_guest=owner.guest)
    now = datetime.now(UTC)
    if not await QuotaRepository(session).add_import(network, now.date(), added, quotas.network_per_day):
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        raise NetworkQuotaReached(quotas.network_per_day, retry_after_seconds=int((midnight - now).total_seconds()) + 1)


async def check_registered(session: AsyncSession, quotas: Quotas, owner: Principal) -> None:
    """Check the quota after an import in the same transaction, one import of a user at a time. Raises StorageFull."""
    limit = quotas.of_user(is_guest=owner.guest)
    await QuotaRepository(session).lock(owner.id)
    if not (await QuotaRepository(session).usage(owner.id)).fits(limit):
        raise StorageFull(limit, is_guest=owner.guest)
