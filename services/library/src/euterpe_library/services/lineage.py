"""What a song derives from, and what derives from it. Runs in its caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_library.domain.filters import Feed, Mine, SongFilter
from euterpe_library.domain.song import Song
from euterpe_library.services import listings
from euterpe_library.services.listings import PageRequest
from euterpe_library.storage.songs import SongRepository

#: Derived songs in the answer; further ones are in the listings with `remix_of`.
LISTED = 20


@dataclass(frozen=True, slots=True)
class Lineage:
    """The song that a song derives from, if the reader may read it, and those that derive from it, newest first."""

    source: Song | None
    derived: Sequence[Song]


async def lineage(session: AsyncSession, song: Song, reader_id: str | None) -> Lineage:
    """Return the lineage of a song: public songs and the reader's own."""
    source = None if song.remix_of is None else await SongRepository(session).find(song.remix_of, reader_id)
    request = PageRequest(limit=LISTED, reader_id=reader_id)
    wanted = SongFilter(remix_of=song.id)
    found = {each.id: each for each in (await listings.page(session, Feed(), wanted, request)).items}
    if reader_id is not None:
        own = await listings.page(session, Mine(reader_id), wanted, request)
        found |= {each.id: each for each in own.items}
    newest_first = sorted(found.values(), key=lambda each: each.created_at, reverse=True)
    return Lineage(source, newest_first[:LISTED])
