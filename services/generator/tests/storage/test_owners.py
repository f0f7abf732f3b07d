"""What becomes of a listener's generations, on real PostgreSQL."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Listener, Order, OrderedPiece
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Generations
from euterpe_generator.storage.owners import Listeners
from euterpe_service_kit.database import Database

GUEST, ANNA, BEN = (Listener.account(name, name.title()) for name in ("guest", "anna", "ben"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


async def order(database: Database, listener: Listener, count: int) -> list[Generation]:
    async with database.sessions.begin() as session:
        ids = tuple(uuid.uuid4() for _ in range(count))
        pieces = tuple(OrderedPiece(one, seed=1, length=10, title="Piece") for one in ids)
        wish = Order("tiny", "1", pieces)
        await Generations(session).remember_key(listener.key, "key", "digest", ids[0])
        return (await Generations(session).enqueue([Admission(listener, wish, 1000)]))[0]


async def owners(database: Database, generations: list[Generation]) -> list[str | None]:
    async with database.sessions() as session:
        found = [await Generations(session).get(one.id) for one in generations]
    return [one.listener.id if one else None for one in found]


async def test_a_guest_s_pieces_become_the_account_s_in_bounded_steps(database: Database) -> None:
    mine, other = await order(database, GUEST, 5), await order(database, BEN, 1)
    moved = []
    for _ in range(4):
        async with database.sessions.begin() as session:
            moved.append(await Listeners(session).transfer(GUEST, ANNA, count=2))
    assert moved == [2, 2, 1, 0]
    assert await owners(database, mine) == ["anna"] * 5
    assert await owners(database, other) == ["ben"]


async def test_who_leaves_leaves_nothing_behind(database: Database) -> None:
    mine, other = await order(database, ANNA, 3), await order(database, BEN, 1)
    async with database.sessions.begin() as session:
        [running] = await Generations(session).claim(
            worker="w1", models=["tiny@1"], count=1, lease=timedelta(seconds=30)
        )
        assert await Listeners(session).delete(ANNA, count=100) == 3
    assert await owners(database, mine) == [None] * 3
    assert await owners(database, other) == ["ben"]
    async with database.sessions.begin() as session:
        held = await Generations(session).renew([(running.id, running.attempt, 1)], lease=timedelta(seconds=30))
        assert (await Generations(session).remember_key(ANNA.key, "key", "other", uuid.uuid4())) is None
    assert (running.id in held) == (running.listener == BEN)
