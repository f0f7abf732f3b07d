"""Authors and follows."""

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Feed
from euterpe_library.domain.profile import Follower, Follows
from euterpe_library.domain.social import Author
from euterpe_library.storage.community_models import ProfileRow
from euterpe_library.storage.matching import in_scope
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import FollowRow


class FollowRepository:
    """Follows, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def author(self, author_id: str, reader_id: str | None) -> Author | None:
        """Return a user with a public song; the name is that of the newest song."""
        public = [*in_scope(Feed(author_id=author_id))]
        newest = select(SongRow.author).where(*public).order_by(SongRow.published_at.desc(), SongRow.id.desc())
        name = await self._session.scalar(newest.limit(1))
        if name is None:
            return None
        followed = exists().where(FollowRow.author_id == author_id, FollowRow.listener_id == reader_id)
        counts = select(
            select(func.count()).select_from(SongRow).where(*public).scalar_subquery(),
            select(func.count()).select_from(FollowRow).where(FollowRow.author_id == author_id).scalar_subquery(),
            followed,
        )
        songs, followers, follows = (await self._session.execute(counts)).one()
        return Author(author_id, name, songs, followers, follows)

    async def followers_of(self, user_id: str, reader_id: str | None) -> tuple[int, bool]:
        """Count a user's followers, and return whether the reader is one."""
        follows = FollowRow.author_id == user_id
        followed = exists().where(follows, FollowRow.listener_id == reader_id)
        count = select(func.count()).select_from(FollowRow).where(follows).scalar_subquery()
        number, is_follower = (await self._session.execute(select(count, followed))).one()
        return number, is_follower

    async def followers(self, user_id: str, *, limit: int) -> Follows:
        """Return the latest users who follow a user and have a name."""
        columns = (
            FollowRow.listener_id,
            func.coalesce(ProfileRow.display_name, ProfileRow.name),
            ProfileRow.name,
            ProfileRow.picture_key,
        )
        statement = select(*columns).join(ProfileRow, ProfileRow.user_id == FollowRow.listener_id)
        statement = statement.where(FollowRow.author_id == user_id)
        rows = await self._session.execute(
            statement.order_by(FollowRow.created_at.desc(), FollowRow.listener_id).limit(limit + 1)
        )
        found = [Follower(*row) for row in rows]
        return Follows(found[:limit], len(found) > limit)

    async def add(self, author_id: str, user_id: str) -> bool:
        """Follow an author; whether they were not followed before."""
        values = {"author_id": author_id, "listener_id": user_id}
        statement = insert(FollowRow).values(values).on_conflict_do_nothing().returning(FollowRow.author_id)
        return await self._session.scalar(statement) is not None

    async def remove(self, author_id: str, user_id: str) -> None:
        """Unfollow an author. Idempotent."""
        follow = (FollowRow.author_id == author_id) & (FollowRow.listener_id == user_id)
        await self._session.execute(delete(FollowRow).where(follow))

    async def followed(self, user_id: str) -> list[str]:
        """Return the ids of the authors that the user follows, the latest followed first."""
        statement = select(FollowRow.author_id).where(FollowRow.listener_id == user_id)
        return list(await self._session.scalars(statement.order_by(FollowRow.created_at.desc(), FollowRow.author_id)))
