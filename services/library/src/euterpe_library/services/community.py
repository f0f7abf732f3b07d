"""Rules of all social features: bans, blocked users, mentions. Every function runs in its caller's transaction."""

from collections.abc import Sequence

from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.social import MAX_BLOCKS, Mention, mentioned_names
from euterpe_library.errors import Banned, Blocked, CannotBlockYourself, TooMany
from euterpe_library.storage.moderation import BanRepository
from euterpe_library.storage.profiles import BlockRepository, NamedUser, ProfileRepository


async def take_part(session: AsyncSession, user: Principal) -> None:
    """Require that the user may take part in the community, and record their name. Raises Banned."""
    ban = await BanRepository(session).active(user.id)
    if ban is not None:
        raise Banned(ban.reason, ban.until)
    await ProfileRepository(session).record(user)


async def require_unblocked(session: AsyncSession, by: Sequence[str], user_id: str) -> None:
    """Raise Blocked if one of the users `by` has blocked the user."""
    blocks = BlockRepository(session)
    for other in by:
        if other != user_id and await blocks.has_blocked(other, user_id):
            raise Blocked


async def mentions_in(session: AsyncSession, text: str) -> list[Mention]:
    """Return the users whom a text mentions; unknown names are text."""
    found = await ProfileRepository(session).by_names(mentioned_names(text))
    return [Mention(user.id, user.name) for user in found]


async def block(session: AsyncSession, user_id: str, blocked_id: str) -> None:
    """Block a user. Idempotent. Raises CannotBlockYourself, TooMany."""
    if user_id == blocked_id:
        raise CannotBlockYourself
    blocks = BlockRepository(session)
    if len({each.id for each in await blocks.of_user(user_id)} - {blocked_id}) >= MAX_BLOCKS:
        raise TooMany("blocked users", MAX_BLOCKS)
    await blocks.add(user_id, blocked_id)


async def unblock(session: AsyncSession, user_id: str, blocked_id: str) -> None:
    """Unblock a user. Idempotent."""
    await BlockRepository(session).remove(user_id, blocked_id)


async def blocked(session: AsyncSession, user_id: str) -> list[NamedUser]:
    """Return whom the user has blocked, the latest first."""
    return await BlockRepository(session).of_user(user_id)
