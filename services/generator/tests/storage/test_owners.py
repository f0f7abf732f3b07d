"""Transfer and deletion of an owner's generations, on real PostgreSQL."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Owner
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.storage.idempotency_keys import IdempotencyKeyRepository
from euterpe_generator.storage.owners import OwnerRepository
from euterpe_service_kit.database import Database

GUEST, ANNA, BEN = (Owner.account(name, name.title()) for name in ("guest", "anna", "ben"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


async def enqueue(database: Database, owner: Owner, count: int) -> list[Generation]:
    async with database.sessions.begin() as session:
        ids = tuple(uuid.uuid4() for _ in range(count))
        items = tuple(OrderItem(one, seed=1, length=10, title="Piece") for one in ids)
        order = Order("tiny", "1", items)
        await IdempotencyKeyRepository(session).insert(owner, "key", "digest", ids[0])
        return (await GenerationRepository(session).enqueue([Admission(owner, order, 1000)]))[0]


async def owners(database: Database, generations: list[Generation]) -> list[str | None]:
    async with database.sessions() as session:
        found = [await GenerationRepository(session).get(one.id) for one in generations]
    return [one.owner.id if one else None for one in found]


async def test_a_guest_s_generations_are_transferred_in_limited_steps(database: Database) -> None:
    mine, other = await enqueue(database, GUEST, 5), await enqueue(database, BEN, 1)
    moved = []
    for _ in range(4):
        async with database.sessions.begin() as session:
            moved.append(await OwnerRepository(session).transfer(GUEST, ANNA, count=2))
    assert moved == [2, 2, 1, 0]
    assert await owners(database, mine) == ["anna"] * 5
    assert await owners(database, other) == ["ben"]


async def test_deletion_removes_generations_and_keys(database: Database) -> None:
    mine, other = await enqueue(database, ANNA, 3), await enqueue(database, BEN, 1)
    async with database.sessions.begin() as session:
        [running] = await GenerationRepository(session).claim(
            worker="w1", models=["tiny@1"], count=1, lease=timedelta(seconds=30)
        )
        assert running.owner == ANNA
        assert await OwnerRepository(session).delete(ANNA, count=100) == 3
    assert await owners(database, mine) == [None] * 3
    assert await owners(database, other) == ["ben"]
    async with database.sessions.begin() as session:
        attempts = [(running.id, running.attempt, 1)]
        assert await GenerationRepository(session).renew(attempts, lease=timedelta(seconds=30)) == {}
        assert (await IdempotencyKeyRepository(session).insert(ANNA, "key", "other", uuid.uuid4())) is None
