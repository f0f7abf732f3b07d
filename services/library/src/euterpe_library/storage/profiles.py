"""Profiles and blocked users."""

from collections.abc import Sequence
from dataclasses import dataclass

from euterpe_service_kit.tokens import Principal
from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.profile import Profile
from euterpe_library.storage.community_models import BlockRow, ProfileRow
from euterpe_library.storage.social_models import FollowRow


@dataclass(frozen=True, slots=True)
class NamedUser:
    """A user's id and account name."""

    id: str
    name: str


class ProfileRepository:
    """Profiles, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(self, user: Principal) -> None:
        """Record the account's name of a registered user, by which others can mention them."""
        if user.guest or not user.name:
            return
        statement = insert(ProfileRow).values(user_id=user.id, name=user.name)
        changed = ProfileRow.name != statement.excluded.name
        updated = {"name": statement.excluded.name, "updated_at": func.now()}
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["user_id"], set_=updated, where=changed)
        )

    async def by_names(self, names: Sequence[str]) -> list[NamedUser]:
        """Return the users with these account names; case is ignored."""
        if not names:
            return []
        wanted = func.lower(ProfileRow.name).in_([name.lower() for name in names])
        rows = await self._session.execute(select(ProfileRow.user_id, ProfileRow.name).where(wanted))
        return [NamedUser(*row) for row in rows]

    async def get(self, user_id: str) -> Profile | None:
        """Return a user's profile."""
        row = ProfileRow
        columns = (row.user_id, row.name, row.display_name, row.bio, row.picture_key)
        found = (await self._session.execute(select(*columns).where(row.user_id == user_id))).one_or_none()
        return None if found is None else Profile(*found)

    async def change(self, user_id: str, display_name: str | None, bio: str) -> None:
        """Change what a user shows of themselves."""
        values = {"display_name": display_name, "bio": bio, "updated_at": func.now()}
        await self._session.execute(update(ProfileRow).where(ProfileRow.user_id == user_id).values(values))

    async def set_picture(self, user_id: str, key: str | None) -> str | None:
        """Set the key of a user's picture, and return the earlier one."""
        own = select(ProfileRow).where(ProfileRow.user_id == user_id).with_for_update()
        row = await self._session.scalar(own)
        if row is None:
            return None
        earlier, row.picture_key = row.picture_key, key
        return earlier


class BlockRepository:
    """Blocked users, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: str, blocked_id: str) -> None:
        """Block a user, and end follows in both directions. Idempotent."""
        values = {"user_id": user_id, "blocked_id": blocked_id}
        await self._session.execute(insert(BlockRow).values(values).on_conflict_do_nothing())
        one = (FollowRow.listener_id == user_id) & (FollowRow.author_id == blocked_id)
        other = (FollowRow.listener_id == blocked_id) & (FollowRow.author_id == user_id)
        await self._session.execute(delete(FollowRow).where(or_(one, other)))

    async def remove(self, user_id: str, blocked_id: str) -> None:
        """Unblock a user. Idempotent."""
        block = (BlockRow.user_id == user_id) & (BlockRow.blocked_id == blocked_id)
        await self._session.execute(delete(BlockRow).where(block))

    async def has_blocked(self, user_id: str, blocked_id: str) -> bool:
        """Whether the first user has blocked the second."""
        block = exists().where(BlockRow.user_id == user_id, BlockRow.blocked_id == blocked_id)
        return bool(await self._session.scalar(select(block)))

    async def of_user(self, user_id: str) -> list[NamedUser]:
        """Return whom a user has blocked, the latest first."""
        name = func.coalesce(ProfileRow.display_name, ProfileRow.name, "")
        statement = select(BlockRow.blocked_id, name).outerjoin(ProfileRow, ProfileRow.user_id == BlockRow.blocked_id)
        rows = await self._session.execute(
            statement.where(BlockRow.user_id == user_id).order_by(BlockRow.created_at.desc())
        )
        return [NamedUser(*row) for row in rows]
