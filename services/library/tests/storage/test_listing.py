"""Pagination while songs are added and deleted."""

import uuid
from typing import Any

import httpx
from euterpe_library.domain.filters import CURSOR_VALUES, Mine, SongFilter, Sort
from euterpe_library.domain.page import Position
from euterpe_library.rpc import parsing
from euterpe_library.storage.listing import SongListingRepository
from euterpe_library.storage.registration import RegistrationRepository
from euterpe_library.storage.songs import SongRepository
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MakeRequest = Any

#: Between two pages: the number of songs added in one transaction (with equal times), and whether a seen song, an
#: unseen one, or none is deleted.
changes = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["none", "seen", "unseen"])), max_size=12)


class Library:
    """One owner's songs, and their pages."""

    def __init__(self, app: FastAPI, make_request: MakeRequest) -> None:
        self._sessions = app.state.database.sessions
        self._make_request = make_request
        self.owner = uuid.uuid4().hex

    async def add(self, count: int) -> list[uuid.UUID]:
        async with self._sessions.begin() as session:
            requests = [self._make_request(owner_id=self.owner) for _ in range(count)]
            added = await RegistrationRepository(session).add([parsing.new_song(request) for request in requests])
        return list(added.values())

    async def delete(self, song_id: uuid.UUID) -> None:
        async with self._sessions.begin() as session:
            locked = await SongRepository(session).locked(song_id, self.owner)
            assert locked is not None
            await locked.delete()

    async def page(self, limit: int, after: Position | None) -> tuple[list[uuid.UUID], Position | None]:
        async with self._sessions() as session:
            listing = SongListingRepository(session, Mine(self.owner), SongFilter())
            page = await listing.page(Sort.NEWEST, limit=limit, after=after, reader_id=self.owner)
        # Encoded as a cursor, as for a client.
        position = Position.from_cursor(page.next.cursor(), CURSOR_VALUES) if page.next else None
        return [item.id for item in page.items], position


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(1, 4), max_size=4), limit=st.integers(1, 4), steps=changes)
async def test_pagination_returns_existing_songs_once_despite_concurrent_changes(
    app: FastAPI,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    batches: list[int],
    limit: int,
    steps: list[tuple[int, str]],
) -> None:
    songs = Library(app, make_request)
    existing = {song_id for count in batches for song_id in await songs.add(count)}
    must_be_seen, seen = set(existing), []
    page, position = await songs.page(limit, None)
    seen += page
    while position is not None:
        added, kind = steps.pop(0) if steps else (0, "none")
        await songs.add(added)
        candidates = {"none": [], "seen": seen[-1:], "unseen": sorted(must_be_seen - set(seen))[:1]}[kind]
        for song_id in candidates:
            await songs.delete(song_id)
            must_be_seen.discard(song_id)
        page, position = await songs.page(limit, position)
        assert len(page) <= limit
        seen += page
    assert len(seen) == len(set(seen))
    assert must_be_seen <= set(seen) <= existing
