"""Keeps users from removing the only way to log in to their account."""

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_auth.errors import LastLoginMethod
from euterpe_auth.storage.models import UserRow
from euterpe_auth.storage.passkeys import PasskeyRepository
from euterpe_auth.storage.providers import ProviderRepository


async def require_login_method(session: AsyncSession, account: UserRow) -> None:
    """Raise LastLoginMethod if nobody could log in to a locked account after the changes of this transaction.

    Links with a provider that is no longer configured count: the operator may configure it again.
    """
    if account.password_hash is not None:
        return
    await session.flush()
    if not await PasskeyRepository(session).of_user(account.id) and not await ProviderRepository(session).of_user(
        account.id
    ):
        raise LastLoginMethod
