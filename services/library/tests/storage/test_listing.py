"""Walking through a library while it changes."""

import uuid
from typing import Any

import httpx
from euterpe_library.domain.filters import CURSOR_VALUES, Mine, SongFilter, Sort
from euterpe_library.domain.page import Position
from euterpe_library.rpc import parsing
from euterpe_library.storage.listing import SongListing
from euterpe_library.storage.registration import Registrations
from euterpe_library.storage.songs import SongRepository
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MakeRequest = Any

#: Between two pages: how many songs are added in one transaction (so at the same time), and whether one seen before,
#: one not seen yet, or none is deleted.
changes = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["none", "seen", "unseen"])), max_size=12)


class Walk:
    """One owner's library, and one listener who turns its pages."""

    def __init__(self, app: FastAPI, make_request: MakeRequest) -> None:
        self._sessions = app.state.database.sessions
        self._make_request = make_request
        self.owner = uuid.uuid4().hex

    async def add(self, count: int) -> list[uuid.UUID]:
        async with self._sessions.begin() as session:
            requests = [self._make_request(owner_id=self.owner) for _ in range(count)]
            added = await Registrations(session).add([parsing.new_song(request) for request in requests])
        return list(added.values())

    async def delete(self, song_id: uuid.UUID) -> None:
        async with self._sessions.begin() as session:
            locked = await SongRepository(session).locked(song_id, self.owner)
            assert locked is not None
            await locked.delete()

    async def page(self, limit: int, after: Position | None) -> tuple[list[uuid.UUID], Position | None]:
        async with self._sessions() as session:
            listing = SongListing(session, Mine(self.owner), SongFilter())
            page = await listing.page(Sort.NEWEST, limit=limit, after=after, reader_id=self.owner)
        # Through the cursor's text, as a client would carry it.
        position = Position.from_cursor(page.next.cursor(), CURSOR_VALUES) if page.next else None
        return [song.id for song in page.items], position


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(1, 4), max_size=4), limit=st.integers(1, 4), steps=changes)
async def test_what_was_there_is_seen_once_whatever_happens_meanwhile(
    app: FastAPI,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    batches: list[int],
    limit: int,
    steps: list[tuple[int, str]],
) -> None:
    walk = Walk(app, make_request)
    existing = {song_id for count in batches for song_id in await walk.add(count)}
    must_be_seen, seen = set(existing), []
    page, position = await walk.page(limit, None)
    seen += page
    while position is not None:
        added, kind = steps.pop(0) if steps else (0, "none")
        await walk.add(added)
        candidates = {"none": [], "seen": seen[-1:], "unseen": sorted(must_be_seen - set(seen))[:1]}[kind]
        for song_id in candidates:
            await walk.delete(song_id)
            must_be_seen.discard(song_id)
        page, position = await walk.page(limit, position)
        assert len(page) <= limit
        seen += page
    assert len(seen) == len(set(seen))
    assert must_be_seen <= set(seen) <= existing
