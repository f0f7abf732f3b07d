"""Authors, and who follows them."""

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Feed
from euterpe_library.domain.social import Author
from euterpe_library.storage.matching import in_scope
from euterpe_library.storage.models import SongRow
from euterpe_library.storage.social_models import FollowRow


class FollowRepository:
    """Follows of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def author(self, author_id: str, reader_id: str | None) -> Author | None:
        """Somebody of whom a song is public; their name is that on the newest."""
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

    async def add(self, author_id: str, listener_id: str) -> None:
        """The listener follows the author; twice is once."""
        values = {"author_id": author_id, "listener_id": listener_id}
        await self._session.execute(insert(FollowRow).values(values).on_conflict_do_nothing())

    async def remove(self, author_id: str, listener_id: str) -> None:
        """The listener does not follow the author, or no longer."""
        gone = (FollowRow.author_id == author_id) & (FollowRow.listener_id == listener_id)
        await self._session.execute(delete(FollowRow).where(gone))

    async def followed(self, listener_id: str) -> list[str]:
        """The ids of the authors whom the listener follows, the latest first."""
        statement = select(FollowRow.author_id).where(FollowRow.listener_id == listener_id)
        return list(await self._session.scalars(statement.order_by(FollowRow.created_at.desc(), FollowRow.author_id)))
