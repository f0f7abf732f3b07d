"""Profiles: what users show of themselves, and their pictures."""

import asyncio
import hashlib
import os
import sys
from asyncio.subprocess import PIPE

import structlog
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import FieldProblem, Unavailable, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.tokens import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.page import Page, Position
from euterpe_library.domain.profile import (
    MAX_PICTURE_BYTES,
    PICTURE_CONTENT_TYPE,
    Follows,
    Profile,
    PublicProfile,
    picture_prefix,
)
from euterpe_library.domain.social import Author, Playlist
from euterpe_library.errors import AuthorNotFound, PictureNotFound
from euterpe_library.services.community import take_part
from euterpe_library.storage.follows import FollowRepository
from euterpe_library.storage.moderation import ModeratorRepository
from euterpe_library.storage.playlists import PlaylistRepository
from euterpe_library.storage.profiles import BlockRepository, ProfileRepository

log = structlog.get_logger(__name__)

_ENCODING_SECONDS = 60.0
#: Pictures that are encoded at once; further ones wait. A process can need a hundred megabytes.
_CONCURRENT = 1


async def own(session: AsyncSession, user: Principal) -> tuple[Profile, bool]:
    """Return the user's profile, and whether they are a moderator."""
    found = await ProfileRepository(session).get(user.id)
    return found or Profile(user.id, user.name), await ModeratorRepository(session).includes(user.id)


async def change(session: AsyncSession, user: Principal, display_name: str | None, bio: str) -> None:
    """Change the user's profile. Raises Banned."""
    await take_part(session, user)
    await ProfileRepository(session).change(user.id, display_name, bio)


async def public(session: AsyncSession, user_id: str, reader_id: str | None) -> PublicProfile:
    """Return a user who has a public song or has filled in their profile. Raises AuthorNotFound."""
    follows = FollowRepository(session)
    author = await follows.author(user_id, reader_id)
    profile = await ProfileRepository(session).get(user_id)
    if author is None:
        if profile is None or not profile.is_filled_in:
            raise AuthorNotFound
        author = Author(user_id, profile.name, 0, *await follows.followers_of(user_id, reader_id))
    blocked = reader_id is not None and await BlockRepository(session).has_blocked(reader_id, user_id)
    following = len(await follows.followed(user_id))
    return PublicProfile(author, profile or Profile(user_id, author.name), following, blocked)


async def playlists(session: AsyncSession, user_id: str, *, limit: int, after: Position | None) -> Page[Playlist]:
    """Return a user's public playlists, newest first."""
    return await PlaylistRepository(session).page(user_id, limit=limit, after=after, public_only=True)


async def followers(session: AsyncSession, user_id: str, *, limit: int) -> Follows:
    """Return the latest users who follow a user."""
    return await FollowRepository(session).followers(user_id, limit=limit)


class Pictures:
    """Stores and reads the pictures of users."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store
        self._encoding = asyncio.Semaphore(_CONCURRENT)

    async def put(self, user: Principal, content: bytes) -> None:
        """Replace the user's picture. Raises Unprocessable with the reason, Banned, Unavailable."""
        async with self._encoding:
            picture = await _encoded(content)
        key = f"{picture_prefix(user.id)}{hashlib.sha256(picture).hexdigest()}.webp"
        await self._store.put(key, picture, content_type=PICTURE_CONTENT_TYPE)
        await self._set(user, key)

    async def remove(self, user: Principal) -> None:
        """Remove the user's picture. Idempotent."""
        await self._set(user, None)

    async def read(self, user_id: str) -> tuple[str, bytes]:
        """Return the digest and the bytes of a user's picture. Raises PictureNotFound."""
        async with self._database.readers() as session:
            profile = await ProfileRepository(session).get(user_id)
        if profile is None or profile.picture_key is None:
            raise PictureNotFound
        digest = profile.picture_key.rpartition("/")[2].removesuffix(".webp")
        return digest, await self._store.get(profile.picture_key)

    async def _set(self, user: Principal, key: str | None) -> None:
        async with self._database.sessions.begin() as session:
            await take_part(session, user)
            earlier = await ProfileRepository(session).set_picture(user.id, key)
        if earlier is not None and earlier != key:
            try:
                await self._store.delete(earlier)
            except Unavailable as error:
                # The deletion of the account removes it.
                log.warning("picture_not_removed", key=earlier, error=repr(error))


async def _encoded(content: bytes) -> bytes:
    """Decode and encode a picture in a process of its own, without network, writing and this process's secrets."""
    if len(content) > MAX_PICTURE_BYTES:
        raise _refusal(f"must have at most {MAX_PICTURE_BYTES} bytes, got {len(content)}")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "euterpe_library.services.picture_process",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_ENCODING_SECONDS):
            picture, errors = await process.communicate(content)
    except TimeoutError:
        raise _refusal("takes too long to read") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return picture
    # A process that a limit has ended writes a trace, or nothing.
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    log.info("picture_refused", status=process.returncode, error=lines[-1] if lines else "")
    is_reason = process.returncode == 1 and len(lines) == 1
    raise _refusal(lines[0] if is_reason else "takes too much time or memory to read")


def _refusal(reason: str) -> Unprocessable:
    problem = FieldProblem("body", f"The picture {reason}", {"max_bytes": MAX_PICTURE_BYTES})
    return Unprocessable(f"body: the picture {reason}", fields=[problem])
